import { type Claim, type ClaimUser, keyOf } from "../manifests/claims.ts";
import { matchesSelector } from "../manifests/label-selector.ts";
import {
  type Fields,
  getAt,
  getList,
  getText,
  getTexts,
  listOfKind,
  type Manifest,
} from "../manifests/manifest.ts";
import { isSelected } from "../velero/schedules.ts";
import { type BackupSchedule, listSchedules } from "./backup-schedules.ts";
import { findAction, readVolumePolicies, type VolumePolicy } from "./volume-policy.ts";

/** Everything that decides whether a volume is copied. */
export interface BackupPlan {
  schedules: readonly BackupSchedule[];
  policies: ReadonlyMap<string, VolumePolicy>;
  /** Namespaces whose own label keeps them out of every backup. */
  hidden: ReadonlySet<string>;
  /** The labels of the claims, by keyOf. */
  claimLabels: ReadonlyMap<string, Fields>;
}

/** On any object: it is in no backup (Velero: pkg/apis/velero/v1/labels_annotations.go). */
export const excludeLabel = "velero.io/exclude-from-backup";

/** On a pod: the volumes that are not copied, where all others are. */
export const excludesAnnotation = "backup.velero.io/backup-volumes-excludes";

/** On a pod: the volumes that are copied, where no others are. */
export const includesAnnotation = "backup.velero.io/backup-volumes";

/** Reads what the objects say about backups. */
export function readBackupPlan(
  manifests: readonly Manifest[],
  claims: readonly Claim[],
): BackupPlan {
  const hidden = listOfKind(manifests, "Namespace").filter(({ value }) =>
    isExcluded(getLabels(value)),
  );
  return {
    schedules: listSchedules(manifests),
    policies: readVolumePolicies(manifests),
    hidden: new Set(hidden.map(({ name }) => name)),
    claimLabels: new Map(
      claims.flatMap(({ manifest, names, labels }) =>
        names.map((name): [string, Fields] => [keyOf(manifest, name), labels]),
      ),
    ),
  };
}

export function isExcluded(labels: Fields): boolean {
  return labels[excludeLabel] === "true";
}

/**
 * Why a Schedule does not reach the pods of a workload; undefined when it does. A pod is reached by
 * its own labels, or by those of a claim that it mounts: Velero backs up a claim together with the
 * running pods that mount it (pkg/itemblock/actions/pvc_action.go).
 */
export function explainUnreached(
  { manifest, cron, template }: BackupSchedule,
  { workload, pod }: ClaimUser,
  plan: BackupPlan,
): string | undefined {
  if (getAt(manifest.value, "spec", "paused") === true) return "it is paused";
  if ("fault" in cron) return "it never runs";
  const { namespace } = workload;
  if (namespace !== undefined && !takesNamespace(template, namespace, plan)) {
    return `it leaves out the namespace ${namespace}`;
  }
  if (!takesPods(template)) return "it leaves out pods";
  const claims = getList(pod.spec, "volumes").flatMap(
    (volume) => getText(volume, "persistentVolumeClaim", "claimName") ?? [],
  );
  const ofClaims = [...claims, ...listMade(workload)].map(
    (name) => plan.claimLabels.get(keyOf(workload, name)) ?? {},
  );
  if (![pod.labels, ...ofClaims].some((labels) => takesLabels(template, labels))) {
    return "its label selector does not fit the pod";
  }
  return undefined;
}

/** Why the volume of a pod that a Schedule reaches is not copied; undefined when it is. */
export function explainUncopied(
  { template }: BackupSchedule,
  { pod, volume }: ClaimUser,
  claim: Claim,
  plan: BackupPlan,
): "excluded" | "not-included" | "policy" | undefined {
  const policy = plan.policies.get(getText(template, "resourcePolicy", "name") ?? "") ?? [];
  const action = findAction(policy, claim);
  // A policy is asked before the annotations (internal/volumehelper/volume_policy_helper.go).
  if (action !== undefined) return action === "fs-backup" ? undefined : "policy";
  if (template["defaultVolumesToFsBackup"] === true) {
    return listsVolume(pod.annotations[excludesAnnotation], volume) ? "excluded" : undefined;
  }
  return listsVolume(pod.annotations[includesAnnotation], volume) ? undefined : "not-included";
}

function takesNamespace(template: Fields, namespace: string, { hidden }: BackupPlan): boolean {
  const included = getTexts(template, "includedNamespaces");
  const excluded = getTexts(template, "excludedNamespaces");
  return !hidden.has(namespace) && isSelected(namespace, included, excluded);
}

function takesPods(template: Fields): boolean {
  const included = ["includedResources", "includedNamespaceScopedResources"];
  const excluded = ["excludedResources", "excludedNamespaceScopedResources"];
  const wanted = included.flatMap((key) => getTexts(template, key));
  if (excluded.some((key) => getTexts(template, key).some(meansPods))) return false;
  return wanted.length === 0 || wanted.some(meansPods);
}

/** Velero resolves a name as kubectl does. */
function meansPods(name: string): boolean {
  return name === "*" || /^(pods?|po)$/i.test(name);
}

function takesLabels(template: Fields, labels: Fields): boolean {
  const selector = getAt(template, "labelSelector") ?? undefined;
  const either = getList(template, "orLabelSelectors");
  if (either.length > 0) return either.some((one) => matchesSelector(one, labels));
  return selector === undefined || matchesSelector(selector, labels);
}

/** The claims of a StatefulSet's first pod. */
function listMade({ name, value }: Manifest): string[] {
  const start = Number(getAt(value, "spec", "ordinals", "start") ?? 0);
  return getList(value, "spec", "volumeClaimTemplates").flatMap((template) => {
    const own = getText(template, "metadata", "name");
    return own === undefined ? [] : [`${own}-${name}-${start}`];
  });
}

/** Velero splits at the commas alone: with a blank behind one, a volume is not found. */
function listsVolume(annotation: unknown, volume: string): boolean {
  return typeof annotation === "string" && annotation.split(",").includes(volume);
}

function getLabels(value: Fields): Fields {
  return (getAt(value, "metadata", "labels") ?? {}) as Fields;
}
