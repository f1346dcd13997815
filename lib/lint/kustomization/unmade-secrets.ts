import { listSecretFiles } from "../../manifests/kustomization.ts";
import type { Repository } from "../rule.ts";

/**
 * Whether a file that ksops is to decrypt is one that init-secrets makes: in a clone that nobody has
 * made secrets for, none of them is there, and neither are the rules for them. Those of apps are made
 * by hand.
 */
export function isUnmade(file: string, files: ReadonlySet<string>): boolean {
  if (file.startsWith("kubernetes/apps/")) return false;
  return !files.has(".sops.yaml") && !files.has(file) && /.\.sops\.ya?ml$/.test(file);
}

/** How many encrypted files, of those that generators of ksops name, are yet to be made. */
export function countUnmadeSecrets({ written, files }: Repository): number {
  const generators = written.filter(({ kind }) => kind === "ksops");
  const named = generators.flatMap(listSecretFiles).map(({ target }) => target);
  return new Set(named.filter((file) => isUnmade(file, files))).size;
}
