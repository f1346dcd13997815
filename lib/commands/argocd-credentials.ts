import { credentialsFile, listCredentialKeys, type Repository } from "../argocd/repositories.ts";
import type { SecretDefinition } from "../secrets/items.ts";
import type { ValueName } from "../secrets/values.ts";

/** What is asked for, by the part of a key that follows the credential's name. */
const askedFor: Readonly<Record<string, ValueName>> = {
  password: "argocdGitPassword",
  sshPrivateKey: "argocdGitSshKey",
};

/**
 * The Secret with what Argo CD reads private repositories with; none when all are public. Only the
 * first credential is asked for: further ones are added to the file by a person.
 */
export function defineCredentials(repositories: readonly Repository[]): SecretDefinition[] {
  const keys = [...new Set(repositories.flatMap(listCredentialKeys))];
  const [first] = keys[0]?.split(".") ?? [];
  if (first === undefined) return [];
  const asked = keys.flatMap((key) => {
    const [credential, field = ""] = key.split(".");
    const value = askedFor[field];
    return credential === first && value !== undefined ? [{ key, value }] : [];
  });
  return [
    {
      file: credentialsFile,
      title: `Argo CD's credential "${first}"`,
      needs: asked.map(({ value }) => value),
      keys,
      build: (values) => ({
        name: "repository-credentials",
        namespace: "argocd",
        annotations: {
          "infra-k3s.io/applied-as": "a Secret for each repository of repositories.yaml",
        },
        values: Object.fromEntries(asked.map(({ key, value }) => [key, values[value] ?? ""])),
      }),
    },
  ];
}
