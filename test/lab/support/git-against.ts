import { readFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Test } from "tap";
import { type Document, parseAllDocuments, stringify } from "yaml";
import type { FailoverFacts } from "../../../lab/drill/facts.ts";
import { type FailOver, failOver } from "../../../lab/drill/fail-over.ts";
import { checkShop, findPod, inShop } from "../../../lab/drill/shop.ts";
import { editPublished } from "../../../lab/gitops/repository.ts";
import type { Cluster } from "../../../lab/kubectl.ts";
import type { LabPaths } from "../../../lab/paths.ts";
import { runScript } from "../../../lab/run-script.ts";
import { isWell, listComplaints } from "../../../lib/argocd/describe-application.ts";
import { argoNamespace, refreshAnnotation } from "../../../lib/argocd/names.ts";
import { isPaused, readSync } from "../../../lib/argocd/pause.ts";
import { repositoryRoot } from "../../../lib/config/paths.ts";
import type { Application, Workload } from "../../../lib/objects.ts";
import { listPins } from "../../../lib/recovery/hostname-pin.ts";
import type { RecoveryStatus } from "../../../lib/recovery/status.ts";

interface Place {
  paths: LabPaths;
  cluster: Cluster;
  signal: AbortSignal;
}

/** What Git has of the shop otherwise than the repository's own files. */
interface Wish {
  /** The host that both workloads are bound to, each in another way. */
  host?: string;
  /** What the claim uploads asks for; the cluster has 1Gi, and a claim of local-path cannot grow. */
  storage?: string;
}

const hostname = "kubernetes.io/hostname";
const inArgo = `--namespace=${argoNamespace}`;

/** Longer than Argo CD 3.6.1 leaves a sync alone that has begun (appOperationMaxRequeueInterval). */
const patienceSeconds = 45;

/**
 * Commits what works against a move: the database and the uploads are bound to the source, and a claim is
 * larger than the cluster can make it. The API server refuses that one already when Argo CD compares, and
 * Argo CD then says of no object of the Application how it stands.
 */
export async function turnGitAgainst(t: Test, place: Place, host: string): Promise<void> {
  const { cluster, paths } = place;
  await publish(paths, { host });
  await until(place, async () => isWell(await readShop(cluster)) && (await isBound(cluster, host)));
  await checkShop(cluster, host);
  await publish(paths, { host, storage: "3Gi" });
  await until(place, async () => (await readShop(cluster)).status?.sync?.status === "Unknown");
  t.match(listComplaints(await readShop(cluster)).join("\n"), /PersistentVolumeClaim\/uploads/);
}

/**
 * Fails over against Git: first until the run stops with all moved, since Argo CD cannot compare; once more
 * with a claim as the cluster has it, and it stops for the host that Git names; then to its end. What is
 * measured is the first one, in which everything moved.
 */
export function failOverAgainstGit(t: Test, getPlace: () => Place): FailOver {
  return async (paths, nodes, options) => {
    const place = getPlace();
    const { cluster, signal } = place;
    const first = await failOver(paths, nodes, options);
    t.equal(first.exitCode, 5, "it stops, with all moved");
    t.equal(first.report?.failure?.code, "RECOVERY_GIT_UNSEEN", describe(first));
    const { document } = await runScript(paths, ["scripts/dr/status.ts"], options);
    const { applications } = document.result as RecoveryStatus;
    const pausedBy = first.report?.runId ?? "";
    t.strictSame(
      applications.toSorted((a, b) => a.name.localeCompare(b.name)),
      ["apps", "bootstrap", "shop"].map((name) => ({ name, namespace: argoNamespace, pausedBy })),
      "a first status lists what is paused",
    );

    const running = await listRunning(cluster);
    t.ok(
      running.every((pod) => pod.endsWith(` on ${nodes.target}`)),
      running.join(", "),
    );
    await sleep(patienceSeconds * 1000, undefined, { signal });
    t.strictSame(await listRunning(cluster), running, "Argo CD has put nothing back");
    const shop = await readShop(cluster);
    t.ok(isPaused(shop) && readSync(shop) === "none", "and does not try to");

    await publish(paths, { host: nodes.source });
    const second = await failOver(paths, nodes, options);
    t.equal(second.exitCode, 5, "it stops once more");
    t.equal(second.report?.failure?.code, "RECOVERY_GIT_PINNED", describe(second));

    await publish(paths, {});
    const last = await failOver(paths, nodes, options);
    t.equal(last.exitCode, 0, describe(last));
    await until(place, async () => isWell(await readShop(cluster)));
    t.strictSame(await listRunning(cluster), running, "no workload was restarted");
    return { ...first, endedAt: last.endedAt, exitCode: last.exitCode };
  };
}

function describe({ report }: FailoverFacts): string {
  return report?.failure?.message ?? "there was no report";
}

/** Commits the shop's own files with what is wished for in them. */
async function publish(paths: LabPaths, { host, storage }: Wish): Promise<void> {
  const matchExpressions = [{ key: hostname, operator: "In", values: [host] }];
  const required = { nodeSelectorTerms: [{ matchExpressions }] };
  const spec = ["spec", "template", "spec"];
  const node = [...spec, "affinity", "nodeAffinity"];
  const edits = new Map([
    edit("lab/apps/postgres.yaml", (find) => {
      if (host === undefined) return;
      set(find("StatefulSet", "postgres"), [...spec, "nodeSelector"], { [hostname]: host });
    }),
    edit("lab/apps/uploads.yaml", (find) => {
      const claim = find("PersistentVolumeClaim", "uploads");
      if (storage !== undefined) set(claim, ["spec", "resources", "requests", "storage"], storage);
      if (host === undefined) return;
      const at = [...node, "requiredDuringSchedulingIgnoredDuringExecution"];
      set(find("Deployment", "uploads"), at, required);
    }),
  ]);
  await editPublished(paths, edits);
}

type Find = (kind: string, name: string) => Document;

/** A file of the work tree, and what it becomes. */
function edit(file: string, change: (find: Find) => void): [string, string] {
  const documents = parseAllDocuments(readFileSync(path.join(repositoryRoot, file), "utf8"));
  change((kind, name) => {
    const found = documents.find(
      (one) => one.get("kind") === kind && one.getIn(["metadata", "name"]) === name,
    );
    if (found === undefined) throw new Error(`${file} has no ${kind} ${name}`);
    return found;
  });
  return [file, documents.map((one) => stringify(one.toJS())).join("---\n")];
}

function set(document: Document, at: string[], value: unknown): void {
  document.setIn(at, document.createNode(value));
}

/** Whether both workloads name the host, which is only said of what Argo CD has applied. */
async function isBound({ get }: Cluster, host: string): Promise<boolean> {
  const workloads = await Promise.all(
    ["statefulset/postgres", "deployment/uploads"].map((name) => get<Workload>(inShop, name)),
  );
  return workloads.every(({ spec }) => listPins(spec?.template?.spec ?? {}, host).length > 0);
}

/** The shop's stateful pods by identity, each with its host. */
async function listRunning(cluster: Cluster): Promise<string[]> {
  const pods = await Promise.all(["postgres", "uploads"].map((app) => findPod(cluster, app)));
  return pods.map((pod) => `${pod?.metadata.name} ${pod?.metadata.uid} on ${pod?.spec.nodeName}`);
}

async function readShop({ get }: Cluster): Promise<Application> {
  return await get<Application>("application/shop", inArgo);
}

/** Waits for something that Argo CD is to do, and lets it look at Git again and again meanwhile. */
async function until(place: Place, isSo: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 240_000;
  while (!(await isSo())) {
    if (performance.now() > deadline) {
      const { stdout } = await place.cluster.kubectl(["get", "applications", inArgo]);
      throw new Error(`Argo CD did not do it in time:\n${stdout}`);
    }
    const look = ["application/shop", inArgo, `${refreshAnnotation}=hard`, "--overwrite"];
    await place.cluster.kubectl(["annotate", ...look]);
    await sleep(2000, undefined, { signal: place.signal });
  }
}
