import type { OwnSchemaName } from "./own-files.ts";

/** Who says what a file may look like. */
export type Claim =
  /** Objects for the cluster. */
  | { kind: "manifests" }
  /** A YAML file of ours, with a schema of its own. */
  | { kind: "config"; name: OwnSchemaName }
  /** YAML that another tool reads; only its syntax is judged. */
  | { kind: "yaml"; reader: string }
  | { kind: "json"; reader: string }
  /** Made wrong on purpose, for the tests. */
  | { kind: "fixture" }
  /** Any other text. */
  | { kind: "text" };

/** The first pattern that fits a path decides. */
const claims: readonly [RegExp, Claim][] = [
  [/^test\/fixtures\//, { kind: "fixture" }],
  // Templates, whose images are put in when they are used.
  [/^lab\/k3s\/server\/manifests\//, { kind: "yaml", reader: "the lab's k3s" }],
  [/^config\/versions\.yaml$/, { kind: "config", name: "versions" }],
  [/^config\/dr\/policy\.yaml$/, { kind: "config", name: "policy" }],
  [/^config\/argocd\/repositories\.yaml$/, { kind: "config", name: "argocd-repositories" }],
  [/^config\/dns\/records\.yaml$/, { kind: "config", name: "dns-records" }],
  [/^config\/lint-ignore\.yaml$/, { kind: "config", name: "lint-ignore" }],
  [/^config\/schemas\/sources\.yaml$/, { kind: "config", name: "schema-sources" }],
  [/^config\/schemas\/removed-apis\.yaml$/, { kind: "config", name: "removed-apis" }],
  [/^site\.yaml$/, { kind: "config", name: "site" }],
  [/^ansible\/.*\.ya?ml$/, { kind: "yaml", reader: "Ansible" }],
  [/^\.pre-commit-config\.yaml$/, { kind: "yaml", reader: "pre-commit" }],
  [/^\.sops\.yaml$/, { kind: "yaml", reader: "sops" }],
  [/^\.github\/.*\.ya?ml$/, { kind: "yaml", reader: "GitHub" }],
  [/^tofu\/.*\/tests\/.*\.ya?ml$/, { kind: "yaml", reader: "tofu test" }],
  [/^[^/]*\.json$/, { kind: "json", reader: "the tool that it is named after" }],
  [/^config\/schemas\/.*\.json$/, { kind: "json", reader: "JSON Schema" }],
  // What new-app.ts begins with: names are put in when it copies them.
  [/^kubernetes\/(?:.*\/)?_template\//, { kind: "text" }],
  // Helm's templates are no YAML before they are filled in.
  [/^(?:.*\/)?templates\/.*\.(?:ya?ml|tpl)$/, { kind: "text" }],
  [/(?:^|\/)Chart\.(?:ya?ml|lock)$/, { kind: "yaml", reader: "Helm" }],
  [/(?:^|\/)values\.schema\.json$/, { kind: "json", reader: "Helm" }],
  [/^(config\/velero|kubernetes|lab\/apps|lab\/gitops)\/.*\.ya?ml$/, { kind: "manifests" }],
];

/** In a folder that is laid out in another way than this repository. */
const fallback: readonly [RegExp, Claim] = [
  /\.(ya?ml|json)$|(^|\/)Kustomization$/,
  { kind: "manifests" },
];

/** Of another layout no file is claimed, and one look is enough. */
const claimed = new RegExp(claims.map(([{ source }]) => `(?:${source})`).join("|"));

/** What a file is judged as, by its path in the judged folder. */
export function findClaim(file: string): Claim {
  if (!claimed.test(file)) return fallback[0].test(file) ? fallback[1] : { kind: "text" };
  const found = [...claims, fallback].find(([pattern]) => pattern.test(file));
  return found?.[1] ?? { kind: "text" };
}

/** Whether the files of a folder are no objects as they stand: a stand-in, or Helm's templates. */
export function isTextFolder(folder: string): boolean {
  return findClaim(`${folder}/kustomization.yaml`).kind === "text";
}
