import type { Manifest } from "./kubectl.ts";

/**
 * Arguments of `velero install` beside `--dry-run`: upstream's own manifests, set up to be told by
 * config/velero, with requests for machines of two cores.
 */
export const installArguments: readonly string[] = [
  "--use-node-agent",
  "--use-volume-snapshots=false",
  "--no-default-backup-location",
  "--no-secret",
  "--node-agent-configmap=node-agent",
  "--backup-repository-configmap=backup-repository",
  "--repo-maintenance-job-configmap=repository-maintenance",
  "--velero-pod-cpu-request=20m",
  "--velero-pod-cpu-limit=0",
  "--velero-pod-mem-request=64Mi",
  "--velero-pod-mem-limit=512Mi",
  "--node-agent-pod-cpu-request=20m",
  "--node-agent-pod-mem-request=64Mi",
  "--node-agent-pod-mem-limit=512Mi",
  "--node-agent-priority-class-name=system-node-critical",
];

/** Where the lab's bucket is, in place of what config/velero says. */
export interface LabBucket {
  url: string;
  bucket: string;
  /** PEM. */
  ca: string;
}

/**
 * The objects of config/velero for the lab: their bucket is the lab's, and no backup is made just
 * because a schedule is new.
 */
export function adaptToLab(objects: readonly Manifest[], { url, bucket, ca }: LabBucket) {
  return objects.map((object) => {
    if (object.kind === "Schedule") {
      return { ...object, spec: { ...(object["spec"] as object), skipImmediately: true } };
    }
    if (object.kind !== "BackupStorageLocation") return object;
    const spec = object["spec"] as { config: object; objectStorage: object };
    const caCert = Buffer.from(ca).toString("base64");
    const objectStorage = { ...spec.objectStorage, bucket, caCert };
    return { ...object, spec: { ...spec, objectStorage, config: { ...spec.config, s3Url: url } } };
  });
}

/** A Secret of Velero's namespace. */
export function buildSecret(name: string, key: string, value: string): Manifest {
  return {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name, namespace: "velero" },
    type: "Opaque",
    data: { [key]: Buffer.from(value).toString("base64") },
  };
}
