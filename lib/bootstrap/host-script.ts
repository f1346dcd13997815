/** What the script on a host is to look at. */
export interface HostQuestions {
  /** Folders whose free space matters; where one is not there yet, the nearest above it. */
  folders: readonly string[];
  ports: readonly number[];
  /** For sudo, of a host that begins with one; the script goes by stdin. A secret. */
  password?: string | undefined;
}

/**
 * A POSIX script that prints what it finds on a host as JSON, one fact a line, and changes nothing.
 * A host's shell may greet before it: only lines that begin with {"fact": are ours. Throws a plain
 * Error, a defect, for a folder that would be more than a word of the shell.
 */
export function renderHostScript({ folders, ports, password = "" }: HostQuestions): string {
  const odd = folders.find((folder) => !/^[A-Za-z0-9/._-]+$/.test(folder));
  if (odd !== undefined) throw new Error(`"${odd}" is no folder to ask a host about`);
  const quoted = `'${password.replaceAll("'", "'\\''")}'`;
  const asked = `folders='${folders.join(" ")}' ports='${ports.join(" ")}' password=${quoted}`;
  // The shell reads all of it before it starts: no program can take the rest for its own input.
  return `{\n${asked}\n${hostScript}} </dev/null\n`;
}

const hostScript = String.raw`
LC_ALL=C PATH=$PATH:/usr/sbin:/sbin
export LC_ALL PATH

# As a JSON string.
text() { printf '"%s"' "$(printf '%s' "$1" | tr '\000-\037' ' ' | sed 's/[\\"]/\\&/g')"; }

printf '{"fact":"clock","seconds":%s}\n' "$(date +%s)"
printf '{"fact":"user","name":%s}\n' "$(text "$(id -un)")"

# As Ansible does: with the password of the login, where there is one.
as_root() {
  if [ -z "$password" ]; then timeout 10 sudo -n "$@"
  else printf '%s\n' "$password" | timeout 10 sudo -k -S -p '' "$@"
  fi
}
if ! command -v sudo >/dev/null; then
  state=missing says=
elif says=$(as_root true 2>&1); then
  state=works
else
  state=refused
fi
printf '{"fact":"sudo","state":"%s","says":%s}\n' "$state" "$(text "$says")"

id= version=
if [ -r /etc/os-release ]; then
  id=$(. /etc/os-release && printf %s "$ID")
  version=$(. /etc/os-release && printf %s "$VERSION_ID")
fi
printf '{"fact":"system","id":%s,"version":%s,"kernel":%s,"architecture":%s,"cgroups":%s,"init":%s}\n' \
  "$(text "$id")" "$(text "$version")" "$(text "$(uname -r)")" "$(text "$(uname -m)")" \
  "$(text "$(stat -f -c %T /sys/fs/cgroup 2>/dev/null)")" "$(text "$(cat /proc/1/comm 2>/dev/null)")"

for folder in $folders; do
  there=$folder
  while [ ! -d "$there" ]; do there=$(dirname "$there"); done
  # Where a mount point has blanks in its name, they are fields of their own.
  df -P -k "$there" 2>/dev/null | awk -v folder="$folder" 'NR == 2 {
    mount = $6
    for (i = 7; i <= NF; i++) mount = mount " " $i
    gsub(/["\\]/, "?", mount)
    printf "{\"fact\":\"disk\",\"folder\":\"%s\",\"mount\":\"%s\",\"freeKilobytes\":%s}\n", folder, mount, $4
  }'
done

ip -o address show scope global 2>/dev/null | while read -r _ name _ network _; do
  mtu=$(cat "/sys/class/net/$name/mtu" 2>/dev/null || echo 0)
  printf '{"fact":"interface","name":%s,"network":%s,"mtu":%s}\n' \
    "$(text "$name")" "$(text "$network")" "$mtu"
done

active=false
if systemctl is-active --quiet k3s 2>/dev/null || systemctl is-active --quiet k3s-agent 2>/dev/null
then active=true; fi
printf '{"fact":"k3s","active":%s}\n' "$active"

{
  if [ "$state" = works ]; then as_root ss -H -l -n -t -u -p; else ss -H -l -n -t -u -p; fi
} 2>/dev/null | awk -v ports=" $ports " '{
  port = $5
  sub(/.*:/, "", port)
  if (index(ports, " " port " ") == 0) next
  by = ""
  if (match($0, /users:\(\("[^"\\]*"/)) by = substr($0, RSTART + 9, RLENGTH - 10)
  printf "{\"fact\":\"port\",\"protocol\":\"%s\",\"port\":%s,\"by\":\"%s\"}\n", $1, port, by
}'

printf '{"fact":"end"}\n'
`;
