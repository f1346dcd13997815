import { listComplaints } from "../argocd/describe-application.ts";
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
  return listTracked(applications, claims).flatMap(({ by, claim, state }) => {
    if (state === "Synced" || state === "Unknown") return [];
    return [
      {
        code: "RECOVERY_GIT_CLAIM_DIFFERS",
        message: `Git has the claim "${claim}" otherwise than the cluster`,
        why: `Application ${by.metadata.name} says of it: ${state}`,
        fix: "Make the claim in Git as the cluster has it (kubectl get pvc -o yaml), commit and push it, then run the same command again",
      },
    ];
  });
}

/**
 * What cannot be known of Git: with one object that it cannot compare, or a repository that it does not
 * reach, Argo CD says of no object of an Application how it stands, and syncs none of them.
 */
export function warnOfUnseen(
  applications: readonly Application[],
  claims: readonly BoundClaim[],
): string[] {
  const unseen = listTracked(applications, claims).filter(({ state }) => state === "Unknown");
  return [...new Set(unseen.map(({ by }) => by))].map(
    (by) =>
      `whether Git has the claims of Application ${by.metadata.name} otherwise cannot be seen: ${listComplaints(by).join("; ") || "Argo CD cannot compare it"}`,
  );
}

function listTracked(
  applications: readonly Application[],
  claims: readonly BoundClaim[],
): { by: Application; claim: string; state: string }[] {
  const moving = new Set(
    claims.map(({ claim: { metadata } }) =>
      describeClaim({ namespace: metadata.namespace ?? "", name: metadata.name }),
    ),
  );
  return applications.flatMap((by) =>
    (by.status?.resources ?? []).flatMap(({ group = "", kind, namespace = "", name, status }) => {
      const claim = describeClaim({ namespace, name });
      const isMoving = group === "" && kind === "PersistentVolumeClaim" && moving.has(claim);
      return isMoving ? [{ by, claim, state: status ?? "Synced" }] : [];
    }),
  );
}
