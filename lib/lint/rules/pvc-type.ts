import { claimKind, listClaims } from "../../manifests/claims.ts";
import { getAt, getText, listOfKind, type Manifest } from "../../manifests/manifest.ts";
import { chartKinds, listCharts } from "../chart-claims.ts";
import { checkClaimType, classType, isLocal, localPath } from "../check-claim-type.ts";
import type { ManifestFault, RepositoryRule } from "../rule.ts";

const classKind = "storage.k8s.io/StorageClass";
const volumeKind = "PersistentVolume";

export const pvcType: RepositoryRule = {
  id: "pvc-type",
  codes: ["PVC_HOST_PATH", "PVC_BLOCK", "PVC_ACCESS_MODE", "PVC_CLASS", "PVC_SELECTOR"],
  scope: "repository",
  summary: "a claim gets a volume, and one that Velero can copy",
  why: "Velero skips a volume of the type hostPath, and a block volume, with a line in its log, and calls the Backup Completed (pkg/podvolume/backupper.go). hostPath is what local-path makes unless its StorageClass says `defaultVolumeType: local`. A claim that no provisioner serves stays Pending, and its pod with it.",
  example: {
    bad: "kind: StorageClass\nmetadata:\n  name: local-path\nprovisioner: rancher.io/local-path",
    good: "kind: StorageClass\nmetadata:\n  name: local-path\n  annotations:\n    defaultVolumeType: local\nprovisioner: rancher.io/local-path",
  },
  kinds: [claimKind, "apps/StatefulSet", classKind, volumeKind, ...chartKinds],
  find({ manifests }) {
    const classes = new Map(listOfKind(manifests, classKind).map((one) => [one.name, one]));
    const charts = listCharts(manifests);
    return [
      ...[...classes.values()].flatMap(checkClass),
      ...listOfKind(manifests, volumeKind).flatMap(checkVolume),
      ...listClaims(manifests).flatMap((claim) => checkClaimType(claim, classes, charts)),
    ];
  },
};

function checkClass(manifest: Manifest): ManifestFault[] {
  const { value, name } = manifest;
  if (getText(value, "provisioner") !== localPath) return [];
  const type = getText(value, "metadata", "annotations", classType);
  if (isLocal(type)) return [];
  return [
    {
      code: "PVC_HOST_PATH",
      manifest,
      at: ["metadata", "annotations", classType],
      part: type === undefined ? "key" : "value",
      message: `StorageClass "${name}" makes volumes that Velero does not copy`,
      why: "Without the annotation, local-path makes volumes of the type hostPath, which Velero skips with a line in its log.",
      fix: `Add the annotation ${classType}: local; volumes that are there already stay as they are`,
    },
  ];
}

function checkVolume(manifest: Manifest): ManifestFault[] {
  const { value, name } = manifest;
  if (getAt(value, "spec", "hostPath") === undefined) return [];
  return [
    {
      code: "PVC_HOST_PATH",
      manifest,
      at: ["spec", "hostPath"],
      message: `Velero does not copy the PersistentVolume "${name}"`,
      why: "It is of the type hostPath, which is not mounted where the node-agent looks; and on another node the same path is another, empty folder.",
      fix: "Use local: with the same path and a nodeAffinity, or a claim of local-path",
    },
  ];
}
