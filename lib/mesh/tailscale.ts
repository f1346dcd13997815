import type { FromSchema } from "json-schema-to-ts";
import type { MeshPeer, MeshStatus } from "./mesh.ts";
import { parseAnswer } from "./answer.ts";
import { tailscaleSchema } from "./tailscale.schema.ts";

type Answer = FromSchema<typeof tailscaleSchema>;
type Peer = NonNullable<Answer["Self"]>;

/** State of tailscaled (tailscale: ipn/backend.go, State). */
const states: Readonly<Record<string, MeshStatus["state"]>> = {
  NoState: "starting",
  InUseOtherUser: "stopped",
  NeedsLogin: "needs-login",
  NeedsMachineAuth: "needs-approval",
  Stopped: "stopped",
  Starting: "starting",
  Running: "running",
};

/**
 * What `tailscale status --json` says (tailscale: ipn/ipnstate, Status). Throws MESH_UNREADABLE;
 * `where` names the machine that was asked.
 */
export async function parseTailscale(text: string, where: string): Promise<MeshStatus> {
  const answer = await parseAnswer<Answer>(text, tailscaleSchema, {
    program: "tailscale status",
    where,
  });
  const { BackendState, Version, TailscaleIPs, Self, Health, Peer } = answer;
  return {
    kind: "tailscale",
    // A state that it has only learnt later is none that traffic can rely on.
    state: states[BackendState] ?? "stopped",
    version: Version ?? "",
    name: readName(Self),
    address: (TailscaleIPs ?? []).find(isIpv4),
    tags: [...(Self?.Tags ?? [])],
    keyExpiry: Self?.KeyExpiry ?? undefined,
    problems: [...(Health ?? [])],
    peers: Object.values(Peer ?? {}).map(parsePeer),
  };
}

function parsePeer(peer: Peer): MeshPeer {
  return {
    name: readName(peer),
    addresses: [...(peer.TailscaleIPs ?? [])],
    isOnline: peer.Online ?? false,
    path: readPath(peer),
  };
}

/** `Relay` names the peer's relay whether or not it is used; `CurAddr` is only there for a direct way. */
function readPath({ CurAddr, PeerRelay, Active }: Peer): MeshPeer["path"] {
  if (Active !== true) return "idle";
  return CurAddr !== undefined && CurAddr !== "" && (PeerRelay ?? "") === "" ? "direct" : "relay";
}

/** The name in the tailnet is unique, and the host's own is not. */
function readName(peer: Peer | null | undefined): string {
  const [name = ""] = (peer?.DNSName ?? "").split(".");
  return name === "" ? (peer?.HostName ?? "") : name;
}

function isIpv4(address: string): boolean {
  return !address.includes(":");
}
