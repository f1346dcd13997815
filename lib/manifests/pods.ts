import type { DataPath } from "../schema/explain.ts";
import { type Fields, getList, isFields, type Manifest } from "./manifest.ts";

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

/** Where the specs of those pods stand, by the kind alone, and the group with its slash. */
const specs = new Map(
  podKinds.map((name) => {
    const start = name.indexOf("/") + 1;
    const at = [...(templates[name] ?? []), "spec"];
    return [name.slice(start), { group: name.slice(0, start), at }];
  }),
);

const none: Fields = {};

/** The pod that an object is or makes; undefined for the kinds that make none. */
export function findPodTemplate(manifest: Manifest): PodTemplate | undefined {
  const found = specs.get(manifest.kind);
  if (found === undefined) return undefined;
  const { group, at } = found;
  const { apiVersion } = manifest;
  if (group === "" ? apiVersion.includes("/") : !apiVersion.startsWith(group)) return undefined;
  let template = manifest.value;
  for (let step = 0; step < at.length - 1; step += 1) template = pick(template, at[step] ?? "");
  const metadata = pick(template, "metadata");
  return {
    at,
    spec: pick(template, "spec"),
    labels: pick(metadata, "labels"),
    annotations: pick(metadata, "annotations"),
  };
}

/** What getFields gives, for one key; it is asked by several rules for every object. */
function pick(fields: Fields, key: string): Fields {
  const found = fields[key];
  return isFields(found) ? found : none;
}

/** All containers of a pod, those that run first among them. */
export function listContainers({ at, spec }: PodTemplate): Container[] {
  return ["initContainers", "containers", "ephemeralContainers"].flatMap((list) =>
    getList(spec, list).flatMap((fields, index) =>
      isFields(fields) ? [{ at: [...at, list, String(index)], fields }] : [],
    ),
  );
}
