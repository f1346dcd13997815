export interface MeshPeer {
  name: string;
  addresses: string[];
  isOnline: boolean;
  /** How packets went lately; `idle` when none did. */
  path: "direct" | "relay" | "idle";
}

/** The mesh as one of its members sees it, of whichever kind it is. */
export interface MeshStatus {
  kind: "tailscale" | "zerotier";
  state: "running" | "starting" | "stopped" | "needs-login" | "needs-approval";
  version: string;
  /** Of the member itself; ZeroTier knows no names, and it is the member's id there. */
  name: string;
  /** Its IPv4 address in the mesh; undefined until it has one. */
  address: string | undefined;
  tags: string[];
  /** When it has to log in again, in RFC 3339; undefined for never. */
  keyExpiry: string | undefined;
  /** What the program itself complains about. */
  problems: string[];
  /** The other members; always empty for ZeroTier, which tells of nodes and not of members. */
  peers: MeshPeer[];
}

/**
 * The mesh. Throws MESH_MISSING (no program of a mesh), MESH_DOWN (its service does not answer),
 * MESH_UNREADABLE (it answers something else), and what reaching the host throws.
 */
export interface Mesh {
  /** As a host of the inventory sees it, or the operator's own machine when left out. */
  readStatus(host?: string): Promise<MeshStatus>;
}
