import { createHash } from "node:crypto";
import { throwAll } from "../config/load-yaml.ts";
import { InfraError } from "../errors.ts";
import { credentialsFile, listCredentialKeys, type Repository } from "./repositories.ts";

/** A Secret as Argo CD finds its repositories (https://argo-cd.readthedocs.io/en/stable/operator-manual/argocd-repositories-yaml/). */
export interface RepositorySecret {
  apiVersion: "v1";
  kind: "Secret";
  metadata: { name: string; namespace: string; labels: Record<string, string> };
  stringData: Record<string, string>;
}

/**
 * A Secret for each repository; `credentials` are the values of the credentials file. Throws
 * ARGOCD_CREDENTIAL_MISSING, ARGOCD_CREDENTIAL_INCOMPLETE, and CONFIG_INVALID for several of these.
 */
export function renderRepositorySecrets(
  repositories: readonly Repository[],
  credentials: Readonly<Partial<Record<string, string>>>,
): RepositorySecret[] {
  const faults = repositories.flatMap((one) => findFault(one, credentials) ?? []);
  throwAll(repositories[0]?.place.file ?? "", faults);
  return repositories.map((repository) => {
    const { url, type, project, username } = repository;
    const secrets = Object.fromEntries(
      listCredentialKeys(repository).map(
        (key) => [key.slice(key.indexOf(".") + 1), credentials[key] ?? ""] as const,
      ),
    );
    return {
      apiVersion: "v1",
      kind: "Secret",
      metadata: {
        name: nameSecret(repository),
        namespace: "argocd",
        labels: { "argocd.argoproj.io/secret-type": "repository" },
      },
      stringData: {
        type,
        url,
        ...(project === undefined ? {} : { project }),
        ...("password" in secrets ? { username } : {}),
        ...secrets,
      },
    };
  });
}

/** The same from run to run, with a part that a person knows it by. */
function nameSecret({ url, project }: Repository): string {
  const sum = createHash("sha256")
    .update(`${project ?? ""} ${url}`)
    .digest("hex")
    .slice(0, 8);
  const last = url.replace(/\.git$|\/$/, "").replace(/^.*[/:]/, "");
  const word = last
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .slice(0, 40);
  return `repository-${word}-${sum}`.replaceAll(/-{2,}/g, "-");
}

function findFault(
  repository: Repository,
  credentials: Readonly<Partial<Record<string, string>>>,
): InfraError | undefined {
  const { credential, place } = repository;
  const missing = listCredentialKeys(repository).filter((key) => !credentials[key]);
  if (missing.length === 0) return undefined;
  const isThere = Object.keys(credentials).some((key) => key.startsWith(`${credential}.`));
  const keys = missing.map((key) => `"${key}"`).join(" and ");
  if (isThere) {
    return new InfraError({
      code: "ARGOCD_CREDENTIAL_INCOMPLETE",
      message: `the credential "${credential}" is not whole`,
      where: place,
      why: `${credentialsFile} has no ${keys}`,
      fix: `Add it: sops edit ${credentialsFile}`,
    });
  }
  return new InfraError({
    code: "ARGOCD_CREDENTIAL_MISSING",
    message: `there is no credential "${credential}"`,
    where: place,
    why: `${credentialsFile} has no ${keys}`,
    fix: `npx zx scripts/setup/init-secrets.ts, which asks for it; or, where the file is there, add it: sops edit ${credentialsFile}`,
  });
}
