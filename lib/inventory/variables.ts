import path from "node:path";
import type { JSONSchema } from "json-schema-to-ts";
import { registerSecret } from "../cli/redact.ts";
import { findNearest } from "../cli/suggest.ts";
import { diskFiles, type FileTree } from "../config/file-tree.ts";
import { parseYaml } from "../config/parse-yaml.ts";
import { showPath } from "../config/paths.ts";
import { InfraError, type Place } from "../errors.ts";
import { getValidator } from "../schema/ajv.ts";
import { explainErrors, type Locate } from "../schema/explain.ts";
import { hostKeys } from "./inventory.schema.ts";
import { readRoleVariables } from "./role-defaults.ts";
import { findVariableFiles, listVariableNames } from "./variable-files.ts";
import { sharedVariables } from "./variables.schema.ts";

/** A variable with where it is set. */
export interface LocatedVariable {
  value: unknown;
  place: Place;
}

export interface LocatedVariables {
  /** By host, as Ansible's order of precedence leaves them; what is encrypted is not among them. */
  byHost: ReadonlyMap<string, ReadonlyMap<string, LocatedVariable>>;
  errors: InfraError[];
}

interface ReadFiles {
  variables: Map<string, LocatedVariable>;
  errors: InfraError[];
}

/** Built once: the roles stay as they are while a command runs. */
let variablesSchema: Promise<JSONSchema> | undefined;

const groups = ["all", "k3s_cluster", "k3s_masters", "k3s_workers"] as const;

/**
 * Reads group_vars and host_vars of an inventory folder as Ansible would, and tells what is wrong
 * there instead of throwing it: CONFIG_* of a file, INVENTORY_VARIABLES_UNREAD,
 * INVENTORY_GROUP_UNKNOWN, INVENTORY_HOST_UNKNOWN, INVENTORY_VARIABLE_MISPLACED,
 * INVENTORY_SECRET_PLAIN.
 */
export async function readVariables(
  folder: string,
  hosts: readonly { name: string; group: string }[],
  files: FileTree = diskFiles,
): Promise<LocatedVariables> {
  variablesSchema ??= buildVariablesSchema();
  const schema = await variablesSchema;
  const ofGroups = path.join(folder, "group_vars");
  const ofHosts = path.join(folder, "host_vars");
  const names = [...new Set(hosts.map(({ name }) => name))];
  const errors = [
    ...(await findStrays(ofGroups, groups, "group", files)),
    ...(await findStrays(ofHosts, names, "host", files)),
  ];
  async function readAll(parent: string, name: string): Promise<ReadFiles["variables"]> {
    const found = await readFiles(parent, name, schema, files);
    errors.push(...found.errors);
    return found.variables;
  }
  const byGroup = new Map<string, ReadFiles["variables"]>();
  for (const group of groups) byGroup.set(group, await readAll(ofGroups, group));
  const byHost = new Map<string, ReadFiles["variables"]>();
  for (const { name, group } of hosts) {
    const layers = ["all", "k3s_cluster", group].map((one) => byGroup.get(one) ?? new Map());
    const own = byHost.has(name) ? new Map() : await readAll(ofHosts, name);
    byHost.set(name, new Map([...layers, own].flatMap((layer) => [...layer])));
  }
  return { byHost, errors };
}

/** The schema of a file of variables: those of the roles, by their defaults, and the shared ones. */
export async function buildVariablesSchema(): Promise<JSONSchema> {
  const properties = { ...(await readRoleVariables()), ...sharedVariables };
  return { type: ["object", "null"], additionalProperties: false, properties };
}

/** Variables of a name that nobody has: Ansible never reads them, and does not say so. */
async function findStrays(
  folder: string,
  names: readonly string[],
  kind: "group" | "host",
  files: FileTree,
): Promise<InfraError[]> {
  const strays = (await listVariableNames(folder, files)).filter(
    ({ name }) => !names.includes(name),
  );
  return strays.map(({ name, entry }) => {
    const nearest = findNearest(name, names);
    return new InfraError({
      code: kind === "group" ? "INVENTORY_GROUP_UNKNOWN" : "INVENTORY_HOST_UNKNOWN",
      message: `${showPath(entry)} is about a ${kind} that is not in the inventory`,
      where: { file: showPath(entry) },
      why: `Ansible never reads it; known ${kind}s: ${names.join(", ")}`,
      fix: nearest === undefined ? "Remove it" : `Did you mean "${nearest}"?`,
    });
  });
}

async function readFiles(
  parent: string,
  name: string,
  schema: JSONSchema,
  files: FileTree,
): Promise<ReadFiles> {
  const { read, unread } = await findVariableFiles(parent, name, files);
  const errors = unread.map(({ file, instead }) => {
    return new InfraError({
      code: "INVENTORY_VARIABLES_UNREAD",
      message: `${showPath(file)} is never read`,
      where: { file: showPath(file) },
      why: `Ansible takes ${showPath(instead)} and looks no further`,
      fix: `Move what is in it to ${showPath(instead)}`,
    });
  });
  const variables: ReadFiles["variables"] = new Map();
  for (const file of read) {
    if (isWrittenByPlay(parent, file)) continue;
    const found = await readFileOf(file, schema, files);
    errors.push(...found.errors);
    for (const [key, variable] of found.variables) variables.set(key, variable);
  }
  return { variables, errors };
}

/** What the plays write down of a host has schemas of its own. */
function isWrittenByPlay(parent: string, file: string): boolean {
  if (path.basename(parent) !== "host_vars") return false;
  return ["mesh.yml", "ssh.yml"].includes(path.basename(file));
}

async function readFileOf(file: string, schema: JSONSchema, files: FileTree): Promise<ReadFiles> {
  const name = showPath(file);
  const variables: ReadFiles["variables"] = new Map();
  const text = await files.readText(file);
  if (text.startsWith("$ANSIBLE_VAULT;")) return { variables, errors: [] };
  try {
    const { value, locate } = await parseYaml(text, name);
    if (!isMap(value)) return { variables, errors: await validate(value, schema, locate) };
    const [special, others] = splitSpecial(value, locate, name);
    const errors = [...special, ...(await validate(others, schema, locate))];
    for (const [key, one] of Object.entries(others)) {
      variables.set(key, { value: one, place: locate([key], "value") });
    }
    return { variables, errors };
  } catch (error) {
    if (error instanceof InfraError) return { variables, errors: [error] };
    throw error;
  }
}

/** Takes out the keys that a better word can be said about than that they are unknown. */
function splitSpecial(
  value: Record<string, unknown>,
  locate: Locate,
  file: string,
): [InfraError[], Record<string, unknown>] {
  const errors: InfraError[] = [];
  const others: Record<string, unknown> = {};
  for (const [key, one] of Object.entries(value)) {
    const where = locate([key], "key");
    if (key.startsWith("vault_")) {
      if (typeof one === "string") registerSecret(one);
      if (typeof one !== "string" || !one.startsWith("$ANSIBLE_VAULT;")) {
        errors.push(plainSecret(key, where, file));
      }
    } else if (hostKeys.includes(key) && !(key in sharedVariables)) {
      errors.push(misplaced(key, where));
    } else others[key] = one;
  }
  return [errors, others];
}

function plainSecret(key: string, where: Place, file: string): InfraError {
  return new InfraError({
    code: "INVENTORY_SECRET_PLAIN",
    message: `"${key}" is a secret and stands here for everybody to read`,
    where,
    why: "the file is not encrypted, and Git keeps what was once in it",
    fix: `Encrypt it: ansible-vault encrypt ${file}; change the secret if it was ever committed`,
  });
}

function misplaced(key: string, where: Place): InfraError {
  return new InfraError({
    code: "INVENTORY_VARIABLE_MISPLACED",
    message: `"${key}" belongs to a host`,
    where,
    why: "our scripts take it from hosts.yml alone, and would not see what Ansible sees here",
    fix: "Write it at each host in hosts.yml",
  });
}

async function validate(value: unknown, schema: JSONSchema, locate: Locate): Promise<InfraError[]> {
  const check = await getValidator(schema);
  return check(value) ? [] : explainErrors(check.errors ?? [], locate);
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
