import { type Fields, getFields, getList, getText, isFields } from "../../manifests/manifest.ts";
import type { DataPath } from "../../schema/explain.ts";
import { getFolder } from "../../manifests/kustomization.ts";
import { listFolders } from "../folders.ts";
import { matchesGlob } from "../../config/glob.ts";
import type { Repository } from "../rule.ts";

/** What a generator gives the template of one Application, by the names that the template has for it. */
export type Parameters = ReadonlyMap<string, string>;

/** The generators of an ApplicationSet that look into Git, those within others too. */
export function listGitGenerators(value: unknown, at: DataPath): { git: unknown; at: DataPath }[] {
  return getList(value, ...at, "generators").flatMap((generator, index) => {
    const here = [...at, "generators", String(index)];
    const { git } = getFields(generator);
    return [
      ...(git === undefined ? [] : [{ git, at: [...here, "git"] }]),
      ...["matrix", "merge"].flatMap((key) => listGitGenerators(value, [...here, key])),
    ];
  });
}

/** The folders that a git generator finds, without those that it excludes. */
export function listGitFolders(git: unknown, repository: Repository): string[] {
  const directories = getList(git, "directories").map((one) => getFields(one));
  function isAmong(folder: string, excluded: boolean): boolean {
    return directories.some(
      (one) =>
        (one["exclude"] === true) === excluded &&
        matchesGlob(getText(one, "path") ?? "", folder, "/"),
    );
  }
  return [...listFolders(repository)].filter(
    (folder) => folder !== "" && isAmong(folder, false) && !isAmong(folder, true),
  );
}

/**
 * What the generators of an ApplicationSet make Applications of, as far as this repository says it:
 * https://argo-cd.readthedocs.io/en/stable/operator-manual/applicationset/Generators/.
 *
 * @param isOurs whether a repoURL is that of this repository.
 */
export function listParameters(
  set: Fields,
  repository: Repository,
  isOurs: (url: string) => boolean,
): Parameters[] {
  function generate(generator: unknown): Parameters[] {
    const { list, git, matrix } = getFields(generator);
    if (list !== undefined) return getList(list, "elements").map(readElement);
    if (matrix !== undefined) {
      const [one = [], other = []] = getList(matrix, "generators").map(generate);
      return one.flatMap((a) => other.map((b) => new Map([...a, ...b])));
    }
    if (!isOurs(getText(git, "repoURL") ?? "")) return [];
    const files = getList(git, "files").flatMap((item) => getText(item, "path") ?? []);
    const named = [...repository.files].filter((file) =>
      files.some((pattern) => matchesGlob(pattern, file, "/")),
    );
    return [...listGitFolders(git, repository), ...named.map(getFolder)].map(readFolder);
  }
  return getList(set, "spec", "generators").flatMap(generate);
}

/** A template with its parameters; what is none of them stays as it is. */
export function fillIn(template: unknown, parameters: Parameters): unknown {
  if (typeof template === "string") {
    return template.replace(/\{\{-?\s*(.*?)\s*-?\}\}/g, (whole, name: string) => {
      return parameters.get(name.replace(/^\./, "")) ?? whole;
    });
  }
  if (Array.isArray(template)) return template.map((item) => fillIn(item, parameters));
  if (!isFields(template)) return template;
  const entries = Object.entries(template).map(([key, value]) => [key, fillIn(value, parameters)]);
  return Object.fromEntries(entries) as Fields;
}

function readElement(element: unknown): Parameters {
  const entries = Object.entries(getFields(element)).filter(([, value]) =>
    ["string", "number", "boolean"].includes(typeof value),
  );
  return new Map(entries.map(([key, value]) => [key, String(value)]));
}

/** The names of a folder, in both languages that a template can be written in. */
function readFolder(folder: string): Parameters {
  const segments = folder.split("/");
  const basename = segments.at(-1) ?? "";
  return new Map([
    ["path", folder],
    ["path.path", folder],
    ["path.basename", basename],
    ["path.basenameNormalized", basename.toLowerCase().replace(/[^a-z0-9.-]/g, "-")],
    ...segments.flatMap((segment, index): [string, string][] => [
      [`path[${index}]`, segment],
      [`index .path.segments ${index}`, segment],
    ]),
  ]);
}
