import { loadYaml, throwAll } from "../config/load-yaml.ts";
import { showPath } from "../config/paths.ts";
import { InfraError, type Place } from "../errors.ts";
import type { Locate } from "../schema/explain.ts";
import { repositoriesSchema } from "./repositories.schema.ts";

/** Where Argo CD may take something from. */
export interface Repository {
  url: string;
  type: "git" | "helm";
  /** The only AppProject that may use it. */
  project: string | undefined;
  credential: string | undefined;
  /** The user that the credential's password is of, over HTTPS. */
  username: string;
  /** Where it is listed. */
  place: Place;
}

/** The encrypted file with what the repositories need, below the site's folder. */
export const credentialsFile = "config/argocd/credentials.sops.yaml";

/**
 * Loads a list of repositories. Throws ARGOCD_REPOSITORY_TWICE, ARGOCD_REPOSITORY_SSH_CHARTS, both
 * within CONFIG_INVALID when there are several, and what loadYaml throws.
 */
export async function loadRepositories(file: string): Promise<Repository[]> {
  const { value, locate } = await loadYaml(file, repositoriesSchema);
  const repositories = value.repositories.map((one, index): Repository => ({
    url: one.url,
    type: one.type ?? "git",
    project: one.project,
    credential: one.credential,
    // What is given with a token matters to no forge, but it must not be empty.
    username: one.username ?? "git",
    place: locate(["repositories", String(index)], "value"),
  }));
  throwAll(showPath(file), findFaults(repositories, locate));
  return repositories;
}

/** The keys of the credentials file that a repository needs; none without a credential. */
export function listCredentialKeys({ url, credential }: Repository): string[] {
  if (credential === undefined) return [];
  const fields = isSsh(url) ? ["sshPrivateKey"] : ["password"];
  return fields.map((field) => `${credential}.${field}`);
}

function findFaults(repositories: readonly Repository[], locate: Locate): InfraError[] {
  const seen = new Set<string>();
  return repositories.flatMap(({ url, type, project }, index) => {
    const where = locate(["repositories", String(index), "url"], "value");
    const name = `${project ?? ""} ${url}`;
    const isSecond = seen.has(name);
    seen.add(name);
    return [
      ...(isSecond ? [twice(where)] : []),
      ...(type === "helm" && isSsh(url) ? [chartsBySsh(where)] : []),
    ];
  });
}

function isSsh(url: string): boolean {
  return !url.startsWith("https://");
}

function twice(where: Place): InfraError {
  return new InfraError({
    code: "ARGOCD_REPOSITORY_TWICE",
    message: "this repository is listed a second time for the same project",
    where,
    why: "Argo CD would take one of the two credentials, and not say which",
    fix: "Keep one of them",
  });
}

function chartsBySsh(where: Place): InfraError {
  return new InfraError({
    code: "ARGOCD_REPOSITORY_SSH_CHARTS",
    message: "a repository of charts cannot be read over SSH",
    where,
    why: "Helm fetches index.yaml and the charts over https://",
    fix: "Give its https:// address; or take out type: helm, if the charts lie in a Git repository",
  });
}
