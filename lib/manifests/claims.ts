import type { DataPath } from "../schema/explain.ts";
import {
  describeKind,
  type Fields,
  getAt,
  getFields,
  getList,
  getText,
  listOfKind,
  type Manifest,
} from "./manifest.ts";
import { findPodTemplate, type PodTemplate, podKinds } from "./pods.ts";

/** A PersistentVolumeClaim, or a template of a StatefulSet that it makes them from. */
export interface Claim {
  manifest: Manifest;
  /** Where it stands in the object: at the top, or among the templates. */
  at: DataPath;
  /** As its manifest names it, or as a pod of the StatefulSet names the volume. */
  name: string;
  /** What the claims are called in the cluster: a template has one for each replica. */
  names: string[];
  labels: Fields;
  annotations: Fields;
  spec: Fields;
}

/** A workload whose pods mount a claim. */
export interface ClaimUser {
  workload: Manifest;
  pod: PodTemplate;
  /** The name of the volume in the pod. */
  volume: string;
}

export const claimKind = "PersistentVolumeClaim";
const statefulSetKind = "apps/StatefulSet";

/** Kinds whose objects have claims or mount them, as describeKind writes them. */
export const claimKinds = [claimKind, ...podKinds];

const anywhere = "*";

/** More replicas than this mount claims of the same kind. */
const mostReplicas = 50;

/** All claims of the objects, those that StatefulSets make among them. */
export function listClaims(manifests: readonly Manifest[]): Claim[] {
  return [
    ...listOfKind(manifests, claimKind).map((manifest) => toClaim(manifest, [], [manifest.name])),
    ...listOfKind(manifests, statefulSetKind).flatMap(listTemplates),
  ];
}

/** The workloads that mount a claim, by the key of the claim. */
export function indexClaimUsers(manifests: readonly Manifest[]): Map<string, ClaimUser[]> {
  const users = new Map<string, ClaimUser[]>();
  const add = (key: string, user: ClaimUser) => {
    const those = users.get(key);
    if (those === undefined) users.set(key, [user]);
    else those.push(user);
  };
  for (const workload of manifests) {
    const pod = workload.kind === "PodTemplate" ? undefined : findPodTemplate(workload);
    if (pod === undefined) continue;
    for (const one of getList(pod.spec, "volumes")) {
      const claim = getText(one, "persistentVolumeClaim", "claimName");
      if (claim === undefined) continue;
      for (const key of listKeys(workload, claim)) {
        add(key, { workload, pod, volume: getText(one, "name") ?? "" });
      }
    }
    if (describeKind(workload) !== statefulSetKind) continue;
    for (const { name, names } of listTemplates(workload)) {
      for (const one of names) {
        for (const key of listKeys(workload, one)) add(key, { workload, pod, volume: name });
      }
    }
  }
  return users;
}

/** The workloads that mount a claim, given indexClaimUsers. */
export function findUsers(claim: Claim, users: ReadonlyMap<string, ClaimUser[]>): ClaimUser[] {
  const { namespace } = claim.manifest;
  const scopes = namespace === undefined ? [anywhere] : [namespace, ""];
  const found = claim.names.flatMap((name) =>
    scopes.flatMap((scope) => users.get(`${scope}/${name}`) ?? []),
  );
  if (found.length < 2) return found;
  return found.filter(({ workload, volume }, index) => {
    const first = found.findIndex((one) => one.workload === workload && one.volume === volume);
    return first === index;
  });
}

/** Names a claim among all of the objects. */
export function keyOf({ namespace }: Pick<Manifest, "namespace">, name: string): string {
  return `${namespace ?? ""}/${name}`;
}

/** An object without a namespace may get any: it is taken for a neighbour of all. */
function listKeys(workload: Manifest, claim: string): string[] {
  return [keyOf(workload, claim), `${anywhere}/${claim}`];
}

function listTemplates(manifest: Manifest): Claim[] {
  const replicas = getAt(manifest.value, "spec", "replicas") ?? 1;
  const start = getAt(manifest.value, "spec", "ordinals", "start") ?? 0;
  const count = typeof replicas === "number" ? Math.min(Math.max(replicas, 1), mostReplicas) : 1;
  return getList(manifest.value, "spec", "volumeClaimTemplates").flatMap((template, index) => {
    const name = getText(template, "metadata", "name");
    if (name === undefined) return [];
    const names = Array.from(
      { length: count },
      (_, ordinal) => `${name}-${manifest.name}-${Number(start) + ordinal}`,
    );
    return [toClaim(manifest, ["spec", "volumeClaimTemplates", String(index)], names, name)];
  });
}

function toClaim(
  manifest: Manifest,
  at: DataPath,
  names: string[],
  name: string = manifest.name,
): Claim {
  const value = getFields(manifest.value, ...at);
  return {
    manifest,
    at,
    name,
    names,
    labels: getFields(value, "metadata", "labels"),
    annotations: getFields(value, "metadata", "annotations"),
    spec: getFields(value, "spec"),
  };
}
