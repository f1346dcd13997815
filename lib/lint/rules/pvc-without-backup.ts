import {
  type Claim,
  claimKinds,
  type ClaimUser,
  findUsers,
  indexClaimUsers,
  keyOf,
  listClaims,
} from "../../manifests/claims.ts";
import { getAt, getFields, getText, type Manifest } from "../../manifests/manifest.ts";
import { tierLabel, tiers } from "../../velero/tiers.ts";
import { readBackupPlan } from "../backup-reach.ts";
import { scheduleKind } from "../backup-schedules.ts";
import { chartKinds, listChartClaims } from "../chart-claims.ts";
import { checkClaim, type Coverage } from "../check-claim.ts";
import { atPod } from "../claim-places.ts";
import { checkRebuild, isRebuilt } from "../check-rebuild.ts";
import type { Repository, RepositoryFault, RepositoryRule } from "../rule.ts";

export const pvcWithoutBackup: RepositoryRule = {
  id: "pvc-without-backup",
  codes: [
    "PVC_NOT_MOUNTED",
    "PVC_POD_NOT_RUNNING",
    "PVC_NOT_IN_CONTAINER",
    "PVC_EXCLUDED",
    "PVC_NOT_SCHEDULED",
    "PVC_TIER",
    "PVC_TIER_LABEL",
    "PVC_REBUILD",
  ],
  scope: "repository",
  summary: "the data of every claim is copied by a Schedule of its tier, or can be made again",
  why: "Velero copies a volume only through a running pod that mounts it in a container, that a Schedule reaches by namespace and label, and that does not leave the volume out. Of everything else its Backup is Completed all the same, and that there is no copy shows in the failover. A pod or claim with the label infra-k3s.io/backup: critical is copied every hour, all others every day. Read in the source of Velero 1.18.3 (pkg/podvolume/backupper.go, pkg/backup/item_backupper.go).",
  example: {
    bad: "# no pod in Git mounts it\nkind: PersistentVolumeClaim\nmetadata:\n  name: upload",
    good: "kind: PersistentVolumeClaim\nmetadata:\n  name: uploads # as the Deployment's volume names it",
  },
  kinds: [...claimKinds, ...chartKinds, scheduleKind, "Namespace", "ConfigMap"],
  find(repository) {
    const { manifests } = repository;
    const claims = listClaims(manifests);
    if (claims.length === 0 || !usesVelero(repository)) return [];
    const coverage: Coverage = {
      plan: readBackupPlan(manifests, claims),
      ofCharts: listChartClaims(manifests),
    };
    const index = indexClaimUsers(manifests);
    const byKey = new Map(
      claims.flatMap((claim) =>
        claim.names.map((name): [string, Claim] => [keyOf(claim.manifest, name), claim]),
      ),
    );
    return claims.flatMap((claim): RepositoryFault[] => {
      // That it cannot be copied at all is told by the rule pvc-type.
      if (getText(claim.spec, "volumeMode") === "Block") return [];
      const users = findUsers(claim, index);
      const fault = isRebuilt(claim)
        ? checkRebuild(claim, byKey, index)
        : checkClaim(claim, users, coverage);
      const labels = checkLabels(claim, users);
      return fault === undefined ? labels : [fault, ...labels];
    });
  },
};

/** An app's folder that is judged alone does not say how it is backed up. */
function usesVelero({ manifests, files }: Repository): boolean {
  return (
    manifests.some(({ kind, apiVersion }) => isSchedule(kind, apiVersion)) ||
    [...files].some((file) => file.startsWith("config/velero/"))
  );
}

function isSchedule(kind: string, apiVersion: string): boolean {
  return kind === "Schedule" && apiVersion.startsWith("velero.io/");
}

/** What is wrong with the tier that a claim or its pods name. */
function checkLabels(claim: Claim, users: readonly ClaimUser[]): RepositoryFault[] {
  const ofClaim = checkValue(
    claim.manifest,
    [...claim.at, "metadata", "labels", tierLabel],
    claim.labels[tierLabel],
  );
  const ofPods = users.flatMap((user) => [
    ...checkValue(user.workload, atPod(user, "labels", tierLabel), user.pod.labels[tierLabel]),
    ...checkPlace(claim, user),
  ]);
  return [...ofClaim, ...ofPods];
}

function checkValue(manifest: Manifest, at: string[], value: unknown): RepositoryFault[] {
  if (typeof value !== "string" || Object.hasOwn(tiers, value)) return [];
  return [
    {
      code: "PVC_TIER_LABEL",
      manifest,
      at,
      part: "value",
      message: `"${value}" is no tier`,
      why: "No Schedule selects it, and its volumes are copied once a day, as those without a tier are.",
      fix: `Write one of ${Object.keys(tiers).join(", ")}`,
    },
  ];
}

/** A label of the workload is no label of its pods. */
function checkPlace({ labels }: Claim, { workload, pod }: ClaimUser): RepositoryFault[] {
  const own = getFields(workload.value, "metadata", "labels")[tierLabel];
  if (
    own !== "critical" ||
    [pod.labels, labels].some((one) => getAt(one, tierLabel) !== undefined)
  ) {
    return [];
  }
  return [
    {
      code: "PVC_TIER_LABEL",
      manifest: workload,
      at: ["metadata", "labels", tierLabel],
      message: `${workload.kind} ${workload.name} is critical, and its pods are not`,
      why: "The hourly Schedule takes the object and not its pods, and a volume is copied through a pod.",
      fix: "Put the label on the pod template",
    },
  ];
}
