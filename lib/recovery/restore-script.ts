/** Exit codes of the restore script that say more than "failed". */
export const restoreExits = { noSpace: 10, noRepository: 11, noSnapshot: 12 } as const;

/**
 * Makes the words of the scripts below; busybox is all there is in the image. What they found out
 * goes to the termination message, one JSON object a line: it reaches the cluster with the pod's
 * status, also when the API server cannot fetch logs from the node. A script that fails leaves the
 * message empty, and the kubelet puts the end of its log there.
 */
const helpers = `
set -eu -o pipefail
result=\${RESULT:-/dev/termination-log}
say() { printf '%s\\n' "$1" >> "$result"; }
# Everything is counted by NUL, since a file name may hold a newline.
count() { find "$folder" -xdev -type "$1" -print0 | tr -cd '\\0' | wc -c; }
walk() {
  # Without this a power cut would leave the right sizes over empty blocks.
  sync -f "$folder"
  bytes=$(find "$folder" -xdev -type f -print0 | xargs -0 -r stat -c %s | awk '{ sum += $1 } END { printf "%.0f", sum }')
  say "{\\"event\\":\\"walked\\",\\"files\\":$(count f),\\"directories\\":$(count d),\\"symlinks\\":$(count l),\\"bytes\\":$bytes}"
}
`;

/**
 * Connects read-only to a repository: `run_kopia` is kopia from there on. Takes CREDENTIALS and
 * PROFILE from the environment, and as arguments those of `kopia repository connect s3`; the keys go
 * to kopia by its environment.
 */
export const connectScript = `
key() {
  awk -v profile="$PROFILE" -v key="$1" '
    /^[ \\t]*\\[/ { gsub(/^[ \\t]*\\[[ \\t]*|[ \\t]*\\].*$/, ""); sub(/^profile[ \\t]+/, ""); section = $0; next }
    section == profile {
      at = index($0, "="); name = substr($0, 1, at - 1); value = substr($0, at + 1)
      gsub(/^[ \\t]+|[ \\t\\r]+$/, "", name); gsub(/^[ \\t]+|[ \\t\\r]+$/, "", value)
      if (at > 0 && name == key) { print value; exit }
    }' "$CREDENTIALS"
}
AWS_ACCESS_KEY_ID=$(key aws_access_key_id) AWS_SECRET_ACCESS_KEY=$(key aws_secret_access_key)
AWS_SESSION_TOKEN=$(key aws_session_token)
export AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN
export KOPIA_CHECK_FOR_UPDATES=false KOPIA_PERSIST_CREDENTIALS_ON_CONNECT=false

# Its log files would fill the memory that HOME is.
run_kopia() { kopia --disable-file-logging --disable-content-log "$@"; }
tries=0
until run_kopia repository connect s3 --readonly "$@" 2>&1; do
  tries=$((tries + 1))
  [ "$tries" -lt 4 ] || exit ${restoreExits.noRepository}
  sleep \${RETRY_SECONDS:-2}
done
`;

/**
 * kopia needs `--mode=local` (else a name like data.tar makes an archive) and
 * `--no-ignore-permission-errors` (else wrong owners end with exit code 0).
 */
export const restoreCommand =
  "restore --mode=local --write-sparse-files --no-ignore-permission-errors";

/**
 * Restores one kopia snapshot into a fresh folder and tells what it found and made. Takes
 * STORAGE, FOLDER, SNAPSHOT and NEED_BYTES from the environment, and what connectScript takes.
 */
export const restoreScript = `${helpers}
folder="$STORAGE/$FOLDER"
free=$(($(stat -f -c %a "$STORAGE") * $(stat -f -c %S "$STORAGE")))
if [ "$free" -lt "$NEED_BYTES" ]; then
  say "{\\"event\\":\\"space\\",\\"freeBytes\\":$free,\\"needBytes\\":$NEED_BYTES}"
  exit ${restoreExits.noSpace}
fi
${connectScript}
show_manifest() {
  tries=0
  until run_kopia manifest show "$SNAPSHOT" >"$HOME/manifest" 2>"$HOME/why"; do
    cat "$HOME/why"
    if grep -q 'not found' "$HOME/why"; then return ${restoreExits.noSnapshot}; fi
    tries=$((tries + 1))
    [ "$tries" -lt 4 ] || return ${restoreExits.noRepository}
    sleep \${RETRY_SECONDS:-2}
  done
}
# Opening the repository once more takes as long as restoring a small volume.
show_manifest &
manifest_shown=$!
# Left by an earlier try of this run, whose pod is gone: kopia would merge into it.
rm -rf "$folder"
mkdir "$folder"
restored=true
run_kopia ${restoreCommand} --progress-update-interval=1s "$SNAPSHOT" "$folder" 2>&1 |
  awk 'BEGIN { RS = "[\\r\\n]" } { print; fflush() }' || restored=false
wait "$manifest_shown" || { status=$?; rm -rf "$folder"; exit "$status"; }
"$restored"

manifest=$(grep -v '^//' "$HOME/manifest" | tr -d '\\n')
# The summary of the root is the last one; a number that is 0 is left out.
summary=\${manifest##*'"summ"'} stats=\${manifest#*'"stats"'}
number() { printf '%s' "$1" | sed -n "s/^[^}]*\\"$2\\": *\\([0-9]*\\).*/\\1/p" | grep . || echo 0; }
snapshot="\\"files\\":$(number "$summary" files),\\"directories\\":$(number "$summary" dirs)"
snapshot="$snapshot,\\"symlinks\\":$(number "$summary" symlinks),\\"bytes\\":$(number "$summary" size)"
snapshot="$snapshot,\\"failed\\":$(number "$summary" numFailed)"
snapshot="$snapshot,\\"excludedFiles\\":$(number "$stats" excludedFileCount)"
snapshot="$snapshot,\\"excludedDirectories\\":$(number "$stats" excludedDirCount)"
case "$manifest" in *'"incomplete"'*) whole=false ;; *'"summ"'*) whole=true ;; *) whole=false ;; esac
say "{\\"event\\":\\"snapshot\\",$snapshot,\\"whole\\":$whole}"
walk
`;

/** Makes the empty folder that a rebuild fills, open to every user as local-path makes them. */
export const prepareScript = `${helpers}
rm -rf "$STORAGE/$FOLDER"
mkdir -m 0777 "$STORAGE/$FOLDER"
`;

/** Tells what a rebuild made. */
export const walkScript = `${helpers}
folder="$STORAGE/$FOLDER"
walk
`;

/** Removes the folders named by its arguments, which are all of one run. */
export const removeScript = `${helpers}
for name in "$@"; do
  case "$name" in dr-*/* | *..* ) exit 1 ;; dr-*) rm -rf "$STORAGE/$name" ;; *) exit 1 ;; esac
done
sync -f "$STORAGE"
say '{"event":"removed"}'
`;
