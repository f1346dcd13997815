import type { DataPath } from "../schema/explain.ts";
import {
  describeKind,
  type Fields,
  getFields,
  getList,
  isFields,
  type Manifest,
} from "./manifest.ts";

/** A pod that an object is, or makes. */
export interface PodTemplate {
  /** Where its spec stands in the object. */
  at: DataPath;
  spec: Fields;
  labels: Fields;
  annotations: Fields;
}

export interface Container {
  at: DataPath;
  fields: Fields;
}

/** Where the kinds that make pods have the template of them. */
const templates: Readonly<Record<string, DataPath>> = {
  Pod: [],
  PodTemplate: ["template"],
  ReplicationController: ["spec", "template"],
  "apps/Deployment": ["spec", "template"],
  "apps/StatefulSet": ["spec", "template"],
  "apps/DaemonSet": ["spec", "template"],
  "apps/ReplicaSet": ["spec", "template"],
  "batch/Job": ["spec", "template"],
  "batch/CronJob": ["spec", "jobTemplate", "spec", "template"],
};

/** The kinds that are pods or make them, as describeKind writes them. */
export const podKinds = Object.keys(templates);

/** The pod that an object is or makes; undefined for the kinds that make none. */
export function findPodTemplate(manifest: Manifest): PodTemplate | undefined {
  const at = templates[describeKind(manifest)];
  if (at === undefined) return undefined;
  return {
    at: [...at, "spec"],
    spec: getFields(manifest.value, ...at, "spec"),
    labels: getFields(manifest.value, ...at, "metadata", "labels"),
    annotations: getFields(manifest.value, ...at, "metadata", "annotations"),
  };
}

/** All containers of a pod, those that run first among them. */
export function listContainers({ at, spec }: PodTemplate): Container[] {
  return ["initContainers", "containers", "ephemeralContainers"].flatMap((list) =>
    getList(spec, list).flatMap((fields, index) =>
      isFields(fields) ? [{ at: [...at, list, String(index)], fields }] : [],
    ),
  );
}
