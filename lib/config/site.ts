import { readFile, rename, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import type { FromSchema } from "json-schema-to-ts";
import { InfraError } from "../errors.ts";
import type { Provider } from "../world.ts";
import { loadYaml } from "./load-yaml.ts";
import { expandHome, repositoryRoot, showPath } from "./paths.ts";
import { siteSchema } from "./site.schema.ts";

/** Where the API of a cloud provider answers, if not at its public address. */
export interface Endpoint {
  url: string;
  /** The only CA that is trusted there. */
  caFile?: string;
}

/** What belongs to one real place; every path is absolute. */
export interface Site {
  name: string;
  folder: string;
  /** Its site.yaml, which the work tree need not have. */
  file: string;
  clusterName: string;
  /** UID of the cluster's kube-system; undefined until somebody has recorded it. */
  kubeSystemUid: string | undefined;
  inventoryFolder: string;
  kubeconfigFile: string;
  runsFolder: string;
  powerEndpoints: Partial<Record<Provider, Endpoint>>;
  /** Host keys to trust instead of the user's own list. */
  sshKnownHostsFile: string | undefined;
  /** The operator's age identities, which open what SOPS has encrypted. */
  ageKeyFile: string;
  /** The private half of the second recipient, until a person has moved it away. */
  recoveryKeyFile: string;
  vaultPasswordFile: string;
  /** The kustomization that Argo CD is started from, in a clone of what it reads. */
  bootstrapFolder: string;
  /** Where buckets are, when it is not what config/velero/backup-locations.yaml says. */
  objectStore: Endpoint | undefined;
  /** The list of repositories that Argo CD may use; the work tree's, when the site has none of its own. */
  repositoriesFile: string;
  /** Where Cloudflare's API answers, if not at its public address. */
  cloudflare: Endpoint | undefined;
  /** The static DNS records; the work tree's, when the site has none of its own. */
  dnsRecordsFile: string;
}

export interface SiteChoice {
  /** The value of --site: a folder with a site.yaml, read from the current folder. */
  site?: string | undefined;
  /** The value of --kubeconfig. */
  kubeconfig?: string | undefined;
  /** INFRA_K3S_SITE is the only variable that is read; a relative one is read from `root`. */
  env: NodeJS.ProcessEnv;
  /** The work tree, which is the default site. */
  root?: string;
}

/**
 * Loads the site a command works on: --site, else INFRA_K3S_SITE, else the work tree.
 * Throws SITE_MISSING, and what loadYaml throws.
 */
export async function loadSite(choice: SiteChoice): Promise<Site> {
  const root = choice.root ?? repositoryRoot;
  const folder = chooseFolder(choice, root);
  const isWorkTree = folder === root;
  const file = path.join(folder, "site.yaml");
  const settings = await loadSettings(file, isWorkTree);
  const resolve = (text: string) => path.resolve(folder, expandHome(text));
  const resolveEndpoint = ({ url, caFile }: Endpoint): Endpoint => ({
    url,
    ...(caFile === undefined ? {} : { caFile: resolve(caFile) }),
  });
  const name = settings.name ?? path.basename(folder);
  return {
    name,
    folder,
    file,
    clusterName: settings.clusterName ?? name,
    kubeSystemUid: settings.clusterUid,
    inventoryFolder: resolve(
      settings.inventory ?? (isWorkTree ? "ansible/inventory" : "inventory"),
    ),
    // Not KUBECONFIG and not ~/.kube/config: they may name any cluster.
    kubeconfigFile:
      choice.kubeconfig === undefined
        ? resolve(settings.kubeconfig ?? "kubeconfig")
        : path.resolve(expandHome(choice.kubeconfig)),
    runsFolder: path.join(folder, "runs"),
    powerEndpoints: Object.fromEntries(
      Object.entries(settings.power ?? {}).map(([provider, endpoint]) => [
        provider,
        resolveEndpoint(endpoint),
      ]),
    ),
    sshKnownHostsFile:
      settings.sshKnownHosts === undefined ? undefined : resolve(settings.sshKnownHosts),
    ...findPrivateFiles(settings, isWorkTree, resolve),
    bootstrapFolder:
      settings.bootstrap === undefined
        ? path.join(root, "kubernetes/bootstrap")
        : resolve(settings.bootstrap),
    objectStore:
      settings.objectStore === undefined ? undefined : resolveEndpoint(settings.objectStore),
    repositoriesFile:
      settings.repositories === undefined
        ? path.join(root, "config/argocd/repositories.yaml")
        : resolve(settings.repositories),
    cloudflare:
      settings.cloudflare === undefined ? undefined : resolveEndpoint(settings.cloudflare),
    dnsRecordsFile: resolve(settings.dnsRecords ?? path.join(root, "config/dns/records.yaml")),
  };
}

/** Any other site than the work tree keeps its own keys, so that no two sites share one by chance. */
function findPrivateFiles(
  settings: { ageKey?: string; vaultPassword?: string },
  isWorkTree: boolean,
  resolve: (text: string) => string,
): Pick<Site, "ageKeyFile" | "recoveryKeyFile" | "vaultPasswordFile"> {
  const defaults = isWorkTree
    ? { ageKey: "~/.config/sops/age/keys.txt", vaultPassword: "~/.ansible-vault-pass" }
    : { ageKey: "private/age-keys.txt", vaultPassword: "private/ansible-vault-pass" };
  const ageKeyFile = resolve(settings.ageKey ?? defaults.ageKey);
  return {
    ageKeyFile,
    recoveryKeyFile: path.join(path.dirname(ageKeyFile), "recovery-key.txt"),
    vaultPasswordFile: resolve(settings.vaultPassword ?? defaults.vaultPassword),
  };
}

/**
 * Compares the cluster that answers with the one the site is about; `liveUid` is the UID of its
 * kube-system. Throws SITE_WRONG_CLUSTER, and SITE_CLUSTER_UNKNOWN while none is recorded.
 */
export function checkClusterIdentity(site: Site, liveUid: string): void {
  if (site.kubeSystemUid === liveUid) return;
  const where = { file: showPath(site.file) };
  if (site.kubeSystemUid === undefined) {
    throw new InfraError({
      code: "SITE_CLUSTER_UNKNOWN",
      message: `site "${site.name}" does not say which cluster it is about; nothing was changed`,
      where,
      why: `${showPath(site.kubeconfigFile)} leads to a cluster whose kube-system has the UID ${liveUid}`,
      fix: `If that is the cluster you mean, put this line into ${where.file}:\nclusterUid: ${liveUid}`,
    });
  }
  throw new InfraError({
    code: "SITE_WRONG_CLUSTER",
    message: `this is not the cluster of site "${site.name}"; nothing was changed`,
    where,
    why: `${showPath(site.kubeconfigFile)} leads to a cluster whose kube-system has the UID ${liveUid}, and the site's has ${site.kubeSystemUid}`,
    fix: "Give the --site or the --kubeconfig that belongs to the cluster you mean",
  });
}

/** Writes down in site.yaml which cluster the site is about; the rest of the file stays as it is. */
export async function recordClusterUid(site: Site, uid: string): Promise<void> {
  const text = await readFile(site.file, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return "";
    throw error;
  });
  const { parseDocument } = await import("yaml");
  const document = parseDocument(text);
  document.set("clusterUid", uid);
  await writeFile(`${site.file}.new`, document.toString());
  await rename(`${site.file}.new`, site.file);
}

function chooseFolder(choice: SiteChoice, root: string): string {
  if (choice.site !== undefined) return path.resolve(expandHome(choice.site));
  const fromEnvironment = choice.env["INFRA_K3S_SITE"];
  return fromEnvironment ? path.resolve(root, expandHome(fromEnvironment)) : root;
}

async function loadSettings(
  file: string,
  isWorkTree: boolean,
): Promise<FromSchema<typeof siteSchema>> {
  const found = await stat(file).catch(() => undefined);
  if (found === undefined) {
    if (isWorkTree) return {};
    throw new InfraError({
      code: "SITE_MISSING",
      message: `${showPath(path.dirname(file))} is not a site`,
      why: "there is no site.yaml in it",
      fix: "Give --site, or INFRA_K3S_SITE, a folder with a site.yaml",
    });
  }
  return (await loadYaml(file, siteSchema)).value;
}
