/** A JSON Schema, as JSON gives it. */
export type RawSchema = Readonly<Record<string, unknown>>;

/** Finds the schema that a `$ref` means. */
export type Resolve = (ref: string) => RawSchema;

/** Whether a value surely keeps to a schema. */
export type QuickCheck = (value: unknown) => boolean;

/** A schema in the form that is fast to walk; made of a raw one when it is first met. */
interface Node {
  /** The `type` names that are allowed; undefined for all. */
  types: ReadonlySet<string> | undefined;
  properties: Map<string, Node> | undefined;
  raw: RawSchema;
  required: readonly string[];
  /** For keys without a property of their own. */
  additional: Node | boolean;
  items: Node | undefined;
  allowed: ReadonlySet<unknown> | undefined;
  /** A keyword that this check does not know: only a real validator can say. */
  isUnclear: boolean;
}

/** Keywords that are judged here, and those that say nothing about a value. */
const known = new Set([
  ...["type", "properties", "required", "additionalProperties", "items", "enum", "const", "$ref"],
  ...["$schema", "$id", "$defs", "definitions", "nullable"],
]);

/**
 * A check that is told about the value at once and without compiling the schema: most manifests are
 * right, and to compile the validators of all their kinds takes longer than to judge them. True means
 * that a validator would agree; false, that it has to be asked.
 */
export function createQuickCheck(schema: RawSchema, resolve: Resolve): QuickCheck {
  const nodes = new Map<RawSchema, Node>();
  const root = toNode(schema);
  return (value) => check(root, value);

  function toNode(raw: RawSchema): Node {
    const found = nodes.get(raw);
    if (found !== undefined) return found;
    const ref = raw["$ref"];
    if (typeof ref === "string") {
      const target = toNode(resolve(ref));
      const isAlone = Object.keys(raw).length === 1;
      const node = isAlone ? target : { ...target, isUnclear: true };
      nodes.set(raw, node);
      return node;
    }
    const node = buildNode(raw);
    nodes.set(raw, node);
    const { additionalProperties, items } = raw;
    if (isSchema(additionalProperties)) node.additional = toNode(additionalProperties);
    else if (additionalProperties === false) node.additional = false;
    if (isSchema(items)) node.items = toNode(items);
    return node;
  }

  function findProperty(node: Node, key: string): Node | undefined {
    const { properties, raw } = node;
    if (properties === undefined) return undefined;
    const found = properties.get(key);
    if (found !== undefined) return found;
    const all = raw["properties"] as Record<string, RawSchema>;
    if (!Object.hasOwn(all, key)) return undefined;
    const node_ = toNode(all[key] as RawSchema);
    properties.set(key, node_);
    return node_;
  }

  function check(node: Node, value: unknown): boolean {
    if (node.isUnclear) return false;
    if (node.types !== undefined && !hasType(node.types, value)) return false;
    if (node.allowed !== undefined && !node.allowed.has(value)) return false;
    if (typeof value !== "object" || value === null) return true;
    if (Array.isArray(value)) return node.items === undefined || checkItems(node.items, value);
    return checkFields(node, value as Record<string, unknown>);
  }

  function checkItems(node: Node, items: unknown[]): boolean {
    for (const item of items) if (!check(node, item)) return false;
    return true;
  }

  function checkFields(node: Node, fields: Record<string, unknown>): boolean {
    for (const key of node.required) if (fields[key] === undefined) return false;
    for (const key in fields) {
      const property = findProperty(node, key);
      if (property !== undefined) {
        if (!check(property, fields[key])) return false;
      } else if (typeof node.additional === "boolean") {
        if (!node.additional) return false;
      } else if (!check(node.additional, fields[key])) return false;
    }
    return true;
  }
}

function buildNode(raw: RawSchema): Node {
  const { type, required } = raw;
  const allowed = raw["enum"] ?? ("const" in raw ? [raw["const"]] : undefined);
  return {
    types: type === undefined ? undefined : new Set([type].flat() as string[]),
    properties: raw["properties"] === undefined ? undefined : new Map(),
    raw,
    required: Array.isArray(required) ? (required as string[]) : [],
    additional: true,
    items: undefined,
    allowed: allowed === undefined ? undefined : new Set(allowed as unknown[]),
    isUnclear: Object.keys(raw).some((keyword) => !known.has(keyword) && !keyword.startsWith("x-")),
  };
}

function hasType(types: ReadonlySet<string>, value: unknown): boolean {
  switch (typeof value) {
    case "string":
      return types.has("string");
    case "boolean":
      return types.has("boolean");
    case "number":
      return types.has("number") || (types.has("integer") && Number.isInteger(value));
    default:
      return types.has(value === null ? "null" : Array.isArray(value) ? "array" : "object");
  }
}

function isSchema(value: unknown): value is RawSchema {
  return typeof value === "object" && value !== null;
}
