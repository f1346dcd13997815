import { readFileSync } from "node:fs";
import path from "node:path";
import type { Ajv, ValidateFunction } from "ajv";
import type { Catalog, Kind } from "./catalog.ts";
import { convertCrd, type CustomKind } from "./convert-crd.ts";
import { explainKind } from "./explain-kind.ts";
import { explainErrors } from "./explain.ts";
import { isToolKind, toolSchemas } from "./kustomization.schema.ts";
import { createQuickCheck, type QuickCheck, type RawSchema } from "./quick-check.ts";
import { loadRemovedApis, type RemovedApi } from "./removed-apis.ts";
import type { SchemaIndex } from "./schema-index.ts";
import { schemasFolder as folder } from "./sources.ts";

/** What the files know one another by. */
const baseUrl = "schemas:///";

/** The kinds of the minor "1.36" or another; a file is read when one of its kinds is first met. */
export function openCatalog(minor: string): Catalog {
  const index = readJson("index.json") as unknown as SchemaIndex;
  const definitionsFile = `kubernetes/v${minor}/_definitions.json`;
  const files = new Map<string, RawSchema>();
  const checks = new Map<string, QuickCheck>();
  const nodes = new Map();
  const learned = new Map<string, CustomKind>();
  let ajv: Promise<Ajv> | undefined;
  let removed: Promise<RemovedApi[]> | undefined;

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

  async function getValidator(file: string): Promise<ValidateFunction> {
    ajv ??= createAjv();
    const instance = await ajv;
    for (const one of file.startsWith("kubernetes/") ? [definitionsFile, file] : [file]) {
      const url = baseUrl + one;
      if (instance.schemas[url] === undefined) instance.addSchema(readSchema(one), url);
    }
    const validate = instance.getSchema(baseUrl + file);
    if (validate === undefined) throw new Error(`${file} is no schema`);
    return validate;
  }

  return {
    isSurelyValid(object) {
      const file = findFile(object);
      return file !== undefined && getCheck(file)(object.value);
    },
    async explain(object, locate) {
      const file = findFile(object);
      if (file === undefined) {
        removed ??= loadRemovedApis();
        return [explainKind(object, { index, minor, removed: await removed }, locate)];
      }
      const validate = await getValidator(file);
      return validate(withoutNulls(object.value))
        ? []
        : explainErrors(validate.errors ?? [], locate);
    },
    learn(definition) {
      for (const one of convertCrd(definition, {})) {
        const name = `${one.group}/${one.version} ${one.kind}`;
        learned.set(name, one);
        files.set(name, one.schema);
      }
    },
    countServerRules: (kind) => findEntry(kind)?.cel ?? 0,
    isNamespaced: (kind) => findEntry(kind)?.namespaced,
  };
}

/** The API server takes a key without a value as one that is not there. */
function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).filter(([, one]) => one !== null);
  return Object.fromEntries(entries.map(([key, one]) => [key, withoutNulls(one)]));
}

function readJson(file: string): RawSchema {
  return JSON.parse(readFileSync(path.join(folder, file), "utf8")) as RawSchema;
}

async function createAjv(): Promise<Ajv> {
  const [{ Ajv }, { default: formats }] = await Promise.all([import("ajv"), import("ajv-formats")]);
  const instance = new Ajv({
    // Kubernetes' schemas are not written for Ajv's strict mode, and are known to be right.
    strict: false,
    validateSchema: false,
    meta: false,
    // A validator judges a few objects and is gone: to optimise its code takes longer than it saves.
    code: { optimize: false },
    allErrors: true,
    verbose: true,
  });
  formats.default(instance, ["byte", "date-time", "ipv4", "ipv6"]);
  return instance;
}
