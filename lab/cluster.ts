import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { stringify } from "yaml";
import { exitCodes, InfraError } from "../lib/errors.ts";
import { ensureAnsible } from "./ansible.ts";
import { labHosts } from "./host-list.ts";
import { askHost } from "./host.ts";
import type { K3sRelease } from "./k3s-release.ts";
import type { LabPaths } from "./paths.ts";
import { runPlaybook } from "./playbook.ts";
import type { Progress } from "./progress.ts";
import { recordCluster } from "./site.ts";

/** An archive of images for every node, on this machine or where the hosts can download it. */
export type ImageArchive = { sha256: string } & ({ file: string } | { url: string });

export interface ClusterOptions {
  release: K3sRelease;
  /** Where the hosts download the release's files; copied to them by ssh when left out. */
  baseUrl?: string | undefined;
  extraImages?: readonly ImageArchive[];
  progress: Progress;
  signal?: AbortSignal;
}

export interface LabCluster {
  /** UID of kube-system, which the lab's site.yaml now has. */
  uid: string;
  /** How many tasks have changed something, by host. */
  changed: Readonly<Record<string, number>>;
}

/**
 * Makes the cluster on the lab's hosts with the project's own playbooks, and changes nothing when
 * it is there. Then the lab's site has its kubeconfig and its UID. Throws what ensureAnsible and
 * runPlaybook throw, and LAB_CLUSTER_UNKNOWN.
 */
export async function ensureCluster(paths: LabPaths, options: ClusterOptions): Promise<LabCluster> {
  const { progress, signal } = options;
  const bin = await ensureAnsible({ progress, signal });
  const sums = parseSums(await readFile(options.release.sums, "utf8"));
  const folder = path.join(paths.inventory, "group_vars/k3s_cluster");
  await mkdir(folder, { recursive: true });
  const variables = stringify(buildVariables(paths, sums, options));
  await writeFile(path.join(folder, "cluster.yml"), variables);
  const { changed } = await runPlaybook(paths, "k3s-cluster", { bin, progress, signal });
  const uid = await readClusterUid(paths);
  await recordCluster(paths, uid);
  const isUnchanged = Object.values(changed).every((count) => count === 0);
  progress.say(isUnchanged ? "the cluster was there already" : "the cluster is up");
  return { uid, changed };
}

/** What the roles leave to each place: where the release comes from, and how hosts see each other. */
export function buildVariables(
  paths: Pick<LabPaths, "kubeconfig">,
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
    k3s_flannel_iface: "eth0",
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

async function readClusterUid(paths: LabPaths): Promise<string> {
  const server = labHosts.find(({ group }) => group === "k3s_masters")?.name ?? "";
  const ask = "k3s kubectl get namespace kube-system --output=jsonpath={.metadata.uid}";
  const { stdout, stderr } = await askHost(paths, server, ask);
  if (/^[0-9a-f-]{36}$/.test(stdout)) return stdout;
  throw new InfraError({
    code: "LAB_CLUSTER_UNKNOWN",
    message: "the lab's cluster does not say which one it is",
    why: stderr.trim() || "kube-system has no UID",
    fix: "Run the same command again",
    exitCode: exitCodes.failed,
  });
}
