import { kustomizationKinds } from "../../manifests/kustomization.ts";
import { getText, type Manifest } from "../../manifests/manifest.ts";
import { findPodTemplate, podKinds } from "../../manifests/pods.ts";
import { applicationKinds } from "../argo/applications.ts";
import { findNamespacesOf, isOfCluster } from "../namespaces.ts";
import { baselineChecks } from "../pod-security/baseline.ts";
import { joinViolations } from "../pod-security/join-violations.ts";
import { type Check, toCheckedPod } from "../pod-security/pod.ts";
import { restrictedChecks } from "../pod-security/restricted.ts";
import type { Repository, RepositoryFault, RepositoryRule } from "../rule.ts";

const label = "pod-security.kubernetes.io/enforce";

/** What each level checks. */
const levels: Readonly<Record<string, readonly Check[]>> = {
  privileged: [],
  baseline: baselineChecks,
  restricted: [...baselineChecks, ...restrictedChecks],
};

/** Kubernetes' own; what runs in kube-system has to be privileged. */
const exempt = ["kube-system", "kube-public", "kube-node-lease", "default"];

export const podSecurity: RepositoryRule = {
  id: "pod-security",
  codes: ["POD_SECURITY_DENIED", "POD_SECURITY_UNSET", "POD_SECURITY_LEVEL_UNKNOWN"],
  scope: "repository",
  summary: "a namespace says which pods it takes, and takes those of this repository",
  why: "The API server refuses a pod that the level of its namespace forbids: the Deployment is there, its ReplicaSet tells `violates PodSecurity` in an event, and no pod starts. Without the label a namespace takes every pod, one with the rights of its host too. https://kubernetes.io/docs/concepts/security/pod-security-standards/",
  example: {
    bad: "kind: Namespace\nmetadata:\n  name: shop",
    good: "kind: Namespace\nmetadata:\n  name: shop\n  labels:\n    pod-security.kubernetes.io/enforce: restricted",
  },
  kinds: [...podKinds, "Namespace", ...kustomizationKinds, ...applicationKinds],
  find(repository) {
    const namespaces = repository.manifests.filter(
      ({ kind, apiVersion, name }) =>
        kind === "Namespace" && apiVersion === "v1" && !exempt.includes(name),
    );
    const byName = new Map(
      namespaces.map((one) => [one.name, getText(one.value, "metadata", "labels", label)]),
    );
    return [
      ...namespaces.filter(({ file }) => isOfCluster(file)).flatMap(findLevelFaults),
      ...repository.manifests.flatMap((manifest) => findDenied(manifest, byName, repository)),
    ];
  },
};

function findLevelFaults(manifest: Manifest): RepositoryFault[] {
  const level = getText(manifest.value, "metadata", "labels", label);
  if (level === undefined) {
    return [
      {
        code: "POD_SECURITY_UNSET",
        manifest,
        at: ["metadata", "labels"],
        message: `the namespace "${manifest.name}" takes every pod`,
        why: `it has no label ${label}`,
        fix: `Add the label with restricted; or with baseline or privileged, where its pods need more`,
      },
    ];
  }
  if (Object.hasOwn(levels, level)) return [];
  return [
    {
      code: "POD_SECURITY_LEVEL_UNKNOWN",
      manifest,
      at: ["metadata", "labels", label],
      part: "value",
      message: `"${level}" is no level of the pod security standards`,
      why: "the API server refuses a Namespace with another value",
      fix: "Write restricted, baseline or privileged",
    },
  ];
}

function findDenied(
  manifest: Manifest,
  namespaces: ReadonlyMap<string, string | undefined>,
  repository: Repository,
): RepositoryFault[] {
  const pod = namespaces.size === 0 ? undefined : findPodTemplate(manifest);
  if (pod === undefined) return [];
  for (const namespace of findNamespacesOf(manifest, repository)) {
    const level = namespaces.get(namespace) ?? "privileged";
    const checks = Object.hasOwn(levels, level) ? levels[level] : undefined;
    if (checks === undefined || checks.length === 0) continue;
    const checked = toCheckedPod(pod);
    const violations = checks.flatMap((check) => check(checked));
    if (violations.length === 0) continue;
    return joinViolations(violations, checked).map(({ at, part = "key", problem, fix }) => ({
      manifest,
      at,
      part,
      message: `${manifest.kind} "${manifest.name}" ${problem}, which the namespace "${namespace}" refuses`,
      why: `its level is ${level}`,
      fix: `${fix}; or lower the level of the namespace, for all that is in it`,
    }));
  }
  return [];
}
