import type { Application, NodeSelector, Pod, PodSpec } from "../../../lib/objects.ts";
import { pausedAnnotation } from "../../../lib/argocd/names.ts";
import { isPaused } from "../../../lib/argocd/pause.ts";
import { listPins } from "../../../lib/recovery/hostname-pin.ts";
import { pausedByAnnotation } from "../../../lib/recovery/labels.ts";
import { type GitObject, type MemoryArgo, startArgo } from "./argo.ts";
import { refuseCreates } from "./faults.ts";
import { goDown } from "./outage.ts";
import { addDeployment, addStatefulSet } from "./workloads.ts";
import { createWorld, findPod, type MemoryWorld, source, target } from "./world.ts";

/** A world with an app of apps: bootstrap makes itself and apps, which makes demo. */
export interface GitopsWorld extends MemoryWorld {
  argo: MemoryArgo;
}

export interface DemoGit {
  /** Where the pods of StatefulSet db may run, in Git and in the cluster. */
  db?: Partial<PodSpec>;
  /** The same of Deployment files. */
  files?: Partial<PodSpec>;
  /** What Git asks for by the claim uploads; the cluster has 1Gi. */
  storage?: string;
}

/** A pod that may run on the source only, in the two ways to say so. */
export const pinnedBySelector = { nodeSelector: { "kubernetes.io/hostname": source } };
export const pinnedByAffinity = { affinity: { nodeAffinity: { ...requireHost(source) } } };

/** A source that went down a minute ago, with what Git has of the workloads that were on it. */
export async function createGitops(demo: DemoGit = {}): Promise<GitopsWorld> {
  const world = await createWorld();
  await addStatefulSet(
    world,
    "db",
    [{ name: "data", content: "rows", backupAge: 300 }],
    demo.db ?? {},
  );
  await addDeployment(
    world,
    "files",
    [{ name: "uploads", content: "pictures", backupAge: 300 }],
    demo.files ?? {},
  );
  await world.add({
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "db", namespace: "demo" },
  });
  const argo = startArgo(world);
  const [bootstrap, apps, own] = ["bootstrap", "apps", "demo"].map(buildApplication);
  if (bootstrap === undefined || apps === undefined || own === undefined) throw new Error("three");
  argo.git.set("bootstrap", [bootstrap, apps]);
  argo.git.set("apps", [own]);
  argo.git.set("demo", listDemo(demo));
  for (const one of [bootstrap, apps, own]) await world.add(one);
  await world.settle(5);
  await goDown(world);
  return Object.assign(world, { argo });
}

/** What Git has of the namespace demo. */
export function listDemo({ db = {}, files = {}, storage = "1Gi" }: DemoGit): GitObject[] {
  const metadata = (name: string) => ({ name, namespace: "demo" });
  return [
    // Of the name that the StatefulSet has.
    { apiVersion: "v1", kind: "ConfigMap", metadata: metadata("db") },
    {
      apiVersion: "v1",
      kind: "PersistentVolumeClaim",
      metadata: metadata("uploads"),
      spec: {
        accessModes: ["ReadWriteOnce"],
        storageClassName: "local-path",
        resources: { requests: { storage } },
      },
    },
    {
      apiVersion: "apps/v1",
      kind: "StatefulSet",
      metadata: metadata("db"),
      spec: { template: { spec: db } },
    },
    {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: metadata("files"),
      spec: { template: { spec: files } },
    },
  ];
}

/** What has to have started in the end, and where. */
export const moved = [`demo/data-db-0: rows on ${target}`, `demo/uploads: pictures on ${target}`];

/** Root first. */
export const allApplications = ["bootstrap", "apps", "demo"];

/** The pod that runs an app now, if it is Ready on the target. */
export function findReady(world: MemoryWorld, prefix: string): Pod | undefined {
  const pod = findPod(world, prefix);
  const isReady = pod?.status?.conditions?.some((one) => one.status === "True");
  return isReady && pod?.spec.nodeName === target ? pod : undefined;
}

/** What of a run's marks is on the Applications. */
export function listMarks({ cluster }: MemoryWorld): string[] {
  return cluster
    .all("Application")
    .flatMap(({ metadata, spec }) => [
      ...Object.keys(metadata.annotations ?? {}).map((mark) => `${metadata.name}: ${mark}`),
      ...(spec.syncPolicy?.automated?.enabled === undefined ? [] : [`${metadata.name}: enabled`]),
    ]);
}

/** What binds the workloads to the source. */
export function listTemplatePins({ cluster }: MemoryWorld): string[] {
  return [...cluster.all("StatefulSet"), ...cluster.all("Deployment")].flatMap((one) =>
    listPins(one.spec?.template?.spec ?? {}, source),
  );
}

/** Does something after all is cut over, and before anything is resumed. */
export function atBackup(world: MemoryWorld, act: () => unknown): void {
  refuseCreates(world, ({ kind }) => {
    if (kind === "Backup") act();
    return undefined;
  });
}

/** A person, or something else than a run, pauses an Application. */
export function pauseByHand(world: MemoryWorld, name: string): void {
  const annotations = { [pausedAnnotation]: "true" };
  changeApplication(world, name, { metadata: { annotations } });
}

/** A person takes all marks of a pause off. */
export function resumeByHand(world: MemoryWorld, names: readonly string[]): void {
  const annotations = { [pausedAnnotation]: null, [pausedByAnnotation]: null };
  for (const name of names) changeApplication(world, name, { metadata: { annotations } });
}

/** The names of the Applications that Argo CD leaves alone. */
export function listPaused({ cluster }: MemoryWorld): string[] {
  const paused = cluster.all("Application").filter(isPaused);
  return paused.map((one) => one.metadata.name);
}

/** Changes an Application as a person, or Argo CD, would. */
export function changeApplication(
  { cluster }: MemoryWorld,
  name: string,
  patch: Record<string, unknown>,
): void {
  cluster.change({ kind: "Application", namespace: "argocd", name }, patch);
}

/** An Application as the cluster has it now. */
export function peekApplication({ cluster }: MemoryWorld, name: string): Application {
  const found = cluster.peek({ kind: "Application", namespace: "argocd", name });
  if (found === undefined) throw new Error(`no Application ${name}`);
  return found;
}

function buildApplication(name: string): Application {
  return {
    apiVersion: "argoproj.io/v1alpha1",
    kind: "Application",
    metadata: { name, namespace: "argocd" },
    spec: {
      source: { path: `kubernetes/${name}` },
      syncPolicy: { automated: {} },
    },
  };
}

function requireHost(host: string): {
  requiredDuringSchedulingIgnoredDuringExecution: NodeSelector;
} {
  const matchExpressions = [
    { key: "kubernetes.io/hostname", operator: "In" as const, values: [host] },
  ];
  return {
    requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions }] },
  };
}
