import type { PersistentVolume, PersistentVolumeClaim } from "../objects.ts";
import {
  hostnameLabel,
  localPathProvisioner,
  provisionedByAnnotation,
  runLabel,
} from "./labels.ts";
import { nameObject } from "./names.ts";
import type { TargetNode } from "./plan.ts";
import { largestQuantity } from "../manifests/quantity.ts";

/**
 * Our own volume over the restored folder, which only this claim can get. It has no claim UID, so
 * that the claim may be made by anybody; its capacity is the largest that anybody asks for, since
 * a claim that wants more than its reserved volume is provisioned elsewhere, empty.
 */
export function buildReservedVolume(
  runId: string,
  old: { claim: PersistentVolumeClaim; volume: PersistentVolume; template?: PersistentVolumeClaim },
  target: TargetNode,
  folder: string,
): PersistentVolume {
  const { claim, volume, template } = old;
  const { namespace = "", name } = claim.metadata;
  const capacity = largestQuantity([
    volume.spec.capacity.storage,
    claim.spec.resources?.requests?.storage,
    template?.spec.resources?.requests?.storage,
  ]);
  return {
    apiVersion: "v1",
    kind: "PersistentVolume",
    metadata: {
      name: nameObject(runId, "volume", { namespace, name }),
      labels: { [runLabel]: runId },
      // With this local-path treats the volume as its own once its policy is Delete.
      annotations: { [provisionedByAnnotation]: localPathProvisioner },
    },
    spec: {
      capacity: { storage: capacity ?? volume.spec.capacity.storage },
      accessModes: claim.spec.accessModes ?? volume.spec.accessModes,
      volumeMode: claim.spec.volumeMode ?? "Filesystem",
      ...(claim.spec.storageClassName === undefined
        ? {}
        : { storageClassName: claim.spec.storageClassName }),
      persistentVolumeReclaimPolicy: "Retain",
      local: { path: `${target.storagePath}/${folder}` },
      claimRef: { apiVersion: "v1", kind: "PersistentVolumeClaim", namespace, name },
      nodeAffinity: {
        required: {
          nodeSelectorTerms: [
            {
              matchExpressions: [{ key: hostnameLabel, operator: "In", values: [target.hostname] }],
            },
          ],
        },
      },
    },
  };
}

/** Annotations that the binding of a claim leaves on it, and that would bind the new one wrongly. */
const bindingPrefixes = [
  "pv.kubernetes.io/",
  "volume.kubernetes.io/",
  "volume.beta.kubernetes.io/",
];

/**
 * The claim as it will be made again: same name, labels and wishes, bound to `volumeName`. Owners
 * and finalizers are left out: a StatefulSet puts its own back, and a copied reference to a pod
 * that is gone makes the garbage collector delete the new claim.
 */
export function buildNewClaim(
  claim: PersistentVolumeClaim,
  volumeName: string,
): PersistentVolumeClaim {
  const { name, namespace, labels, annotations } = claim.metadata;
  const kept = Object.entries(annotations ?? {}).filter(
    ([key]) => !bindingPrefixes.some((prefix) => key.startsWith(prefix)),
  );
  return {
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    metadata: {
      name,
      ...(namespace === undefined ? {} : { namespace }),
      ...(labels === undefined ? {} : { labels }),
      ...(kept.length === 0 ? {} : { annotations: Object.fromEntries(kept) }),
    },
    spec: { ...claim.spec, volumeName },
  };
}
