/**
 * The Kubernetes objects this library reads and writes, cut down to the fields it uses.
 * They are plain JSON: no classes, no Date, so that a test can write one by hand.
 */

export interface OwnerReference {
  apiVersion: string;
  kind: string;
  name: string;
  uid: string;
  controller?: boolean;
}

export interface Metadata {
  name: string;
  namespace?: string;
  uid?: string;
  resourceVersion?: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  creationTimestamp?: string;
  deletionTimestamp?: string;
  finalizers?: string[];
  ownerReferences?: OwnerReference[];
}

export interface KubeObject {
  apiVersion: string;
  kind: string;
  metadata: Metadata;
}

export interface Taint {
  key: string;
  value?: string;
  effect: "NoSchedule" | "PreferNoSchedule" | "NoExecute";
}

export interface Toleration {
  key?: string;
  operator?: "Exists" | "Equal";
  value?: string;
  effect?: string;
  tolerationSeconds?: number;
}

export interface NodeSelectorRequirement {
  key: string;
  operator: "In" | "NotIn" | "Exists" | "DoesNotExist" | "Gt" | "Lt";
  values?: string[];
}

export interface NodeSelectorTerm {
  matchExpressions?: NodeSelectorRequirement[];
  matchFields?: NodeSelectorRequirement[];
}

export interface NodeSelector {
  nodeSelectorTerms: NodeSelectorTerm[];
}

export interface LabelSelector {
  matchLabels?: Record<string, string>;
  matchExpressions?: {
    key: string;
    operator: "In" | "NotIn" | "Exists" | "DoesNotExist";
    values?: string[];
  }[];
}

export interface PodAffinityTerm {
  topologyKey: string;
  labelSelector?: LabelSelector;
  namespaces?: string[];
}

export interface Namespace extends KubeObject {
  kind: "Namespace";
}

export interface Node extends KubeObject {
  kind: "Node";
  spec?: { unschedulable?: boolean; taints?: Taint[]; providerID?: string };
  status?: {
    conditions?: { type: string; status: string; reason?: string; lastTransitionTime?: string }[];
    addresses?: { type: string; address: string }[];
    allocatable?: Record<string, string>;
    images?: { names?: string[]; sizeBytes?: number }[];
    nodeInfo?: { architecture: string; bootID: string; kubeletVersion: string };
  };
}

/** Whether the node tells that it is well; a node whose state is Unknown does not. */
export function isNodeReady(node: Node): boolean {
  return (
    node.status?.conditions?.some((one) => one.type === "Ready" && one.status === "True") ?? false
  );
}

export interface Lease extends KubeObject {
  kind: "Lease";
  spec?: {
    holderIdentity?: string | null;
    leaseDurationSeconds?: number;
    acquireTime?: string;
    renewTime?: string;
  };
}

export interface SecurityContext {
  runAsUser?: number;
  runAsGroup?: number;
  runAsNonRoot?: boolean;
  fsGroup?: number;
  supplementalGroups?: number[];
  allowPrivilegeEscalation?: boolean;
  readOnlyRootFilesystem?: boolean;
  capabilities?: { drop?: string[]; add?: string[] };
  seccompProfile?: { type: string };
}

export interface EnvVar {
  name: string;
  value?: string;
  valueFrom?: { secretKeyRef?: { name: string; key: string } };
}

export interface VolumeMount {
  name: string;
  mountPath: string;
  readOnly?: boolean;
  subPath?: string;
}

export interface Container {
  name: string;
  image: string;
  imagePullPolicy?: string;
  command?: string[];
  args?: string[];
  terminationMessagePolicy?: "File" | "FallbackToLogsOnError";
  env?: EnvVar[];
  volumeMounts?: VolumeMount[];
  resources?: { requests?: Record<string, string>; limits?: Record<string, string> };
  securityContext?: SecurityContext;
}

export interface PodVolume {
  name: string;
  persistentVolumeClaim?: { claimName: string; readOnly?: boolean };
  hostPath?: { path: string; type?: string };
  secret?: { secretName: string; items?: { key: string; path: string }[]; defaultMode?: number };
  emptyDir?: { medium?: string; sizeLimit?: string };
}

export interface ContainerStatus {
  name: string;
  ready?: boolean;
  state?: {
    waiting?: { reason?: string; message?: string };
    running?: { startedAt?: string };
    terminated?: { exitCode: number; reason?: string; message?: string; finishedAt?: string };
  };
}

export interface PodSpec {
  nodeName?: string;
  nodeSelector?: Record<string, string>;
  affinity?: {
    nodeAffinity?: { requiredDuringSchedulingIgnoredDuringExecution?: NodeSelector };
    podAntiAffinity?: { requiredDuringSchedulingIgnoredDuringExecution?: PodAffinityTerm[] };
  };
  tolerations?: Toleration[];
  containers: Container[];
  initContainers?: Container[];
  volumes?: PodVolume[];
  restartPolicy?: string;
  hostNetwork?: boolean;
  dnsPolicy?: string;
  priorityClassName?: string;
  automountServiceAccountToken?: boolean;
  terminationGracePeriodSeconds?: number;
  securityContext?: SecurityContext;
  imagePullSecrets?: { name: string }[];
}

export interface Pod extends KubeObject {
  kind: "Pod";
  spec: PodSpec;
  status?: {
    phase?: string;
    reason?: string;
    message?: string;
    startTime?: string;
    conditions?: { type: string; status: string; lastTransitionTime?: string }[];
    containerStatuses?: ContainerStatus[];
    initContainerStatuses?: ContainerStatus[];
  };
}

export interface PersistentVolume extends KubeObject {
  kind: "PersistentVolume";
  spec: {
    capacity: { storage: string };
    accessModes: string[];
    volumeMode?: string;
    storageClassName?: string;
    persistentVolumeReclaimPolicy?: "Retain" | "Delete" | "Recycle";
    claimRef?: {
      apiVersion?: string;
      kind?: string;
      namespace: string;
      name: string;
      uid?: string;
    };
    nodeAffinity?: { required?: NodeSelector };
    local?: { path: string };
    hostPath?: { path: string; type?: string };
  };
  status?: { phase?: string };
}

export interface PersistentVolumeClaim extends KubeObject {
  kind: "PersistentVolumeClaim";
  spec: {
    accessModes?: string[];
    resources?: { requests?: { storage?: string } };
    storageClassName?: string;
    volumeMode?: string;
    volumeName?: string;
  };
  status?: { phase?: string; capacity?: { storage?: string } };
}

export interface StorageClass extends KubeObject {
  kind: "StorageClass";
  provisioner: string;
  reclaimPolicy?: "Retain" | "Delete";
}

export interface ConfigMap extends KubeObject {
  kind: "ConfigMap";
  data?: Record<string, string>;
}

export interface Secret extends KubeObject {
  kind: "Secret";
  data?: Record<string, string>;
}

/** A ReplicaSet, StatefulSet, Deployment, Job or CronJob, read for its owner and its pods. */
export interface Workload extends KubeObject {
  spec?: {
    replicas?: number;
    volumeClaimTemplates?: PersistentVolumeClaim[];
    template?: { spec?: Pick<PodSpec, "containers" | "nodeSelector" | "affinity"> };
    /** Of a StatefulSet. */
    updateStrategy?: { type?: string; rollingUpdate?: { partition?: number } };
    /** Of a Deployment that makes no new pods of a new template. */
    paused?: boolean;
  };
}

/** https://velero.io/docs/v1.18/api-types/ and pkg/apis/velero/v1 of Velero 1.18.3. */
export interface BackupStorageLocation extends KubeObject {
  kind: "BackupStorageLocation";
  spec: {
    provider: string;
    objectStorage: {
      bucket: string;
      prefix?: string;
      /** Base64 of a PEM bundle. */
      caCert?: string;
      caCertRef?: { name: string; key: string };
    };
    config?: Record<string, string>;
    credential?: { name: string; key: string };
    default?: boolean;
    accessMode?: "ReadWrite" | "ReadOnly";
  };
  status?: {
    phase?: string;
    /** RFC 3339; when the bucket's backups were last made known in the cluster. */
    lastSyncedTime?: string;
  };
}

export interface Backup extends KubeObject {
  kind: "Backup";
  spec: {
    includedNamespaces?: string[];
    excludedNamespaces?: string[];
    defaultVolumesToFsBackup?: boolean;
    snapshotVolumes?: boolean;
    storageLocation?: string;
    ttl?: string;
    excludedResources?: string[];
    hooks?: { resources?: unknown[] };
  };
  status?: { phase?: string; expiration?: string; startTimestamp?: string };
}

export interface PodVolumeBackup extends KubeObject {
  kind: "PodVolumeBackup";
  spec: {
    backupStorageLocation: string;
    node: string;
    pod: { kind?: string; namespace: string; name: string; uid?: string };
    volume: string;
    uploaderType: string;
    repoIdentifier?: string;
    tags?: Record<string, string>;
    cancel?: boolean;
  };
  status?: {
    phase?: string;
    snapshotID?: string;
    path?: string;
    startTimestamp?: string;
    completionTimestamp?: string;
    progress?: { totalBytes?: number; bytesDone?: number };
    message?: string;
  };
}

export interface Schedule extends KubeObject {
  kind: "Schedule";
  spec: { schedule: string; paused?: boolean; template: Backup["spec"] };
}

/** Argo CD's Application: what Git has for a part of the cluster, and how far the cluster is like it. */
export interface Application extends KubeObject {
  kind: "Application";
  spec: {
    project?: string;
    source?: ApplicationSource;
    /** In place of `source`, where there are several. */
    sources?: ApplicationSource[];
    destination?: { namespace?: string };
    /** It syncs by itself when `automated` is there, unless `enabled` is false. */
    syncPolicy?: { automated?: { enabled?: boolean } };
  };
  /** A sync that is asked for, that runs, or that waits to be tried again. */
  operation?: unknown;
  status?: {
    sync?: { status?: "Synced" | "OutOfSync" | "Unknown"; revision?: string };
    health?: { status?: string; message?: string };
    /** What keeps Argo CD from comparing or syncing. */
    conditions?: { type: string; message: string }[];
    /** The last sync, or the one that runs; one that runs and has an end waits to be tried again. */
    operationState?: { phase?: string; message?: string; finishedAt?: string };
    resources?: ApplicationResource[];
  };
}

export interface ApplicationSource {
  repoURL?: string;
  targetRevision?: string;
  path?: string;
}

export interface ApplicationResource {
  group?: string;
  kind: string;
  namespace?: string;
  name: string;
  status?: string;
  health?: { status?: string; message?: string };
}

export interface KindMap {
  Namespace: Namespace;
  Node: Node;
  Lease: Lease;
  Pod: Pod;
  PersistentVolume: PersistentVolume;
  PersistentVolumeClaim: PersistentVolumeClaim;
  StorageClass: StorageClass;
  ConfigMap: ConfigMap;
  Secret: Secret;
  ReplicaSet: Workload;
  StatefulSet: Workload;
  Deployment: Workload;
  Job: Workload;
  CronJob: Workload;
  BackupStorageLocation: BackupStorageLocation;
  Backup: Backup;
  PodVolumeBackup: PodVolumeBackup;
  Schedule: Schedule;
  Application: Application;
}

export type KindName = keyof KindMap;

interface KindInfo {
  apiVersion: string;
  plural: string;
  namespaced: boolean;
}

/** Where each kind lives in the API. */
export const kinds: Record<KindName, KindInfo> = {
  Namespace: { apiVersion: "v1", plural: "namespaces", namespaced: false },
  Node: { apiVersion: "v1", plural: "nodes", namespaced: false },
  Lease: { apiVersion: "coordination.k8s.io/v1", plural: "leases", namespaced: true },
  Pod: { apiVersion: "v1", plural: "pods", namespaced: true },
  PersistentVolume: { apiVersion: "v1", plural: "persistentvolumes", namespaced: false },
  PersistentVolumeClaim: { apiVersion: "v1", plural: "persistentvolumeclaims", namespaced: true },
  StorageClass: { apiVersion: "storage.k8s.io/v1", plural: "storageclasses", namespaced: false },
  ConfigMap: { apiVersion: "v1", plural: "configmaps", namespaced: true },
  Secret: { apiVersion: "v1", plural: "secrets", namespaced: true },
  ReplicaSet: { apiVersion: "apps/v1", plural: "replicasets", namespaced: true },
  StatefulSet: { apiVersion: "apps/v1", plural: "statefulsets", namespaced: true },
  Deployment: { apiVersion: "apps/v1", plural: "deployments", namespaced: true },
  Job: { apiVersion: "batch/v1", plural: "jobs", namespaced: true },
  CronJob: { apiVersion: "batch/v1", plural: "cronjobs", namespaced: true },
  BackupStorageLocation: {
    apiVersion: "velero.io/v1",
    plural: "backupstoragelocations",
    namespaced: true,
  },
  Backup: { apiVersion: "velero.io/v1", plural: "backups", namespaced: true },
  PodVolumeBackup: { apiVersion: "velero.io/v1", plural: "podvolumebackups", namespaced: true },
  Schedule: { apiVersion: "velero.io/v1", plural: "schedules", namespaced: true },
  Application: { apiVersion: "argoproj.io/v1alpha1", plural: "applications", namespaced: true },
};

/** Points at one object; `namespace` is left out for cluster-wide kinds. */
export interface Ref<K extends KindName = KindName> {
  kind: K;
  name: string;
  namespace?: string;
}

/** Text of a reference for messages: `PersistentVolumeClaim demo/data`. */
export function describeRef(ref: Ref): string {
  return ref.namespace === undefined
    ? `${ref.kind} ${ref.name}`
    : `${ref.kind} ${ref.namespace}/${ref.name}`;
}
