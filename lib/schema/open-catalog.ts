import { readFileSync } from "node:fs";
import path from "node:path";
import type { Catalog, Kind } from "./catalog.ts";
import type { CustomKind } from "./convert-crd.ts";
import type { Explainer } from "./explain-object.ts";
import { isToolKind, toolSchemas } from "./kustomization.schema.ts";
import { createQuickCheck, type QuickCheck, type RawSchema } from "./quick-check.ts";
import type { SchemaIndex } from "./schema-index.ts";
import { schemasFolder as folder } from "../config/paths.ts";

/** The kinds of the minor "1.36" or another; a file is read when one of its kinds is first met. */
export function openCatalog(minor: string): Catalog {
  const index = readIndex();
  const definitionsFile = `kubernetes/v${minor}/_definitions.json`;
  const files = new Map<string, RawSchema>();
  const checks = new Map<string, QuickCheck>();
  const nodes = new Map();
  const learned = new Map<string, CustomKind>();
  let explainer: Explainer | undefined;

  function findEntry({ apiVersion, kind }: Kind) {
    const entry = index.kubernetes[apiVersion]?.[kind] ?? index.crds[apiVersion]?.[kind];
    return entry ?? learned.get(`${apiVersion} ${kind}`);
  }

  function findFile({ apiVersion, kind }: Kind): string | undefined {
    if (isToolKind({ apiVersion, kind })) return `${apiVersion} ${kind}`;
    const core = index.kubernetes[apiVersion]?.[kind];
    if (core?.minors.includes(minor) === true) return `kubernetes/v${minor}/${core.file}`;
    const custom = index.crds[apiVersion]?.[kind];
    if (custom !== undefined) return `crds/${custom.file}`;
    return learned.has(`${apiVersion} ${kind}`) ? `${apiVersion} ${kind}` : undefined;
  }

  function readSchema(file: string): RawSchema {
    const found = files.get(file);
    if (found !== undefined) return found;
    const schema = (toolSchemas[file] as RawSchema | undefined) ?? readJson(file);
    files.set(file, schema);
    return schema;
  }

  function getCheck(file: string): QuickCheck {
    const found = checks.get(file);
    if (found !== undefined) return found;
    const check = createQuickCheck(readSchema(file), (ref) => resolve(file, ref), nodes);
    checks.set(file, check);
    return check;
  }

  /** Within a file, or from the file of a kind of Kubernetes to the definitions of them all. */
  function resolve(file: string, ref: string): RawSchema {
    const source = file.startsWith("kubernetes/") ? definitionsFile : file;
    const definitions = readSchema(source)["$defs"] as Record<string, RawSchema>;
    const found = definitions[ref.slice(ref.indexOf("#/$defs/") + "#/$defs/".length)];
    if (found === undefined) throw new Error(`${file}: ${ref} leads nowhere`);
    return found;
  }

  return {
    isSurelyValid(object) {
      const file = findFile(object);
      return file !== undefined && getCheck(file)(object.value);
    },
    async explain(object, locate) {
      const { createExplainer } = await import("./explain-object.ts");
      explainer ??= createExplainer({ index, minor, definitionsFile, readSchema });
      return await explainer(object, findFile(object), locate);
    },
    async learn(definition) {
      const { convertCrd } = await import("./convert-crd.ts");
      for (const one of convertCrd(definition, {})) {
        const name = `${one.group}/${one.version} ${one.kind}`;
        learned.set(name, one);
        files.set(name, one.schema);
      }
    },
    countServerRules: (kind) => findEntry(kind)?.cel ?? 0,
    hasGroup: (group) =>
      [...Object.keys(index.crds), ...learned.keys()].some((one) => one.startsWith(`${group}/`)),
    isNamespaced: (kind) => findEntry(kind)?.namespaced,
  };
}

/** Without prototypes: a kind may be called `constructor`. */
function readIndex(): SchemaIndex {
  const index = readJson("index.json") as unknown as SchemaIndex;
  for (const kinds of [index.kubernetes, index.crds]) {
    for (const map of [kinds, ...Object.values(kinds)]) Object.setPrototypeOf(map, null);
  }
  return index;
}

function readJson(file: string): RawSchema {
  return JSON.parse(readFileSync(path.join(folder, file), "utf8")) as RawSchema;
}
