import type { Check, Link } from "./check.schema.ts";
import type { HostFacts } from "./host-facts.ts";
import type { HostToCheck } from "./host-target.ts";
import { packetSizes } from "./link-script.ts";

/** Between servers etcd's members wait for one another at every write. */
const mostServerRttMs = 50;

/** The ways that were measured from a host, and what is wrong with them. */
export function judgeLinks(
  from: HostToCheck,
  facts: HostFacts,
  peers: readonly HostToCheck[],
): { links: Link[]; checks: Check[] } {
  const links: Link[] = [];
  const checks: Check[] = [];
  for (const peer of peers) {
    const to = peer.name;
    const about = `${from.name} -> ${to}`;
    const { state, rttMs, sizesThatPass } = facts.link.find((one) => one.to === to) ?? {};
    if (state !== "measured" || rttMs === undefined) {
      links.push({ from: from.name, to });
      checks.push({ about, check: "link", state: "note", says: `not measured: ${explain(state)}` });
      continue;
    }
    const delay = checkDelay(about, rttMs, from, peer);
    if (sizesThatPass === undefined) {
      links.push({ from: from.name, to, rttMs });
      checks.push(...orPass(about, delay, `${rttMs} ms`));
      continue;
    }
    const packetBytes = ([0, packetSizes.least, packetSizes.usual] as const)[sizesThatPass];
    links.push({ from: from.name, to, rttMs, packetBytes });
    const found = [...delay, ...checkPackets(about, packetBytes)];
    checks.push(...orPass(about, found, `${rttMs} ms, packets of ${packetBytes} bytes pass`));
  }
  return { links, checks };
}

function orPass(about: string, found: Check[], says: string): Check[] {
  return found.length > 0 ? found : [{ about, check: "link", state: "ok", says }];
}

function explain(state: string | undefined): string {
  if (state === undefined) return "there was no time left";
  return state === "no-ping" ? "there is no ping" : "nobody answers a ping";
}

function checkDelay(about: string, rttMs: number, a: HostToCheck, b: HostToCheck): Check[] {
  const areServers = a.group === "k3s_masters" && b.group === "k3s_masters";
  if (!areServers || rttMs <= mostServerRttMs) return [];
  return [
    {
      about,
      check: "link",
      state: "finding",
      code: "LINK_TOO_SLOW",
      says: `a packet takes ${rttMs} ms there and back, and between servers ${mostServerRttMs} ms is the most`,
      why: "etcd waits for the slower half of its servers at every write",
      fix: "Keep one server and move the others to k3s_workers",
    },
  ];
}

function checkPackets(about: string, packetBytes: number): Check[] {
  if (packetBytes >= packetSizes.least) return [];
  return [
    {
      about,
      check: "link",
      state: "finding",
      code: "LINK_PACKETS_TOO_SMALL",
      says: `packets of ${packetSizes.least} bytes do not pass whole`,
      why: "Tailscale and IPv6 need that much, and larger ones would be lost without a word",
      fix: "Raise the MTU of the interfaces on the way, in the provider's network settings or on the hosts",
    },
  ];
}
