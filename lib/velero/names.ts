/** Namespace of Velero's server, agents and custom resources. */
export const veleroNamespace = "velero";

/** The password of the kopia repositories (Velero: pkg/repository/keys/keys.go). */
export const repositorySecret = { name: "velero-repo-credentials", key: "repository-password" };

/**
 * On a storage location: the Secret with the password of its repositories, where that is another one.
 * Velero knows nothing of it. A label, since annotations of locations are all replaced by
 * kubernetes/infrastructure/velero.
 */
export const passwordLabel = "infra-k3s.io/repository-password";

/** The credential a storage location uses when it names none itself. */
export const defaultCredential = { name: "cloud-credentials", key: "cloud" };

/** The claim a PodVolumeBackup holds (Velero: pkg/podvolume/configs/configs.go). */
export const claimNameAnnotation = "velero.io/pvc-name";

/** The backup a PodVolumeBackup is part of (Velero: pkg/apis/velero/v1/labels_annotations.go). */
export const backupNameLabel = "velero.io/backup-name";

/** A command that Velero runs in the pod before it copies the pod's volumes. */
export const preHookAnnotation = "pre.hook.backup.velero.io/command";

/** The UID of that claim (Velero: pkg/podvolume/backupper.go, newPodVolumeBackup). */
export const claimUidLabel = "velero.io/pvc-uid";
