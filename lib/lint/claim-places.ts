import type { Claim, ClaimUser } from "../manifests/claims.ts";
import type { ManifestFault } from "./rule.ts";

/** The name of a claim as the place of a fault. */
export function placeAtName({
  manifest,
  at,
}: Claim): Pick<ManifestFault, "manifest" | "at" | "part"> {
  return { manifest, at: [...at, "metadata", "name"], part: "value" };
}

/** Where the part of a workload's pod stands that is no spec. */
export function atPod({ pod }: ClaimUser, ...path: string[]): string[] {
  return [...pod.at.slice(0, -1), "metadata", ...path];
}
