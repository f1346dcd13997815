import type { Cluster } from "../../../lab/kubectl.ts";

interface Item {
  kind: string;
  metadata: Record<string, unknown> & { name: string; namespace?: string };
  spec?: unknown;
  data?: unknown;
  reclaimPolicy?: unknown;
}

/** Whatever a recovery might touch. Events and heartbeats come and go by themselves. */
const kinds = [
  "nodes",
  "namespaces",
  "persistentvolumes",
  "persistentvolumeclaims",
  "pods",
  "secrets",
  "configmaps",
  "deployments",
  "statefulsets",
  "daemonsets",
  "schedules.velero.io",
  "backups.velero.io",
  "podvolumebackups.velero.io",
  "backupstoragelocations.velero.io",
];

/** What people and controllers want of a cluster, object by object, without what it reports. */
export async function readObjects({ kubectl }: Cluster): Promise<Record<string, string>> {
  const argv = ["get", kinds.join(","), "--all-namespaces", "--output=json"];
  const { items } = JSON.parse((await kubectl(argv)).stdout) as { items: Item[] };
  const entries = items.map(({ kind, metadata, spec, data }) => {
    const { name, namespace = "", uid, labels, annotations, finalizers } = metadata;
    const { deletionTimestamp } = metadata;
    const kept = { uid, labels, annotations, finalizers, deletionTimestamp, spec, data };
    return [`${kind} ${namespace}/${name}`, JSON.stringify(kept)] as const;
  });
  return Object.fromEntries(entries);
}

/** What is new, gone or different, by name. */
export function compareObjects(
  before: Readonly<Record<string, string>>,
  after: Readonly<Record<string, string>>,
): string[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].toSorted();
  return names.filter((name) => before[name] !== after[name]);
}
