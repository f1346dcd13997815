import { hash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { repositoryRoot } from "../config/paths.ts";
import { isForKustomize } from "../manifests/kustomization.ts";
import { describeKind, type Manifest } from "../manifests/manifest.ts";
import type { Catalog } from "../schema/catalog.ts";
import type { SourceFile } from "./list-files.ts";
import { commonRules, loadAllRules } from "./rule-sets.ts";

/** The objects of files in which nothing was wrong, by what the files hold. */
export interface Cache {
  find(source: SourceFile): Manifest[] | undefined;
  add(source: SourceFile, manifests: readonly Manifest[]): void;
  /** Writes what is known now, when it is not what was read. */
  save(): Promise<void>;
}

/** Of a manifest, only what rules about all files read. */
type Entry = [sum: string, manifests: Omit<Manifest, "file">[]];

const folder = path.join(repositoryRoot, ".cache/validate");
/** What decides on a finding beside the judged file. */
const deciding = ["config/schemas/index.json", "config/versions.yaml", "lib"];

/**
 * The cache for a folder; another version of the rules begins a new one. Files with kinds of which
 * `catalog` has no schema are not kept: they are right as long as another file brings those.
 */
export function openCache(
  judged: string,
  sources: readonly SourceFile[],
  catalog: Pick<Catalog, "isNamespaced">,
): Cache {
  // The kinds that these bring decide on other files.
  const definitions = sources.filter(({ text }) => text.includes("kind: CustomResourceDefinition"));
  const state = [
    judged,
    ...deciding.flatMap(describeState),
    ...definitions.map(({ text }) => text),
  ];
  const key = hash("sha1", state.join("\n"));
  const file = path.join(folder, `${hash("sha1", judged)}.json`);
  const before = read(file, key);
  const kept: Record<string, Entry> = {};
  const added = new Map<string, { sum: string; manifests: readonly Manifest[] }>();
  return {
    find({ file: name, text }) {
      const entry = before[name];
      if (entry === undefined || entry[0] !== hash("sha1", text)) return undefined;
      kept[name] = entry;
      return entry[1].map((manifest) => ({ ...manifest, file: name }));
    },
    add({ file: name, text }, manifests) {
      const isKnown = (one: Manifest) =>
        isForKustomize(one) || catalog.isNamespaced(one) !== undefined;
      if (!manifests.every(isKnown)) return;
      added.set(name, { sum: hash("sha1", text), manifests });
    },
    async save() {
      const isSame = Object.keys(kept).length === Object.keys(before).length;
      if (added.size === 0 && isSame) return;
      const kinds = await listKinds();
      for (const [name, { sum, manifests }] of added) {
        kept[name] = [sum, manifests.map((manifest) => reduce(manifest, kinds))];
      }
      mkdirSync(folder, { recursive: true });
      const unfinished = `${file}.${process.pid}`;
      writeFileSync(unfinished, JSON.stringify({ key, files: kept }));
      renameSync(unfinished, file);
    },
  };
}

function reduce({ file: _file, value, ...names }: Manifest, kinds: ReadonlySet<string>) {
  return { ...names, value: kinds.has(describeKind(names)) ? value : {} };
}

/** The kinds whose values some rule about all files reads. */
async function listKinds(): Promise<Set<string>> {
  const rules = [...commonRules, ...(await loadAllRules())];
  return new Set(rules.flatMap((rule) => (rule.scope === "repository" ? rule.kinds : [])));
}

function read(file: string, key: string): Record<string, Entry> {
  try {
    const cache = JSON.parse(readFileSync(file, "utf8")) as {
      key: string;
      files: Record<string, Entry>;
    };
    return cache.key === key ? cache.files : {};
  } catch {
    // It is not there, or half written: everything is judged anew.
    return {};
  }
}

/** Size and time of each file below a path; enough to see that another version is at work. */
function describeState(name: string): string[] {
  const full = path.join(repositoryRoot, name);
  const found = statSync(full);
  if (!found.isDirectory()) return [`${name} ${found.size} ${found.mtimeMs}`];
  return readdirSync(full).flatMap((entry) => describeState(path.join(name, entry)));
}
