import type { Ajv, ValidateFunction } from "ajv";
import type { InfraError } from "../errors.ts";
import type { KindOfObject } from "./catalog.ts";
import { explainKind } from "./explain-kind.ts";
import { explainErrors, type Locate } from "./explain.ts";
import type { RawSchema } from "./quick-check.ts";
import { loadRemovedApis, type RemovedApi } from "./removed-apis.ts";
import type { SchemaIndex } from "./schema-index.ts";

/** What is wrong with an object, given the file of its kind's schema. */
export type Explainer = (
  object: KindOfObject,
  file: string | undefined,
  locate: Locate,
) => Promise<InfraError[]>;

export interface SchemaFiles {
  index: SchemaIndex;
  minor: string;
  /** What the kinds of Kubernetes itself refer to. */
  definitionsFile: string;
  readSchema(file: string): RawSchema;
}

/** What the files know one another by. */
const baseUrl = "schemas:///";

/** Explains objects with Ajv, which is loaded, and fed with a kind's schema, when it is first asked. */
export function createExplainer(files: SchemaFiles): Explainer {
  const { index, minor, definitionsFile, readSchema } = files;
  let ajv: Promise<Ajv> | undefined;
  let removed: Promise<RemovedApi[]> | undefined;

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

  return async (object, file, locate) => {
    if (file === undefined) {
      removed ??= loadRemovedApis();
      return [explainKind(object, { index, minor, removed: await removed }, locate)];
    }
    const validate = await getValidator(file);
    return validate(withoutNulls(object.value)) ? [] : explainErrors(validate.errors ?? [], locate);
  };
}

/** The API server takes a key without a value as one that is not there. */
function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).filter(([, one]) => one !== null);
  return Object.fromEntries(entries.map(([key, one]) => [key, withoutNulls(one)]));
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
