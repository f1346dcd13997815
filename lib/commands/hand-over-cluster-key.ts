import { isDeepStrictEqual } from "node:util";
import { listOfRoot } from "../argocd/follows-root.ts";
import { argoNamespace, repoServer, rootApplication } from "../argocd/names.ts";
import type { Gitops } from "../bootstrap/world.ts";
import { showPath } from "../config/paths.ts";
import type { Site } from "../config/site.ts";
import { exitCodes, InfraError } from "../errors.ts";
import type { Application } from "../objects.ts";
import { buildClusterKeySecret } from "../secrets/cluster-key.ts";
import type { ClusterKeyState } from "../secrets/rotate-cluster-key.ts";
import type { Cluster } from "../world.ts";
import type { Rotation } from "./rotation.ts";

/**
 * What gives the cluster its new key alone, and starts anew what reads it; undefined when it has it. Sees
 * before that whatever Argo CD renders from now on opens with that key: it is pushed, and every
 * Application has read it. Throws SECRETS_ARGOCD_BEHIND, SECRETS_CLUSTER_CANNOT_READ, SITE_*, CLUSTER_*,
 * and what openGitops's check throws.
 */
export async function openHandOver(
  { site, env }: Rotation,
  { newer, older }: ClusterKeyState,
): Promise<(() => Promise<void>) | undefined> {
  const [{ connectCluster }, { checkIdentity }, { openGitops }] = await Promise.all([
    import("../cluster/connect.ts"),
    import("./open-world.ts"),
    import("./open-gitops.ts"),
  ]);
  const cluster = await connectCluster({ kubeconfig: site.kubeconfigFile });
  await checkIdentity(site, cluster);
  const secret = buildClusterKeySecret(newer.text);
  const { name, namespace = "" } = secret.metadata;
  const present = await cluster.find({ kind: "Secret", name, namespace });
  if (isDeepStrictEqual(present?.data, secret.data)) return undefined;
  const { gitops, check, restart } = openGitops(site, env);
  await check();
  await checkClone(
    site,
    newer.recipient,
    older.map(({ recipient }) => recipient),
  );
  await checkRead(cluster, gitops);
  return async () => {
    await gitops.applySecrets([secret]);
    // Of a Secret that is mounted, its pods see a change only after a minute or two.
    await restart(repoServer);
  };
}

/** What is pushed may come from another folder than the site's. */
async function checkClone(site: Site, newer: string, older: readonly string[]): Promise<void> {
  const { readTop } = await import("../exec/git.ts");
  const { loadEncryptedFiles } = await import("../secrets/encrypted-files.ts");
  const files = await loadEncryptedFiles({ folder: await readTop(site.bootstrapFolder) });
  const closed = files
    .filter(({ recipients }) => older.some((one) => recipients.includes(one)))
    .filter(({ recipients }) => !recipients.includes(newer))
    .map(({ file }) => showPath(file));
  if (closed.length === 0) return;
  throw new InfraError({
    code: "SECRETS_CLUSTER_CANNOT_READ",
    message: "what Argo CD reads is not encrypted for the cluster's new key; nothing was changed",
    where: { file: closed[0] ?? "" },
    why: closed.join("\n"),
    fix: "Put the files of the site there as they are now, commit and push",
  });
}

/** What was rendered from an older commit could still need the old key. */
async function checkRead(cluster: Cluster, gitops: Gitops): Promise<void> {
  const commit = await gitops.readCommit();
  const applications = await cluster.list("Application", { namespace: argoNamespace });
  const behind = listOfRoot(applications).filter(({ status }) => status?.sync?.revision !== commit);
  const hasRoot = applications.some(({ metadata }) => metadata.name === rootApplication);
  if (hasRoot && behind.length === 0) return;
  throw new InfraError({
    code: "SECRETS_ARGOCD_BEHIND",
    message: hasRoot
      ? `Argo CD has not read commit ${commit.slice(0, 12)} everywhere yet; nothing was changed`
      : "there is no Argo CD in the cluster that could take a new key; nothing was changed",
    why: hasRoot
      ? behind.map(nameRevision).join("\n")
      : `there is no Application "${rootApplication}"`,
    fix: hasRoot
      ? "Wait some minutes and run the same command again; what it says for longer: kubectl get applications -n argocd"
      : "npx zx scripts/setup/init-cluster.ts; then run the same command again",
    exitCode: exitCodes.needsPerson,
  });
}

function nameRevision({ metadata, status }: Application): string {
  return `${metadata.name} is at ${status?.sync?.revision?.slice(0, 12) || "no commit"}`;
}
