import { isAddress } from "../inventory/cidr.ts";

export interface Peer {
  name: string;
  address: string;
}

/** The least that IPv6 and Tailscale want of a way, and what Ethernet has, in bytes. */
export const packetSizes = { least: 1280, usual: 1500 } as const;

/**
 * A POSIX script that measures the ways from a host to others, all at once: the mean delay, and which
 * packets pass whole. Throws a plain Error, a defect, for what is no name or address.
 */
export function renderLinkScript(peers: readonly Peer[]): string {
  const calls = peers.map(({ name, address }) => {
    // Both become words of a shell script.
    if (!isAddress(address) || !/^[a-z0-9.-]+$/.test(name)) {
      throw new Error(`"${name}", ${address}, is no host to measure the way to`);
    }
    // ping counts the bytes behind its own header of 8 and the one of IP.
    const header = address.includes(":") ? 48 : 28;
    return `measure ${name} ${address} ${packetSizes.least - header} ${packetSizes.usual - header} &\n`;
  });
  return `{\n${linkScript}${calls.join("")}wait\nprintf '{"fact":"end"}\\n'\n} </dev/null\n`;
}

const linkScript = String.raw`
LC_ALL=C PATH=$PATH:/usr/sbin:/sbin
export LC_ALL PATH

whole() { ping -n -q -c 2 -i 0.3 -W 2 -M do -s "$2" "$1" >/dev/null 2>&1; }

measure() {
  if ! command -v ping >/dev/null; then
    printf '{"fact":"link","to":"%s","state":"no-ping"}\n' "$1"
    return
  fi
  mean=$(ping -n -q -c 3 -i 0.3 -W 2 "$2" 2>/dev/null | sed -n 's|^r[a-z-]* min/avg/max[^=]*= [^/]*/\([0-9.]*\)/.*|\1|p')
  if [ -z "$mean" ]; then
    printf '{"fact":"link","to":"%s","state":"silent"}\n' "$1"
    return
  fi
  passes=0
  # A ping that cannot forbid to cut packets up, as busybox's, says nothing about their size.
  whole "$2" 8 || {
    printf '{"fact":"link","to":"%s","state":"measured","rttMs":%s}\n' "$1" "$mean"
    return
  }
  for size in "$3" "$4"; do
    whole "$2" "$size" || break
    passes=$((passes + 1))
  done
  printf '{"fact":"link","to":"%s","state":"measured","rttMs":%s,"sizesThatPass":%s}\n' "$1" "$mean" "$passes"
}
`;
