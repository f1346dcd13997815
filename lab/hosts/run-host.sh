# Runs one host until it is off, again and again while it reboots.
# usage: run-host.sh PID-FILE PLUG-IN-ARGUMENTS NSPAWN-ARGUMENT...
# environment: LAB_CGROUPS, folders of the host's own cgroups, one a line; LAB_PLUG_IN, the script
set -eu

# systemd-nspawn's answer, when it does not boot by itself again, to a reboot from within
# (src/nspawn/nspawn.c: EXIT_FORCE_RESTART).
rebooting=133

# As one function: a shell reads on while it runs, and the file may change under it.
main() {
  pid_file=$1 plug_in=$2
  shift 2
  echo $$ >"$pid_file"
  for folder in $LAB_CGROUPS; do
    echo $$ >"$folder/cgroup.procs"
  done
  while :; do
    # shellcheck disable=SC2086 # several arguments
    sh "$LAB_PLUG_IN" $plug_in
    # Folders of the boot before: a kubelet that finds them waits for pods that are gone.
    for folder in $LAB_CGROUPS; do
      find "$folder" -mindepth 1 -depth -type d -exec rmdir {} \;
    done
    code=0
    systemd-nspawn "$@" || code=$?
    [ "$code" = "$rebooting" ] || exit "$code"
  done
}

main "$@"
