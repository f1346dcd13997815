import { mkdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { stringify } from "yaml";
import { versionsFile } from "../lib/config/versions.ts";
import { exitCodes, InfraError } from "../lib/errors.ts";
import { ensureAnsible } from "./ansible.ts";
import { type Components, readSources } from "./build-components.ts";
import { makeKey } from "./cache.ts";
import { gitUser } from "./clouds/settings.ts";
import { getProgram } from "./image-recipes.ts";
import { publishSite } from "./gitops/publish-site.ts";
import type { K3sRelease } from "./k3s-release.ts";
import { isClusterReady, readClusterUid } from "./live-cluster.ts";
import { ensureLogins } from "./logins.ts";
import { planMeshVariables } from "./mesh/variables.ts";
import { linkPrograms } from "./operator.ts";
import type { LabPaths } from "./paths.ts";
import { ansibleFolder } from "./playbook.ts";
import type { Progress } from "./progress.ts";
import { runScript } from "./run-script.ts";
import { serverUrls } from "./servers.ts";
import { forgetCluster } from "./site.ts";
import { ensureSiteSecrets } from "./site-secrets.ts";

/** An archive of images for every node, on this machine or where the hosts can download it. */
export type ImageArchive = { sha256: string } & ({ file: string } | { url: string });

/** What the project's commands start, and the guides name. */
const ansiblePrograms = ["ansible", "ansible-inventory", "ansible-playbook", "ansible-vault"];

export interface ClusterOptions {
  components: Pick<Components, "folders" | "programs" | "versions">;
  release: K3sRelease;
  /** Where the hosts download the release's files; copied to them by ssh when left out. */
  baseUrl?: string | undefined;
  extraImages?: readonly ImageArchive[];
  /** Whether Argo CD is to make of it what the lab's git server has; its images are needed then. */
  withGitops?: boolean;
  progress: Progress;
  signal?: AbortSignal;
}

export interface LabCluster {
  /** UID of kube-system, which the lab's site.yaml now has. */
  uid: string;
  /** How many tasks have changed something, by host; undefined when there was nothing to run. */
  changed: Readonly<Record<string, number>> | undefined;
  /** How long each phase of init-cluster.ts took, by its id; empty when there was nothing to run. */
  phaseSeconds: Readonly<Record<string, number>>;
}

/**
 * Makes the cluster out of the lab's bare hosts, over its mesh, with the project's own commands. When
 * the last run of them was the same and all nodes are Ready, it only looks. Then the lab's site has
 * the cluster's kubeconfig and UID. Throws what prepareSite throws, the error of init-cluster.ts, and
 * LAB_CLUSTER_UNKNOWN.
 */
export async function ensureCluster(paths: LabPaths, options: ClusterOptions): Promise<LabCluster> {
  const { progress } = options;
  await prepareSite(paths, options);
  const isThere = (await isLastRun(paths)) && (await isClusterReady(paths));
  let made: Pick<LabCluster, "changed" | "phaseSeconds"> = { changed: undefined, phaseSeconds: {} };
  if (!isThere) {
    // A run that fails may have changed something, too.
    await rm(paths.clusterRun, { force: true });
    await forgetCluster(paths);
    made = await initCluster(paths, options);
  }
  const uid = await readClusterUid(paths);
  // The playbooks have written addresses and keys into the inventory.
  await writeFile(paths.clusterRun, await nameRun(paths));
  progress.say(isThere ? "the cluster was there already" : "the cluster is up");
  return { uid, ...made };
}

/**
 * Gives the lab's site what a person has before the first run of init-cluster.ts: programs, hosts
 * that can be logged in to in three ways, secrets, and the settings of the roles. Throws what
 * ensureAnsible, ensureLogins, ensureSiteSecrets and planMeshVariables throw.
 */
export async function prepareSite(
  paths: LabPaths,
  options: Omit<ClusterOptions, "signal"> & { signal?: AbortSignal | undefined },
): Promise<void> {
  const { components, progress, signal = new AbortController().signal } = options;
  const bin = await ensureAnsible({ progress, signal });
  await linkPrograms(paths, {
    ...Object.fromEntries(ansiblePrograms.map((name) => [name, path.join(bin, name)])),
    ...Object.fromEntries(
      ["sops", "age-keygen", "kubectl"].map((name) => [
        name,
        getProgram(components.programs, name),
      ]),
    ),
  });
  // Ansible would else write to the user's own ~/.ansible.
  await mkdir(paths.ansible, { recursive: true });
  await ensureLogins(paths);
  // A private one, so that credentials are made, encrypted and used.
  const repositories = [{ url: serverUrls.git, username: gitUser, credential: "lab" }];
  await writeFile(paths.repositories, stringify({ repositories }));
  await ensureSiteSecrets(paths, { progress, signal });
  if (options.withGitops === true) await publishSite(paths);
  const sums = parseSums(await readFile(options.release.sums, "utf8"));
  const folder = path.join(paths.inventory, "group_vars/k3s_cluster");
  await mkdir(folder, { recursive: true });
  const variables = {
    ...buildVariables(paths, sums, options),
    ...(await planMeshVariables(components)),
  };
  await writeFile(path.join(folder, "cluster.yml"), stringify(variables));
}

/** Runs scripts/setup/init-cluster.ts as a person would; throws the error that it prints. */
async function initCluster(
  paths: LabPaths,
  { withGitops = false, progress, signal = new AbortController().signal }: ClusterOptions,
): Promise<Pick<LabCluster, "changed" | "phaseSeconds">> {
  const { exitCode, document } = await runScript(
    paths,
    ["scripts/setup/init-cluster.ts", "--confirm", "lab", ...(withGitops ? [] : ["--nodes-only"])],
    {
      home: paths.ansible,
      env: { ANSIBLE_HOME: paths.ansible },
      onLine: (line) => progress.say(`  ${line}`),
      signal,
    },
  );
  const { phases = [] } = (document.result ?? {}) as {
    phases?: { id: string; seconds: number; facts: { changed?: Record<string, number> } }[];
  };
  if (exitCode === exitCodes.done) {
    const changed: Record<string, number> = {};
    for (const [host, count] of phases.flatMap(({ facts }) =>
      Object.entries(facts.changed ?? {}),
    )) {
      changed[host] = (changed[host] ?? 0) + count;
    }
    const phaseSeconds = Object.fromEntries(phases.map(({ id, seconds }) => [id, seconds]));
    return { changed, phaseSeconds };
  }
  throw new InfraError({
    message: `init-cluster.ts ended with code ${exitCode}`,
    code: "LAB_INIT_FAILED",
    fix: "Correct it, then run the same command again",
    ...document.error,
    exitCode: exitCodes.failed,
  });
}

/** A name for a run of the playbooks with all that they read. */
async function nameRun(paths: LabPaths): Promise<string> {
  const [playbooks, inventory, versions] = await Promise.all([
    readSources(ansibleFolder),
    readSources(paths.inventory),
    readFile(versionsFile, "utf8"),
  ]);
  return makeKey("run", { ...playbooks, inventory: makeKey("inventory", inventory), versions });
}

async function isLastRun(paths: LabPaths): Promise<boolean> {
  const last = await readFile(paths.clusterRun, "utf8").catch(() => "");
  const kubeconfig = await stat(paths.kubeconfig).catch(() => undefined);
  return kubeconfig !== undefined && last === (await nameRun(paths));
}

/** What the roles leave to each place: where the release comes from, and how hosts see each other. */
export function buildVariables(
  paths: Pick<LabPaths, "kubeconfig" | "privateKey">,
  sums: ReadonlyMap<string, string>,
  {
    release,
    baseUrl,
    extraImages = [],
  }: Pick<ClusterOptions, "release" | "baseUrl" | "extraImages">,
): Record<string, unknown> {
  const getSum = (file: string): string => {
    const sum = sums.get(path.basename(file));
    if (sum === undefined) throw new Error(`${release.sums} has no sum of ${path.basename(file)}`);
    return sum;
  };
  const restoreImage =
    baseUrl === undefined
      ? { file: release.restoreImage }
      : { url: `${baseUrl}/${path.basename(release.restoreImage)}` };
  return {
    k3s_cluster_name: "lab",
    kubeconfig_path: paths.kubeconfig,
    k3s_version: release.version,
    ...(baseUrl === undefined ? { k3s_release_folder: release.folder } : { k3s_base_url: baseUrl }),
    k3s_sha256: getSum(release.k3s),
    k3s_images: path.basename(release.images),
    k3s_images_sha256: getSum(release.images),
    k3s_extra_images: extraImages,
    node_agent_restore_image: { ...restoreImage, sha256: getSum(release.restoreImage) },
    // Without a mesh: no route of the hosts leads out of the lab, so none is the default one.
    k3s_flannel_iface: "{{ k3s_mesh_iface if mesh_ip is defined else 'eth0' }}",
    // For the host that begins with a password; what would be its default is the user's own key.
    common_key_file: `{{ ansible_ssh_private_key_file | default('${paths.privateKey}', true) }}`,
    // The hosts reach no mirror that has the package.
    common_automatic_updates: false,
    // The stand-in starts on either; the machine decides which one its containers get.
    k3s_allow_cgroup_v1: true,
  };
}

/** The sums by the names of their files, from what `sha256sum` writes. */
export function parseSums(text: string): Map<string, string> {
  return new Map(
    [...text.matchAll(/^([0-9a-f]{64}) [ *](.+)$/gm)].map(([, sum = "", name = ""]) => [name, sum]),
  );
}
