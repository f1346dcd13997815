import type { ErrorDetails } from "../errors.ts";
import type { Node, PersistentVolume } from "../objects.ts";
import { type ClaimName, describeClaim } from "./names.ts";

/** What is said of a claim that its pods need, and that does not come along with them. */
export function refuseStuck(
  claim: ClaimName,
  volume: PersistentVolume,
  target: Node,
): ErrorDetails {
  const isHostPath = volume.spec.hostPath !== undefined;
  return {
    code: isHostPath ? "RECOVERY_VOLUME_HOSTPATH" : "RECOVERY_VOLUME_ELSEWHERE",
    message: `claim "${describeClaim(claim)}" does not come along to "${target.metadata.name}"`,
    why: isHostPath
      ? "it is a folder of the host: on another node the app starts on an empty one"
      : `volume "${volume.metadata.name}" may not be used there, and this version does not move its kind`,
    fix: "Recover that workload by its own means, or scale it to 0 first",
  };
}
