import { InfraError } from "../errors.ts";
import type { TierName } from "../velero/tiers.ts";
import { checkAppName, checkAppNameFree } from "./check-name.ts";
import { addResource, keepFiles } from "./kustomizations.ts";

export const appsFolder = "kubernetes/apps";
export const templateFolder = `${appsFolder}/_template`;
export const appsKustomization = `${appsFolder}/kustomization.yaml`;

/** What an app may be without. */
const optional = ["route.yaml", "secrets.yaml"];

export interface AppRequest {
  name: string;
  tier: TierName;
  /** How people reach it. */
  route: "ingress" | "gateway" | "none";
  hasSecret: boolean;
}

/** Texts of this repository. */
export interface AppSources {
  /** The files of the template, by name. */
  template: ReadonlyMap<string, string>;
  /** The list of the apps that are on. */
  kustomization: string;
  /** The manifests that the cluster gets, by path. */
  manifests: ReadonlyMap<string, string>;
}

export interface NewApp {
  folder: string;
  /** By name in the folder. */
  files: ReadonlyMap<string, string>;
  /** The list of the apps with this one. */
  kustomization: string;
  /** What is left for a person, in order. */
  next: readonly string[];
}

/**
 * What a new app is made of. Of a file `<part>.<variant>.yaml` of the template the chosen variant is
 * taken, as `<part>.yaml`. Throws APP_NAME_INVALID, APP_NAME_TAKEN, APP_TEMPLATE_INCOMPLETE, and what
 * parseYaml throws.
 */
export async function planNewApp(request: AppRequest, sources: AppSources): Promise<NewApp> {
  const { name } = request;
  checkAppName(name);
  await checkAppNameFree(name, sources.manifests);
  const files = new Map(
    pickFiles(request, sources.template).map(([file, text]) => [file, fillIn(text, name)]),
  );
  const own = "kustomization.yaml";
  const listed = await keepFiles(
    files.get(own) ?? "",
    (file) => files.has(file) || !optional.includes(file),
    `${templateFolder}/${own}`,
  );
  files.set(own, listed);
  const resource = `${name}/application.yaml`;
  return {
    folder: `${appsFolder}/${name}`,
    files,
    kustomization: await addResource(sources.kustomization, resource, appsKustomization),
    next: listNext(request),
  };
}

function pickFiles(request: AppRequest, template: AppSources["template"]): [string, string][] {
  const chosen = new Map<string, string>([
    ["workload", request.tier],
    ["route", request.route],
  ]);
  const needed = ["application.yaml", "kustomization.yaml", `workload.${request.tier}.yaml`];
  if (request.route !== "none") needed.push(`route.${request.route}.yaml`);
  if (request.hasSecret) needed.push("secrets.yaml");
  const missing = needed.find((file) => !template.has(file));
  if (missing !== undefined) throw incomplete(missing);
  return [...template].flatMap(([file, text]): [string, string][] => {
    if (file === "secrets.yaml") return request.hasSecret ? [[file, text]] : [];
    const [, part = "", variant] = /^([\w-]+)\.([\w-]+)\.yaml$/.exec(file) ?? [];
    if (variant === undefined) return [[file, text]];
    return chosen.get(part) === variant ? [[`${part}.yaml`, text]] : [];
  });
}

function fillIn(text: string, name: string): string {
  return text.replaceAll(/\bNAME\b/g, name);
}

function listNext({ name, tier, route, hasSecret }: AppRequest): string[] {
  const folder = `${appsFolder}/${name}`;
  const claim = tier === "stateless" ? "" : ", and the size of its volume";
  return [
    `${folder}/workload.yaml: put in the app's image, user, port and paths${claim}`,
    ...(route === "none"
      ? []
      : [`${folder}/route.yaml: put in its host name for ${name}.example.com`]),
    `${folder}/network-policy.yaml: add what it calls`,
    ...(hasSecret ? [`sops edit ${folder}/${name}.sops.yaml, as ${folder}/secrets.yaml says`] : []),
    "npm run validate, commit and push: Argo CD applies it",
  ];
}

function incomplete(file: string): InfraError {
  return new InfraError({
    code: "APP_TEMPLATE_INCOMPLETE",
    message: `the template has no ${file}`,
    where: { file: templateFolder },
    fix: `Take it back from Git: git checkout HEAD ${templateFolder}/${file}`,
  });
}
