import { isIP } from "node:net";

/** A network; `base` is its first address as a number. */
export interface Cidr {
  text: string;
  family: 4 | 6;
  base: bigint;
  prefix: number;
  /** Whether the text has bits behind the prefix: `10.42.7.0/16`. */
  hasHostBits: boolean;
}

/** The network of a text such as `10.42.0.0/16` or `fd00::/48`; undefined when it is none. */
export function parseCidr(text: string): Cidr | undefined {
  const [, address = "", length = ""] = /^([^/]+)\/(\d{1,3})$/.exec(text) ?? [];
  const family = isIP(address);
  const prefix = Number(length);
  if ((family !== 4 && family !== 6) || prefix > bits(family)) return undefined;
  const number = toNumber(address, family);
  const base = cut(number, family, prefix);
  return { text, family, base, prefix, hasHostBits: number !== base };
}

/** The network as it is to be written: `10.42.7.0/16` gives `10.42.0.0/16`. */
export function renderNetwork({ family, base, prefix }: Cidr): string {
  const size = family === 4 ? 8n : 16n;
  const count = family === 4 ? 4 : 8;
  const parts = Array.from({ length: count }, (_, index) => {
    const part = (base >> (size * BigInt(count - 1 - index))) & ((1n << size) - 1n);
    return part.toString(family === 4 ? 10 : 16);
  });
  const address = family === 4 ? parts.join(".") : normalizeAddress(parts.join(":"));
  return `${address}/${prefix}`;
}

/** Whether two networks have an address in common. */
export function overlaps(a: Cidr, b: Cidr): boolean {
  if (a.family !== b.family) return false;
  const prefix = Math.min(a.prefix, b.prefix);
  return cut(a.base, a.family, prefix) === cut(b.base, b.family, prefix);
}

/** Whether an IP address lies in a network; text that is no address lies in none. */
export function contains(network: Cidr, address: string): boolean {
  const family = isIP(address);
  if (family !== 4 && family !== 6) return false;
  if (family !== network.family) return false;
  return cut(toNumber(address, family), family, network.prefix) === network.base;
}

/** Whether the text is an IP address that means the same on every machine: without a zone (%eth0). */
export function isAddress(text: string): boolean {
  return isIP(text) !== 0 && !text.includes("%");
}

/** IPv6 has many spellings of one address; this is the shortest, without a zone such as `%eth0`. */
export function normalizeAddress(address: string): string {
  if (isIP(address) !== 6) return address;
  return new URL(`http://[${address.replace(/%.*$/, "")}]`).hostname.slice(1, -1);
}

function bits(family: 4 | 6): number {
  return family === 4 ? 32 : 128;
}

function cut(number: bigint, family: 4 | 6, prefix: number): bigint {
  const free = BigInt(bits(family) - prefix);
  return (number >> free) << free;
}

function toNumber(address: string, family: 4 | 6): bigint {
  if (family === 4) {
    return address.split(".").reduce((sum, part) => (sum << 8n) | BigInt(part), 0n);
  }
  const [head = "", tail] = normalizeAddress(address).split("::");
  const left = head.split(":").filter(Boolean);
  const right = (tail ?? "").split(":").filter(Boolean);
  const zeros = tail === undefined ? [] : Array<string>(8 - left.length - right.length).fill("0");
  return [...left, ...zeros, ...right].reduce(
    (sum, part) => (sum << 16n) | BigInt(`0x${part}`),
    0n,
  );
}
