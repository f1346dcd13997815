/** A stand-in for a wrong clock: hosts of the lab share the one of this machine. */
export const offClock = {
  make: `printf '#!/bin/sh\\nexec /bin/date -d "@$(($(/bin/date +%%s) + 600))" "$@"\\n' >/usr/local/bin/date && chmod 755 /usr/local/bin/date`,
  remove: "rm -f /usr/local/bin/date",
} as const;

/** A user who may log in as root may, and may not use sudo. */
export const noSudo = {
  user: "lab-nosudo",
  make: "useradd --create-home --shell /bin/sh lab-nosudo && cp -r /root/.ssh /home/lab-nosudo/ && chown -R lab-nosudo /home/lab-nosudo/.ssh",
  remove: "userdel --remove lab-nosudo",
} as const;

/** A /tmp without room. */
export const fullFolder = {
  make: "mount -t tmpfs -o size=1m full /tmp && head -c 2M /dev/zero >/tmp/zero || true",
  remove: "umount /tmp",
} as const;

/** Changes what hosts.yml says of one host. */
export function changeHost(text: string, host: string, from: RegExp, to: string): string {
  const [before = "", after = ""] = text.split(`${host}:`);
  const changed = after.replace(from, to);
  if (changed === after) throw new Error(`${host} has nothing like ${from}`);
  return `${before}${host}:${changed}`;
}
