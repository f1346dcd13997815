import { getAt, getFields } from "../../manifests/manifest.ts";
import type { ObjectRule } from "../rule.ts";

const key = "application.resourceTrackingMethod";

/** Both of them find an object's owner by its annotation (argo-cd: util/argo/resource_tracking.go). */
const byAnnotation = ["annotation", "annotation+label"];

export const veleroLabelTrap: ObjectRule = {
  id: "velero-label-trap",
  codes: ["ARGO_LABEL_TRACKING"],
  scope: "object",
  summary: "Argo CD tracks what it owns by annotation",
  why: "Velero gives the labels of a Schedule to each of its Backups. Where Argo CD knows its objects by the label app.kubernetes.io/instance, it finds Backups that are not in Git, and prunes them: velero-io/velero#2975. What a restore brings back with that label is pruned in the same way. An annotation names the object that it stands on, so that a copy of it counts for nothing. It is written down, since older versions of Argo CD use the label unless told otherwise.",
  example: {
    bad: "kind: ConfigMap\nmetadata:\n  name: argocd-cm\ndata:\n  application.resourceTrackingMethod: label",
    good: "kind: ConfigMap\nmetadata:\n  name: argocd-cm\ndata:\n  application.resourceTrackingMethod: annotation",
  },
  kinds: ["ConfigMap"],
  find({ name, value }) {
    if (name !== "argocd-cm") return [];
    const method = getAt(value, "data", key);
    // What is no text is a matter of the schema.
    if (method !== undefined && typeof method !== "string") return [];
    if (method !== undefined && byAnnotation.includes(method)) return [];
    const isLabel = method === "label";
    return [
      {
        at: Object.keys(getFields(value, "data")).length === 0 ? ["data"] : ["data", key],
        part: method === undefined ? "key" : "value",
        message:
          method === undefined
            ? "argocd-cm does not say how Argo CD tracks its objects"
            : isLabel
              ? "Argo CD tracks its objects by label"
              : `"${method}" is no way to track objects, and Argo CD takes the label instead`,
        fix: `Write ${key}: annotation`,
      },
    ];
  },
};
