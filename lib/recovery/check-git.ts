import type { ErrorDetails } from "../errors.ts";
import type { Application } from "../objects.ts";
import type { BoundClaim } from "./find-volumes.ts";
import { describeClaim } from "./names.ts";

/**
 * Claims that Argo CD applies and that differ from Git, for a restore of what lives: it pauses nothing, as
 * a failover does, and there is time to put Git right first.
 */
export function findGitBlockers(
  applications: readonly Application[],
  claims: readonly BoundClaim[],
): ErrorDetails[] {
  const moving = new Set(
    claims.map(({ claim: { metadata } }) =>
      describeClaim({ namespace: metadata.namespace ?? "", name: metadata.name }),
    ),
  );
  return applications.flatMap(({ metadata, status }) =>
    (status?.resources ?? []).flatMap(({ kind, namespace = "", name, status: state }) => {
      const claim = describeClaim({ namespace, name });
      if (kind !== "PersistentVolumeClaim" || !moving.has(claim)) return [];
      if (state === undefined || state === "Synced") return [];
      return [
        {
          code: "RECOVERY_GIT_CLAIM_DIFFERS",
          message: `Git has the claim "${claim}" otherwise than the cluster`,
          why: `Application ${metadata.name} says of it: ${state}`,
          fix: "Make the claim in Git as the cluster has it (kubectl get pvc -o yaml), commit and push it, then run the same command again",
        },
      ];
    }),
  );
}
