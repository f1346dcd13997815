import type { FromSchema, JSONSchema } from "json-schema-to-ts";
import { InfraError } from "../errors.ts";
import { getValidator } from "../schema/ajv.ts";
import { explainErrors, type Locate } from "../schema/explain.ts";
import { diskFiles, type FileTree } from "./file-tree.ts";
import { parseYaml } from "./parse-yaml.ts";
import { showPath } from "./paths.ts";

export interface YamlFile<T> {
  value: T;
  /** Where a part of the value stands, for errors found later. */
  locate: Locate;
}

/** FromSchema, without letting TypeScript guess the schema from what the caller takes out. */
type Valid<S> = S extends JSONSchema ? FromSchema<S> : never;

/**
 * Reads, parses and validates a YAML file. `ifMissing` says how to get the file. Throws
 * CONFIG_FILE_MISSING, CONFIG_FILE_UNREADABLE, what parseYaml throws, CONFIG_KEY_UNKNOWN,
 * CONFIG_KEY_MISSING, CONFIG_KEY_INVALID, CONFIG_VALUE_INVALID, and CONFIG_INVALID for several
 * of these at once.
 */
export async function loadYaml<S extends JSONSchema>(
  file: string,
  schema: S,
  ifMissing = "Restore the file from Git",
  files: FileTree = diskFiles,
): Promise<YamlFile<Valid<S>>> {
  return await parseValidYaml(await readText(file, ifMissing, files), showPath(file), schema);
}

/** Parses and validates a YAML text; `name` stands for it in messages. Throws as loadYaml does. */
export async function parseValidYaml<S extends JSONSchema>(
  text: string,
  name: string,
  schema: S,
): Promise<YamlFile<Valid<S>>> {
  const { value, locate } = await parseYaml(text, name);
  const validate = await getValidator(schema);
  if (!validate(value)) throwAll(name, explainErrors(validate.errors ?? [], locate));
  return { value: value as Valid<S>, locate };
}

/** Throws the one error, or one that lists them all; returns when there is none. */
export function throwAll(name: string, errors: InfraError[]): void {
  const [first] = errors;
  if (first === undefined) return;
  if (errors.length === 1) throw first;
  const lines = errors.map((error) => {
    const { file, line, column } = error.where ?? {};
    const fix = error.fix === undefined ? "" : ` (${error.fix})`;
    const place = [file === name && line !== undefined ? undefined : file, line, column];
    return `${place.filter((part) => part !== undefined).join(":")} ${error.message}${fix}`;
  });
  throw new InfraError({
    code: "CONFIG_INVALID",
    message: `${name} has ${errors.length} mistakes`,
    ...(first.where === undefined ? {} : { where: first.where }),
    why: lines.join("\n"),
    fix: "Correct them all",
    cause: new AggregateError(errors),
  });
}

/** The single mistakes that an error of throwAll is about; any other error is its own only one. */
export function listMistakes(error: InfraError): InfraError[] {
  if (error.code !== "CONFIG_INVALID" || !(error.cause instanceof AggregateError)) return [error];
  return error.cause.errors as InfraError[];
}

async function readText(file: string, ifMissing: string, files: FileTree): Promise<string> {
  try {
    return await files.readText(file);
  } catch (cause) {
    const where = { file: showPath(file) };
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") {
      throw new InfraError({
        code: "CONFIG_FILE_MISSING",
        message: `there is no file ${where.file}`,
        where,
        fix: ifMissing,
        cause,
      });
    }
    throw new InfraError({
      code: "CONFIG_FILE_UNREADABLE",
      message: `${where.file} cannot be read`,
      where,
      why: (cause as Error).message,
      fix: "Make it a file that you may read",
      cause,
    });
  }
}
