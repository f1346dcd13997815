import path from "node:path";
import { renderRepositorySecrets } from "../argocd/render-repository-secrets.ts";
import { credentialsFile, loadRepositories, type Repository } from "../argocd/repositories.ts";
import type { Site } from "../config/site.ts";
import type { GitLogin } from "../exec/git.ts";
import type { Secret } from "../objects.ts";
import { readSecret } from "../secrets/secret-file.ts";

/**
 * The Secrets by which Argo CD knows the site's repositories. Throws what loadRepositories, readSecret
 * and renderRepositorySecrets throw.
 */
export async function readRepositorySecrets(site: Site, env: NodeJS.ProcessEnv): Promise<Secret[]> {
  const repositories = await loadRepositories(site.repositoriesFile);
  return renderRepositorySecrets(repositories, await readCredentials(repositories, site, env));
}

/**
 * How to log in to a repository over HTTPS; undefined for one that is public, is reached by ssh, or is
 * not in the list. Throws what loadRepositories and readSecret throw.
 */
export async function readLogin(
  url: string,
  site: Site,
  env: NodeJS.ProcessEnv,
): Promise<GitLogin | undefined> {
  const repositories = await loadRepositories(site.repositoriesFile);
  const found = repositories.find((one) => one.url === url);
  if (found?.credential === undefined) return undefined;
  const credentials = await readCredentials(repositories, site, env);
  const password = credentials[`${found.credential}.password`];
  return password === undefined ? undefined : { username: found.username, password };
}

/** Nothing is decrypted where every repository is public. */
async function readCredentials(
  repositories: readonly Repository[],
  site: Site,
  env: NodeJS.ProcessEnv,
): Promise<Record<string, string>> {
  if (repositories.every(({ credential }) => credential === undefined)) return {};
  return (await readSecret(path.join(site.folder, credentialsFile), { site, env })) ?? {};
}
