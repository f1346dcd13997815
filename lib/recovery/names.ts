import { createHash } from "node:crypto";

/** The claim of one namespace; a namespace has no dot and no slash, so the text is unique. */
export interface ClaimName {
  namespace: string;
  name: string;
}

/** `demo/data`. */
export function describeClaim(claim: ClaimName): string {
  return `${claim.namespace}/${claim.name}`;
}

/** Longest name of a file on the usual Linux filesystems, in bytes. */
const maxFileName = 255;

/** The fresh folder of a claim in one run; cut and told apart by a hash when it gets too long. */
export function nameFolder(runId: string, claim: ClaimName): string {
  const full = `dr-${runId}.${claim.namespace}.${claim.name}`;
  return full.length <= maxFileName ? full : `${full.slice(0, maxFileName - 9)}.${hash(claim)}`;
}

/** The name of an object that a run makes for a claim: `dr-<run>-<what>-<hash>`. */
export function nameObject(runId: string, what: string, claim: ClaimName): string {
  return `dr-${runId}-${what}-${hash(claim)}`;
}

/** The name of the pod that removes what a run has put on a node. */
export function nameRemovePod(runId: string, node: string): string {
  return `dr-${runId}-remove-${digest(node)}`;
}

function hash(claim: ClaimName): string {
  return digest(describeClaim(claim));
}

function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 8);
}
