import type { Schema } from "./json-schema.ts";

const keywords = ["allOf", "anyOf", "oneOf", "not"] as const;

/**
 * Takes those conditions of `source` out of `converted` that look at a property with a default: the
 * API server judges them after it has filled the property in, and a validator of files cannot. So
 * each address of a Gateway has a `type`, and a file that leaves it out is right.
 */
export function dropConditionsOnDefaults(source: Schema, converted: Schema): void {
  for (const keyword of keywords) {
    const conditions = listConditions(source, keyword);
    if (conditions.some((one) => looksAtDefault(one, source))) delete converted[keyword];
  }
}

/** Whether a condition on `value` looks at a property of it that has a default. */
function looksAtDefault(condition: Schema, value: Schema): boolean {
  const names = [...Object.keys(condition.properties ?? {}), ...(condition.required ?? [])];
  const properties = names.some((name) => {
    const property = value.properties?.[name];
    if (property === undefined) return false;
    const inner = condition.properties?.[name];
    return (
      property["default"] !== undefined || (inner !== undefined && looksAtDefault(inner, property))
    );
  });
  const others = keywords.flatMap((keyword) => listConditions(condition, keyword));
  return properties || others.some((one) => looksAtDefault(one, value));
}

function listConditions(schema: Schema, keyword: (typeof keywords)[number]): Schema[] {
  return [schema[keyword] ?? []].flat();
}
