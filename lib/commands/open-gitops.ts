import path from "node:path";
import { argoFieldManager, argoNamespace, rootApplication } from "../argocd/names.ts";
import type { Gitops } from "../bootstrap/world.ts";
import { showPath } from "../config/paths.ts";
import type { Site } from "../config/site.ts";
import { exitCodes, InfraError } from "../errors.ts";
import type { GitLogin } from "../exec/git.ts";
import type { Applying } from "../exec/kubectl.ts";
import type { Application, KubeObject, Secret } from "../objects.ts";

/** Whose fields the Secrets are that Argo CD reads and does not keep. */
const ownFieldManager = "infra-k3s";

/** What Argo CD starts from, and a look at all of it before anything is changed. */
export interface OpenGitops {
  gitops: Gitops;
  /**
   * Sees that Argo CD will be able to read and decrypt what it is started with. Throws GITOPS_*, GIT_*,
   * ARGOCD_REPOSITORIES_*, SECRETS_*, EXEC_MISSING.
   */
  check(): Promise<void>;
  /** Replaces the pods of one of Argo CD's Deployments, and waits for them. Throws KUBECTL_*. */
  restart(deployment: string): Promise<void>;
}

/** Where Argo CD's root reads from. */
interface Source {
  url: string;
  branch: string;
}

/** Connects what Argo CD is started from: the site's bootstrap folder, its secrets, its repository. */
export function openGitops(site: Site, env: NodeJS.ProcessEnv): OpenGitops {
  let rendered: Promise<KubeObject[]> | undefined;
  // It downloads what upstream publishes: once is enough.
  const render = async (): Promise<KubeObject[]> => await (rendered ??= renderFolder(site, env));
  const readSource = async (): Promise<Source> => findSource(await render(), site);

  async function readCommit(): Promise<string> {
    const { readRemoteCommit } = await import("../exec/git.ts");
    const source = await readSource();
    const login = await findLogin(source.url, site, env);
    return await readRemoteCommit(source.url, source.branch, { env, login });
  }

  async function openKubectl(fieldManager: string): Promise<Applying> {
    const { getKubectl } = await import("../exec/kubectl.ts");
    const kubectl = await getKubectl(env);
    return { kubectl, kubeconfigFile: site.kubeconfigFile, fieldManager, env };
  }

  async function apply(
    objects: readonly KubeObject[],
    fieldManager: string = argoFieldManager,
  ): Promise<void> {
    const { applyObjects } = await import("../exec/kubectl.ts");
    await applyObjects(objects, await openKubectl(fieldManager));
  }

  return {
    gitops: {
      render,
      readCommit,
      readSecrets: async () => await readSecrets(site, env),
      apply: async (objects) => await apply(objects),
      applySecrets: async (secrets) => await apply(secrets, ownFieldManager),
    },
    async check() {
      const { getKubectl } = await import("../exec/kubectl.ts");
      await getKubectl(env);
      await readSource();
      await readSecrets(site, env);
      checkPushed(site, await readOwnState(site), await readCommit(), await readSource());
    },
    async restart(name) {
      const { restartDeployment } = await import("../exec/kubectl.ts");
      const deployment = { name, namespace: argoNamespace };
      await restartDeployment(deployment, await openKubectl(ownFieldManager));
    },
  };
}

async function renderFolder(site: Site, env: NodeJS.ProcessEnv): Promise<KubeObject[]> {
  const { buildKustomization, getKustomize } = await import("../exec/kustomize.ts");
  const { parseAllDocuments } = await import("yaml");
  const folder = site.bootstrapFolder;
  const { code, stdout, stderr } = await buildKustomization(await getKustomize(env), folder, env);
  if (code === 0) {
    return parseAllDocuments(stdout).map((document) => document.toJS() as KubeObject);
  }
  const isAway = /dial tcp|no such host|i\/o timeout|connection refused|TLS handshake/i.test(
    stderr,
  );
  throw new InfraError({
    code: isAway ? "GITOPS_UPSTREAM_UNREACHABLE" : "GITOPS_BUILD_FAILED",
    message: `${showPath(folder)} cannot be built`,
    where: { file: showPath(path.join(folder, "kustomization.yaml")) },
    why: stderr.trim().split("\n").slice(-shownLines).join("\n"),
    fix: isAway
      ? "See that this machine reaches what it names, then run the same command again"
      : "Correct it: npm run validate",
  });
}

const shownLines = 5;

function findSource(objects: readonly KubeObject[], site: Site): Source {
  const where = { file: showPath(site.bootstrapFolder) };
  const root = objects.find(
    ({ kind, metadata }) => kind === "Application" && metadata.name === rootApplication,
  ) as Application | undefined;
  const { repoURL: url = "", targetRevision: branch = "main" } = root?.spec.source ?? {};
  if (root === undefined || url === "") {
    throw new InfraError({
      code: "GITOPS_ROOT_MISSING",
      message: `there is no Application "${rootApplication}" with a source`,
      where,
      why: "Argo CD would not know what it has to keep",
      fix: "Take kubernetes/bootstrap/argocd from Git as it was",
    });
  }
  if (/\/OWNER\//.test(url)) {
    throw new InfraError({
      code: "GITOPS_REPOSITORY_UNSET",
      message: "nobody has said yet where this repository is; nothing was changed",
      where: { file: "kubernetes/repository/kustomization.yaml" },
      why: `OWNER stands for whoever has it, in ${url}`,
      fix: "Write its address there and into config/argocd/repositories.yaml, commit and push; or leave Argo CD for later: --nodes-only",
    });
  }
  return { url, branch };
}

async function readSecrets(site: Site, env: NodeJS.ProcessEnv): Promise<Secret[]> {
  const { buildClusterKeySecret, readClusterKey } = await import("../secrets/cluster-key.ts");
  const { readRepositorySecrets } = await import("./read-repository-secrets.ts");
  const identity = await readClusterKey({ site, env });
  return [buildClusterKeySecret(identity), ...(await readRepositorySecrets(site, env))];
}

async function findLogin(
  url: string,
  site: Site,
  env: NodeJS.ProcessEnv,
): Promise<GitLogin | undefined> {
  const { readLogin } = await import("./read-repository-secrets.ts");
  return await readLogin(url, site, env);
}

/** What the work tree of the bootstrap folder is at. */
interface OwnState {
  commit: string;
  uncommitted: readonly string[];
}

async function readOwnState(site: Site): Promise<OwnState> {
  const { listUncommitted, readCommit } = await import("../exec/git.ts");
  const folder = site.bootstrapFolder;
  return {
    commit: await readCommit(folder),
    // From the top of its work tree; what an earlier run has escrowed is not for Argo CD.
    uncommitted: await listUncommitted(folder, [
      ":/kubernetes",
      ":/config",
      ":(top,exclude)config/escrow",
      folder,
    ]),
  };
}

/** Argo CD sees only what is pushed, and would at once make of the cluster what was there before. */
function checkPushed(
  site: Site,
  { commit, uncommitted }: OwnState,
  remoteCommit: string,
  { url, branch }: Source,
): void {
  if (uncommitted.length > 0) {
    throw new InfraError({
      code: "GITOPS_NOT_COMMITTED",
      message: "what Argo CD is to read is not committed; nothing was changed",
      where: { file: uncommitted[0] ?? showPath(site.bootstrapFolder) },
      why: uncommitted.join("\n"),
      fix: `Commit it and push it to ${branch}`,
      exitCode: exitCodes.badInput,
    });
  }
  if (commit === remoteCommit) return;
  throw new InfraError({
    code: "GITOPS_NOT_PUSHED",
    message: `${branch} of ${url} is not what is here; nothing was changed`,
    why: `it is at ${remoteCommit.slice(0, 12)}, and this work tree at ${commit.slice(0, 12)}`,
    fix: `git push, or git pull, until both are the same`,
  });
}
