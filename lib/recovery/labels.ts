/** Marks of a run on what it made. */
export const runLabel = "infra-k3s.io/run";

/** On a PersistentVolume that a run set to Retain: the policy it had before. */
export const policyBeforeAnnotation = "infra-k3s.io/policy-before";

/** On a Schedule or an Application that a run paused: the run. */
export const pausedByAnnotation = "infra-k3s.io/paused-by";

/** Our own taint on a node that a run has judged dead; its value is the run. */
export const quarantineTaint = "infra-k3s.io/quarantine";

/**
 * Kubernetes' statement that a node is shut down for good: pods on it are deleted by force and
 * their volumes released (https://kubernetes.io/docs/concepts/cluster-administration/node-shutdown/).
 */
export const outOfServiceTaint = "node.kubernetes.io/out-of-service";

export const hostnameLabel = "kubernetes.io/hostname";

export const controlPlaneLabel = "node-role.kubernetes.io/control-plane";

/** The provisioner that made a volume, and will clean it up. */
export const provisionedByAnnotation = "pv.kubernetes.io/provisioned-by";

export const localPathProvisioner = "rancher.io/local-path";
