import { getAt, getList, getText, getTexts, listOfKind } from "../manifests/manifest.ts";
import { isEmptySelector } from "../manifests/label-selector.ts";
import { veleroNamespace } from "../velero/names.ts";
import { isSelected } from "../velero/schedules.ts";
import type { BackupSchedule } from "./backup-schedules.ts";
import type { ObjectFault, Repository } from "./rule.ts";

const template = ["spec", "template"];

/** Of each pair, the lists of one kind of filter; Velero takes those of one kind only. */
const oldFilters = ["includedResources", "excludedResources", "includeClusterResources"];
const newFilters = [
  "includedClusterScopedResources",
  "excludedClusterScopedResources",
  "includedNamespaceScopedResources",
  "excludedNamespaceScopedResources",
];

/** Namespaces whose objects must not come back from a backup. */
const ownNamespaces: Readonly<Record<string, string>> = {
  velero: "a restore would bring back the bucket's keys and the backups of another time",
  "infra-k3s": "a restore would bring back the lock and the state of a run of another time",
};

/** What is wrong with the choice of objects that a Schedule makes. */
export function checkSelection({ template: fields }: BackupSchedule): (ObjectFault | undefined)[] {
  const usesOld = oldFilters.find((key) => getAt(fields, key) !== undefined);
  const usesNew = newFilters.find((key) => getAt(fields, key) !== undefined);
  const labels = ["labelSelector", "orLabelSelectors"];
  const empty = labels.find((key) => selectsNothing(getAt(fields, key)));
  return [
    usesOld !== undefined && usesNew !== undefined
      ? {
          code: "VELERO_SCHEDULE_FILTERS",
          at: [...template, usesNew],
          message: `${usesNew} stands beside ${usesOld}`,
          why: "Velero takes the old filters or the new ones. With both, each Backup ends as FailedValidation (pkg/controller/backup_controller.go).",
          fix: `Write all filters with the names of one kind: excludedNamespaceScopedResources instead of excludedResources, or the other way round`,
        }
      : undefined,
    labels.every((key) => getAt(fields, key) !== undefined)
      ? {
          code: "VELERO_SCHEDULE_FILTERS",
          at: [...template, "orLabelSelectors"],
          message: "orLabelSelectors stands beside labelSelector",
          why: "Velero takes one of them. With both, each Backup ends as FailedValidation (pkg/controller/backup_controller.go).",
          fix: "Keep one of them",
        }
      : undefined,
    empty === undefined
      ? undefined
      : {
          code: "VELERO_SCHEDULE_FILTERS",
          at: [...template, empty],
          message: `${empty} is empty`,
          why: "Velero writes an empty selector as `<none>`, which the API server cannot read: nothing is listed, and nothing is backed up (pkg/backup/item_collector.go).",
          fix: "Leave it out to select everything",
        },
    takesSecrets(fields)
      ? {
          code: "VELERO_SCHEDULE_SECRETS",
          at: [...template, "excludedResources"],
          message: "Secrets are not excluded",
          why: "The archive of objects lies unencrypted in the bucket, and kopia's password does not cover it. Git has the Secrets, encrypted.",
          fix: "Add `secrets` to excludedResources",
        }
      : undefined,
    ...Object.entries(ownNamespaces).map(([name, why]) =>
      takesNamespace(fields, name)
        ? {
            code: "VELERO_SCHEDULE_NAMESPACES",
            at: [...template, "excludedNamespaces"],
            message: `the namespace ${name} is not excluded`,
            why: `It would be in each backup, and ${why}.`,
            fix: `Add \`${name}\` to excludedNamespaces`,
          }
        : undefined,
    ),
  ];
}

/** What a Schedule names, and what is not among the objects. */
export function checkReferences(
  { template: fields }: BackupSchedule,
  { manifests }: Repository,
): (ObjectFault | undefined)[] {
  const locations = listOfKind(manifests, "velero.io/BackupStorageLocation");
  const wanted = getText(fields, "storageLocation");
  const location = locations.find(({ name }) => name === wanted);
  const isReadOnly = getText(location?.value, "spec", "accessMode") === "ReadOnly";
  const policy = getText(fields, "resourcePolicy", "name");
  const hasPolicy = listOfKind(manifests, "ConfigMap").some(
    ({ name, namespace }) => name === policy && (namespace ?? veleroNamespace) === veleroNamespace,
  );
  return [
    wanted === undefined || locations.length === 0 || (location !== undefined && !isReadOnly)
      ? undefined
      : {
          code: "VELERO_SCHEDULE_LOCATION",
          at: [...template, "storageLocation"],
          part: "value",
          message: isReadOnly
            ? `the storage location "${wanted}" is read-only`
            : `there is no storage location "${wanted}"`,
          why: "Each Backup ends as FailedValidation, and nothing is copied (pkg/controller/backup_controller.go).",
          fix: `Name one that can be written, such as "${locations.find(isWritable)?.name ?? "default"}"`,
        },
    policy === undefined || hasPolicy
      ? undefined
      : {
          code: "VELERO_SCHEDULE_POLICY",
          at: [...template, "resourcePolicy", "name"],
          part: "value",
          message: `there is no ConfigMap "${policy}" in the namespace ${veleroNamespace}`,
          why: "Velero reads its volume policies before each Backup, which without them ends as FailedValidation (internal/resourcepolicies/resource_policies.go).",
          fix: "Correct the name, or add the ConfigMap",
        },
  ];
}

function isWritable({ value }: { value: unknown }): boolean {
  return getText(value, "spec", "accessMode") !== "ReadOnly";
}

function selectsNothing(value: unknown): boolean {
  if (value === undefined || value === null) return false;
  return Array.isArray(value) ? value.some(isEmptySelector) : isEmptySelector(value);
}

function takesSecrets(fields: unknown): boolean {
  const included = ["includedResources", "includedNamespaceScopedResources"];
  const excluded = ["excludedResources", "excludedNamespaceScopedResources"];
  const wanted = included.flatMap((key) => getTexts(fields, key));
  if (excluded.some((key) => getTexts(fields, key).some(meansSecrets))) return false;
  return wanted.length === 0 || wanted.some(meansSecrets);
}

/** Velero resolves a name as kubectl does. */
function meansSecrets(name: string): boolean {
  return name === "*" || /^secrets?$/i.test(name);
}

function takesNamespace(fields: unknown, name: string): boolean {
  const included = getTexts(fields, "includedNamespaces");
  const excluded = getTexts(fields, "excludedNamespaces");
  if (getList(fields, "includedNamespaces").length !== included.length) return false;
  return isSelected(name, included, excluded);
}
