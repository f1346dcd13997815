/** A JSON Schema, as JSON gives it. */
export type RawSchema = Readonly<Record<string, unknown>>;

/** Whether a value surely keeps to a schema. */
export type QuickCheck = (value: unknown) => boolean;

/** A schema in the form that is fast to walk; made of a raw one when it is first met. */
interface Node {
  raw: RawSchema;
  /** A keyword that is not judged here: only a real validator can say. */
  isUnclear: boolean;
  /** The `type` names that are allowed; undefined for all. */
  types: ReadonlySet<string> | undefined;
  allowed: ReadonlySet<unknown> | undefined;
  pattern: RegExp | undefined;
  required: readonly string[];
  properties: Map<string, Node> | undefined;
  /** For keys without a property of their own. */
  additional: Node | boolean;
  items: Node | undefined;
  all: readonly Node[];
}

/** Keywords that are judged here, and those that say nothing about a value. */
const known = new Set([
  ..."type enum const pattern minLength maxLength minimum maximum minItems maxItems".split(" "),
  ..."required minProperties maxProperties properties additionalProperties items".split(" "),
  ..."allOf $ref $schema $id $defs description writeOnly".split(" "),
]);

/**
 * A check that judges a value without compiling its schema first: most manifests are right, and to
 * compile the validators of all their kinds takes longer than to judge the manifests. True means that
 * a validator would agree; false, that it has to be asked. `resolve` finds what a `$ref` means.
 */
export function createQuickCheck(
  schema: RawSchema,
  resolve: (ref: string) => RawSchema,
  nodes = new Map<RawSchema, Node>(),
): QuickCheck {
  const root = toNode(schema);
  return (value) => check(root, value);

  function toNode(raw: RawSchema): Node {
    const found = nodes.get(raw);
    if (found !== undefined) return found;
    const { $ref } = raw;
    if (typeof $ref === "string") {
      // What stands beside a reference does not count before draft 2019-09.
      const target = toNode(resolve($ref));
      nodes.set(raw, target);
      return target;
    }
    const node = buildNode(raw);
    nodes.set(raw, node);
    const { additionalProperties, items, allOf } = raw;
    if (isSchema(additionalProperties)) node.additional = toNode(additionalProperties);
    else if (additionalProperties === false) node.additional = false;
    if (isSchema(items)) node.items = toNode(items);
    if (Array.isArray(allOf)) node.all = (allOf as RawSchema[]).map(toNode);
    return node;
  }

  function findProperty(node: Node, key: string): Node | undefined {
    const { properties } = node;
    if (properties === undefined) return undefined;
    const found = properties.get(key);
    if (found !== undefined) return found;
    const raw = node.raw["properties"] as Record<string, RawSchema>;
    if (!Object.hasOwn(raw, key)) return undefined;
    const property = toNode(raw[key] as RawSchema);
    properties.set(key, property);
    return property;
  }

  function check(node: Node, value: unknown): boolean {
    const { types, allowed, raw } = node;
    if (node.isUnclear) return false;
    if (types !== undefined && !hasType(types, value)) return false;
    if (allowed !== undefined && !allowed.has(value)) return false;
    for (const one of node.all) if (!check(one, value)) return false;
    if (typeof value === "string") {
      return isWithin(raw, "Length", value.length) && (node.pattern?.test(value) ?? true);
    }
    if (typeof value === "number") return isWithin(raw, "imum", value);
    if (typeof value !== "object" || value === null) return true;
    if (Array.isArray(value)) {
      return isWithin(raw, "Items", value.length) && checkItems(node.items, value);
    }
    return checkFields(node, value as Record<string, unknown>);
  }

  function checkItems(node: Node | undefined, items: unknown[]): boolean {
    if (node === undefined) return true;
    for (const item of items) if (!check(node, item)) return false;
    return true;
  }

  function checkFields(node: Node, fields: Record<string, unknown>): boolean {
    for (const key of node.required) if (fields[key] === undefined) return false;
    let count = 0;
    for (const key in fields) {
      count += 1;
      const property = findProperty(node, key);
      if (property !== undefined) {
        if (!check(property, fields[key])) return false;
      } else if (typeof node.additional === "boolean") {
        if (!node.additional) return false;
      } else if (!check(node.additional, fields[key])) return false;
    }
    return isWithin(node.raw, "Properties", count);
  }
}

function buildNode(raw: RawSchema): Node {
  const { type, required, pattern } = raw;
  const allowed = raw["enum"] ?? ("const" in raw ? [raw["const"]] : undefined);
  return {
    raw,
    isUnclear: Object.keys(raw).some((keyword) => !known.has(keyword)),
    types: type === undefined ? undefined : new Set([type].flat() as string[]),
    allowed: allowed === undefined ? undefined : new Set(allowed as unknown[]),
    pattern: typeof pattern === "string" ? new RegExp(pattern, "u") : undefined,
    required: Array.isArray(required) ? (required as string[]) : [],
    properties: raw["properties"] === undefined ? undefined : new Map(),
    additional: true,
    items: undefined,
    all: [],
  };
}

/** `minLength` and `maxLength`, and so on. A letter of two UTF-16 units counts twice here. */
function isWithin(raw: RawSchema, what: string, size: number): boolean {
  const least = raw[`min${what}`];
  const most = raw[`max${what}`];
  return (
    (least === undefined || size >= (least as number)) &&
    (most === undefined || size <= (most as number))
  );
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
