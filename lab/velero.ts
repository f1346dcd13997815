import { createHash, randomBytes } from "node:crypto";
import { mkdir, readFile } from "node:fs/promises";
import path from "node:path";
import { parseAllDocuments } from "yaml";
import { registerSecret } from "../lib/cli/redact.ts";
import { repositoryRoot } from "../lib/config/paths.ts";
import { exitCodes, InfraError } from "../lib/errors.ts";
import { run } from "../lib/exec/run.ts";
import { defaultCredential, repositorySecret, veleroNamespace } from "../lib/velero/names.ts";
import type { Components } from "./build-components.ts";
import { getProgram } from "./image-recipes.ts";
import { type Cluster, type Manifest, openCluster } from "./kubectl.ts";
import { buildOperatorEnvironment, enterOperator } from "./operator.ts";
import type { LabPaths } from "./paths.ts";
import type { Progress } from "./progress.ts";
import { ensureSecret, readS3Keys } from "./server-secrets.ts";
import { serverUrls } from "./servers.ts";
import { adaptToLab, buildSecret, parseInstallFlags } from "./velero-objects.ts";

const configFolder = path.join(repositoryRoot, "config/velero");

/** The lab's bucket of backups. */
export const backupBucket = "velero";

/** The groups of components that Velero is installed from. */
export const veleroGroups: readonly string[] = [
  "kubernetes",
  "umoci",
  "velero",
  "velero-plugin-for-aws",
];

const namespace: Manifest = {
  apiVersion: "v1",
  kind: "Namespace",
  metadata: { name: veleroNamespace },
};

/** On machines that are busy with something else. */
const waitSeconds = 240;

export interface VeleroOptions {
  components: Pick<Components, "programs">;
  /** Names of the images of server and plugin, which the hosts have. */
  images: readonly string[];
  progress: Progress;
  signal?: AbortSignal;
}

/**
 * Installs Velero on the lab's cluster as config/velero has it, with the lab's bucket; returns when
 * the bucket was reached and every node has its agent. Does nothing to what is as it should be.
 * Throws EXEC_FAILED, EXEC_TIMEOUT, LAB_VELERO_FAILED and the reason of `signal`.
 */
export async function ensureVelero(paths: LabPaths, options: VeleroOptions): Promise<void> {
  const { components, images, progress, signal } = options;
  await mkdir(path.join(paths.servers.buckets, backupBucket), { recursive: true });
  const cluster = openCluster(paths, components.programs, signal);
  const own = await readConfig(paths, cluster);
  // Before Velero starts: it reads them then, and would make the repositories' password itself, a
  // well-known one. The command that renders its manifests wants to see the first of them, too.
  const [first, later] = partition(own, ({ kind }) => kind === "ConfigMap");
  await cluster.apply([namespace, ...first, ...(await readSecrets(paths))]);
  const install = await renderInstall(paths, components.programs, images, first);
  const [kinds, rest] = partition(install, ({ kind }) => kind === "CustomResourceDefinition");
  await cluster.apply(kinds);
  const names = kinds.map(({ metadata }) => `crd/${metadata.name}`);
  await cluster.kubectl(["wait", "--for=condition=Established", "--timeout=60s", ...names]);
  await cluster.apply([...rest, ...later]);
  progress.say("Velero is installed");
  signal?.throwIfAborted();
  await waitUntilReady(cluster);
  progress.say("Velero reaches its bucket, and every node has its agent");
}

/** Upstream's manifests, as the built Velero makes them. */
async function renderInstall(
  paths: LabPaths,
  programs: Readonly<Record<string, string>>,
  [server = "", plugin = ""]: readonly string[],
  configMaps: readonly Manifest[],
): Promise<Manifest[]> {
  const velero = getProgram(programs, "velero");
  const where = ["--kubeconfig", path.join(paths.state, "kubeconfig"), "--dry-run", "-o", "json"];
  const images = ["--image", server, "--plugins", plugin];
  // What it reads only when it starts: another one starts it anew.
  const hash = createHash("sha256").update(JSON.stringify(configMaps)).digest("hex").slice(0, 16);
  const restart = ["--pod-annotations", `infra-k3s.io/config-hash=${hash}`];
  const flags = parseInstallFlags(await readFile(path.join(configFolder, "install-flags"), "utf8"));
  const argv = [velero, "install", ...where, ...images, ...restart, ...flags] as const;
  // Its own settings would be read from the home folder.
  const env = { ...buildOperatorEnvironment(paths, process.env), HOME: paths.servers.folder };
  const { stdout } = await run(await enterOperator(paths, argv), { env });
  return (JSON.parse(stdout) as { items: Manifest[] }).items;
}

async function readConfig(paths: LabPaths, { kubectl }: Cluster): Promise<Manifest[]> {
  const { stdout } = await kubectl(["kustomize", configFolder]);
  const objects = parseAllDocuments(stdout).map((document) => document.toJS() as Manifest);
  const ca = await readFile(paths.servers.ca, "utf8");
  return adaptToLab(objects, { url: serverUrls.s3, bucket: backupBucket, ca });
}

async function readSecrets({ servers }: LabPaths): Promise<Manifest[]> {
  const { repositoryPassword } = servers;
  await ensureSecret(repositoryPassword, () => randomBytes(32).toString("hex"));
  const password = await readFile(repositoryPassword, "utf8");
  registerSecret(password);
  return [
    buildSecret(defaultCredential.name, defaultCredential.key, await readS3Keys(servers)),
    buildSecret(repositorySecret.name, repositorySecret.key, password),
  ];
}

function partition<Item>(
  items: readonly Item[],
  isFirst: (item: Item) => boolean,
): [first: Item[], rest: Item[]] {
  return [items.filter(isFirst), items.filter((item) => !isFirst(item))];
}

async function waitUntilReady({ kubectl }: Cluster): Promise<void> {
  const inVelero = ["-n", veleroNamespace];
  const timeout = `--timeout=${waitSeconds}s`;
  try {
    for (const what of ["deployment/velero", "daemonset/node-agent"]) {
      await kubectl([...inVelero, "rollout", "status", timeout, what]);
    }
    const available = ["--for=jsonpath={.status.phase}=Available", timeout];
    await kubectl([...inVelero, "wait", ...available, "backupstoragelocation/default"]);
  } catch (cause) {
    const pods = await kubectl([...inVelero, "get", "pods,backupstoragelocations", "-o", "wide"]);
    throw new InfraError({
      code: "LAB_VELERO_FAILED",
      message: `Velero was not ready within ${waitSeconds} s`,
      why: pods.stdout.trim(),
      fix: "See why: zx scripts/lab/shell.ts -- kubectl -n velero logs deployment/velero",
      exitCode: exitCodes.failed,
      cause,
    });
  }
}
