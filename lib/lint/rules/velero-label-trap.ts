import { describeKind, isFields, type Manifest } from "../../manifests/manifest.ts";
import { kustomizationKinds } from "../../manifests/kustomization.ts";
import type { DataPath } from "../../schema/explain.ts";
import { applicationKinds } from "../argo/applications.ts";
import { getKustomizeTree } from "../kustomize-tree.ts";
import type { ObjectFault, Repository, RepositoryFault, RepositoryRule } from "../rule.ts";

const setting = "application.resourceTrackingMethod";
/** The same in a text: of a patch, of Helm's values, or as a literal of a generator. */
const inText =
  /^[^#\n]*application\.resourceTrackingMethod["']?(?:\s*[:=]|,?\s+["']?value["']?:)\s*["']?(?<method>[\w+]+)/m;

/** Kinds that carry Argo CD's settings, or change or make an object that does. */
const carriers = [
  "ConfigMap",
  ...applicationKinds,
  "helm.cattle.io/HelmChart",
  "helm.cattle.io/HelmChartConfig",
  ...kustomizationKinds,
];

/** Both find an object's owner by its annotation (argo-cd: util/argo/resource_tracking.go). */
const byAnnotation = ["annotation", "annotation+label"];

/** A place that says how Argo CD tracks. */
interface Saying extends Pick<ObjectFault, "at" | "part"> {
  method: string;
}

export const veleroLabelTrap: RepositoryRule = {
  id: "velero-label-trap",
  codes: ["ARGO_LABEL_TRACKING"],
  scope: "repository",
  summary: "Argo CD knows its objects by annotation, and not by a label that is copied",
  why: "By label, an object is Argo CD's when it has `app.kubernetes.io/instance`. Velero gives a Schedule's labels to each of its Backups (pkg/builder/backup_builder.go), restored claims and pods bring theirs along, and operators copy them: Argo CD finds all of these missing in Git and prunes them, backups first (velero#2975, velero#7848). The annotation names the object that it was written for, so a copy does not count. Argo CD before 3.0 tracks by label unless it is told otherwise.",
  example: {
    bad: "data:\n  application.resourceTrackingMethod: label",
    good: "data:\n  application.resourceTrackingMethod: annotation",
  },
  kinds: carriers,
  find(repository) {
    const objects = repository.manifests.filter(isCarrier);
    const sayings = [
      ...objects.flatMap((manifest) =>
        listSayings(manifest.value, []).map((saying) => ({ ...saying, place: { manifest } })),
      ),
      ...listPatchSayings(repository),
    ];
    if (sayings.length === 0) return objects.filter(isSettings).map(tellUnsaid);
    return sayings
      .filter(({ method }) => !byAnnotation.includes(method))
      .map(({ method, place, at, part = "value" }) => ({
        ...place,
        at,
        part,
        message:
          method === "label"
            ? "Argo CD tracks its objects by label"
            : `"${method}" is no way to track objects`,
        ...(method === "label" ? {} : { why: unknownWhy }),
        fix,
      }));
  },
};

/** What its switch does with any other text. */
const unknownWhy = "Argo CD before 3.0 takes the label then";

const fix = `Set ${setting}: annotation in the ConfigMap argocd-cm`;

function tellUnsaid(manifest: Manifest): RepositoryFault {
  const { data } = manifest.value;
  return {
    manifest,
    at: isFields(data) ? ["data"] : ["metadata", "name"],
    part: isFields(data) ? "key" : "value",
    message: "argocd-cm does not say how Argo CD tracks its objects",
    why: "an Argo CD before 3.0 does it by label then",
    fix,
  };
}

function isCarrier(manifest: Manifest): boolean {
  const kind = describeKind(manifest);
  return kind === "ConfigMap" ? isSettings(manifest) : carriers.includes(kind);
}

function isSettings({ apiVersion, kind, name }: Manifest): boolean {
  return kind === "ConfigMap" && apiVersion === "v1" && name === "argocd-cm";
}

/** What the files say that patch other objects. */
function listPatchSayings(repository: Repository) {
  return [...getKustomizeTree(repository).patches].flatMap((file) => {
    const documents = repository.read(file);
    const [first] = Array.isArray(documents) ? documents : [];
    return listSayings(first, []).map((saying) => ({ ...saying, place: { file } }));
  });
}

function listSayings(value: unknown, at: DataPath): Saying[] {
  if (typeof value === "string") {
    const method = inText.exec(value)?.groups?.["method"];
    return method === undefined ? [] : [{ at, part: "value", method }];
  }
  if (typeof value !== "object" || value === null) return [];
  const fields = value as Readonly<Record<string, unknown>>;
  // A JSON patch names the setting and its value side by side.
  const target = fields["path"];
  const patched = fields["value"];
  if (typeof target === "string" && target.endsWith(`/${setting}`) && typeof patched === "string") {
    return [{ at: [...at, "value"], method: patched }];
  }
  return Object.entries(fields).flatMap(([key, below]) =>
    key === setting && typeof below === "string"
      ? [{ at: [...at, key], method: below }]
      : listSayings(below, [...at, key]),
  );
}
