/** A JSON Schema, as JSON gives it. */
export type RawSchema = Readonly<Record<string, unknown>>;

/** Whether a value surely keeps to a schema. */
export type QuickCheck = (value: unknown) => boolean;

/** A schema in the form that is fast to walk; made of a raw one when it is first met. */
interface Node {
  raw: RawSchema;
  /** A keyword that is not judged here: only a real validator can say. */
  isUnclear: boolean;
  /** A bit for each of the types that are allowed; all of them for no `type`. */
  types: number;
  allowed: ReadonlySet<unknown> | undefined;
  pattern: RegExp | undefined;
  /** Undefined where it has none, as nearly everywhere. */
  bounds: Bounds | undefined;
  required: readonly string[];
  properties: Map<string, Node> | undefined;
  /** For keys without a property of their own. */
  additional: Node | boolean;
  items: Node | undefined;
  all: readonly Node[];
}

/** The least and the most that are allowed: characters, items, properties, or of a number itself. */
type Bounds = Readonly<
  Record<"Length" | "Items" | "Properties" | "imum", readonly [number, number]>
>;

const typeBits: Readonly<Record<string, number>> = {
  string: 1,
  boolean: 2,
  integer: 4,
  number: 4 + 8,
  null: 16,
  array: 32,
  object: 64,
};
const anyType = 127;

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
    const { allowed, bounds } = node;
    if (node.isUnclear) return false;
    if ((node.types & findTypeBit(value)) === 0) return false;
    if (allowed !== undefined && !allowed.has(value)) return false;
    const { all } = node;
    // An iterator for each loop here would be a third of all that is made and thrown away.
    for (let at = 0; at < all.length; at += 1) if (!check(all[at] as Node, value)) return false;
    if (typeof value === "string") {
      if (bounds !== undefined && !isWithin(bounds.Length, value.length)) return false;
      return node.pattern?.test(value) ?? true;
    }
    if (typeof value === "number") return bounds === undefined || isWithin(bounds.imum, value);
    if (typeof value !== "object" || value === null) return true;
    if (Array.isArray(value)) {
      if (bounds !== undefined && !isWithin(bounds.Items, value.length)) return false;
      return checkItems(node.items, value);
    }
    return checkFields(node, value as Record<string, unknown>);
  }

  function checkItems(node: Node | undefined, items: unknown[]): boolean {
    if (node === undefined) return true;
    for (let at = 0; at < items.length; at += 1) if (!check(node, items[at])) return false;
    return true;
  }

  function checkFields(node: Node, fields: Record<string, unknown>): boolean {
    const { required } = node;
    for (let at = 0; at < required.length; at += 1) {
      if (fields[required[at] as string] === undefined) return false;
    }
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
    return node.bounds === undefined || isWithin(node.bounds.Properties, count);
  }
}

function buildNode(raw: RawSchema): Node {
  const { type, required, pattern } = raw;
  const allowed = raw["enum"] ?? ("const" in raw ? [raw["const"]] : undefined);
  return {
    raw,
    isUnclear: Object.keys(raw).some((keyword) => !known.has(keyword)),
    types: type === undefined ? anyType : joinTypes([type].flat() as string[]),
    allowed: allowed === undefined ? undefined : new Set(allowed as unknown[]),
    pattern: typeof pattern === "string" ? new RegExp(pattern, "u") : undefined,
    bounds: readBounds(raw),
    required: Array.isArray(required) ? (required as string[]) : [],
    properties: raw["properties"] === undefined ? undefined : new Map(),
    additional: true,
    items: undefined,
    all: [],
  };
}

function joinTypes(names: readonly string[]): number {
  return names.reduce((bits, name) => bits | (typeBits[name] ?? 0), 0);
}

/** `minLength` and `maxLength`, and so on. A letter of two UTF-16 units counts twice here. */
function readBounds(raw: RawSchema): Bounds | undefined {
  if (!bounded.some((keyword) => keyword in raw)) return undefined;
  const read = (what: string): [number, number] => [
    (raw[`min${what}`] as number | undefined) ?? -Infinity,
    (raw[`max${what}`] as number | undefined) ?? Infinity,
  ];
  return {
    Length: read("Length"),
    Items: read("Items"),
    Properties: read("Properties"),
    imum: read("imum"),
  };
}

const bounded = ["Length", "Items", "Properties", "imum"].flatMap((what) => [
  `min${what}`,
  `max${what}`,
]);

function isWithin([least, most]: readonly [number, number], size: number): boolean {
  return size >= least && size <= most;
}

function findTypeBit(value: unknown): number {
  switch (typeof value) {
    case "string":
      return 1;
    case "boolean":
      return 2;
    case "number":
      return Number.isInteger(value) ? 4 : 8;
    default:
      return value === null ? 16 : Array.isArray(value) ? 32 : 64;
  }
}

function isSchema(value: unknown): value is RawSchema {
  return typeof value === "object" && value !== null;
}
