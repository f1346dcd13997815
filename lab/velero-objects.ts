import type { Manifest } from "./kubectl.ts";

/** The flags of config/velero/install-flags, one a line. */
export function parseInstallFlags(text: string): string[] {
  return text.split("\n").filter((line) => line !== "");
}

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
