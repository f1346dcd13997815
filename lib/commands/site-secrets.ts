import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { loadRepositories } from "../argocd/repositories.ts";
import { parseYamlDocuments } from "../config/parse-yaml.ts";
import { repositoryRoot, showPath } from "../config/paths.ts";
import type { Endpoint, Site } from "../config/site.ts";
import { InfraError } from "../errors.ts";
import type { SecretDefinition } from "../secrets/items.ts";
import type { ClearSecret } from "../secrets/secret-file.ts";
import { defaultCredential, repositorySecret, veleroNamespace } from "../velero/names.ts";
import { defineCredentials } from "./argocd-credentials.ts";

/** The bucket of etcd's snapshots; Velero takes folders of others in its own for damage. */
export const etcdBucket = "infra-k3s-etcd";

/** What k3s is pointed to by etcd-s3-config-secret (https://docs.k3s.io/cli/etcd-snapshot). */
export const etcdSecretName = "k3s-etcd-snapshot-s3-config";

/** The Secret and its key that external-dns and cert-manager take Cloudflare's token from. */
export const cloudflareSecret = { name: "cloudflare-api-token", key: "api-token" };

/** Where a Secret with a password of backups lies, below the site's folder. */
export function getPasswordFile(name: string): string {
  return `kubernetes/infrastructure/velero/${name}.sops.yaml`;
}

/** A Secret with a password of Velero's backups. */
export function buildPassword(name: string, password: string): ClearSecret {
  return { name, namespace: veleroNamespace, values: { [repositorySecret.key]: password } };
}

/** The Secrets that init-secrets writes. Throws what readObjectStore and loadRepositories throw. */
export async function listDefinitions(site: Site): Promise<SecretDefinition[]> {
  const store = await readObjectStore(site);
  const authority =
    store.caFile === undefined ? undefined : (await readFile(store.caFile)).toString("base64");
  return [
    {
      file: `kubernetes/infrastructure/velero/${defaultCredential.name}.sops.yaml`,
      title: "Velero's keys of R2",
      needs: ["r2KeyId", "r2Key"],
      keys: [defaultCredential.key],
      build: ({ r2KeyId = "", r2Key = "" }) => ({
        name: defaultCredential.name,
        namespace: veleroNamespace,
        values: {
          [defaultCredential.key]: `[default]\naws_access_key_id = ${r2KeyId}\naws_secret_access_key = ${r2Key}\n`,
        },
      }),
    },
    {
      file: getPasswordFile(repositorySecret.name),
      title: "password of Velero's backups",
      needs: [],
      keys: [repositorySecret.key],
      build: () => buildPassword(repositorySecret.name, randomBytes(32).toString("hex")),
    },
    {
      file: `kubernetes/infrastructure/k3s/${etcdSecretName}.sops.yaml`,
      title: "where etcd's snapshots go",
      needs: ["r2KeyId", "r2Key"],
      keys: ["etcd-s3-endpoint", "etcd-s3-access-key", "etcd-s3-secret-key", "etcd-s3-bucket"],
      build: ({ r2KeyId = "", r2Key = "" }) => ({
        name: etcdSecretName,
        namespace: "kube-system",
        type: "etcd.k3s.cattle.io/s3-config-secret",
        values: {
          "etcd-s3-endpoint": new URL(store.url).host,
          "etcd-s3-access-key": r2KeyId,
          "etcd-s3-secret-key": r2Key,
          "etcd-s3-bucket": etcdBucket,
          "etcd-s3-folder": site.clusterName,
          // The only region that R2 has.
          "etcd-s3-region": "auto",
          ...(authority === undefined ? {} : { "etcd-s3-endpoint-ca": authority }),
        },
      }),
    },
    ...["external-dns", "cert-manager"].map((namespace): SecretDefinition => ({
      file: `kubernetes/infrastructure/${namespace}/${cloudflareSecret.name}.sops.yaml`,
      title: `Cloudflare's token for ${namespace}`,
      needs: ["cloudflareToken"],
      keys: [cloudflareSecret.key],
      build: ({ cloudflareToken = "" }) => ({
        name: cloudflareSecret.name,
        namespace,
        values: { [cloudflareSecret.key]: cloudflareToken },
      }),
    })),
    ...defineCredentials(await loadRepositories(site.repositoriesFile)),
  ];
}

/**
 * Where the site's buckets are: its site.yaml, else Velero's storage location. Throws
 * SECRETS_ACCOUNT_MISSING while the id of the account at Cloudflare is not written down.
 */
async function readObjectStore(site: Site): Promise<Endpoint> {
  if (site.objectStore !== undefined) return site.objectStore;
  const file = path.join(repositoryRoot, "config/velero/backup-locations.yaml");
  const name = showPath(file);
  // All of them are in one place, or else site.yaml says where the others are.
  const [first] = await parseYamlDocuments(await readFile(file, "utf8"), name);
  const { value, locate = () => ({ file: name }) } = first ?? {};
  const url = (value as { spec?: { config?: { s3Url?: unknown } } } | undefined)?.spec?.config
    ?.s3Url;
  const isAddress = typeof url === "string" && URL.canParse(url);
  if (isAddress && !url.includes("ACCOUNT_ID")) return { url };
  throw new InfraError({
    code: "SECRETS_ACCOUNT_MISSING",
    message: "nobody has said yet where the buckets are; nothing was changed",
    where: locate(["spec", "config", "s3Url"], "value"),
    why: isAddress ? "ACCOUNT_ID stands for your account at Cloudflare" : "s3Url is no address",
    fix: "Put the account's id there (Cloudflare's dashboard, R2, Account details), or objectStore into site.yaml",
  });
}
