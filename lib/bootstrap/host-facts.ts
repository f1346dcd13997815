import type { FromSchema, JSONSchema } from "json-schema-to-ts";
import { getValidator } from "../schema/ajv.ts";

const text = { type: "string" } as const;
const count = { type: "integer", minimum: 0 } as const;

function describe<const P extends Record<string, JSONSchema>>(properties: P) {
  return {
    type: "object",
    additionalProperties: false,
    required: Object.keys(properties) as (keyof P & string)[],
    properties,
  } as const;
}

/** What the scripts on hosts print, by the word behind "fact". */
const factSchemas = {
  clock: describe({ seconds: count }),
  user: describe({ name: text }),
  sudo: describe({ state: { enum: ["works", "missing", "refused"] }, says: text }),
  system: describe({
    id: text,
    version: text,
    kernel: text,
    architecture: text,
    cgroups: text,
    init: text,
  }),
  disk: describe({ folder: text, mount: text, freeKilobytes: count }),
  interface: describe({ name: text, network: text, mtu: count }),
  k3s: describe({ active: { type: "boolean" } }),
  port: describe({ protocol: text, port: count, by: text }),
  link: {
    type: "object",
    additionalProperties: false,
    required: ["to", "state"],
    properties: {
      to: text,
      state: { enum: ["measured", "silent", "no-ping"] },
      rttMs: { type: "number", minimum: 0 },
      sizesThatPass: { enum: [0, 1, 2] },
    },
  },
  end: describe({}),
} as const;

type FactName = keyof typeof factSchemas;

/** Every fact of each kind, in the order of the lines; a kind that was not told is empty. */
export type HostFacts = { [Name in FactName]: Fact<Name>[] };

export type Fact<Name extends FactName> = FromSchema<(typeof factSchemas)[Name]>;

/** The facts in what a script printed. What is no fact, or not as it should be, is passed over. */
export async function parseFacts(stdout: string): Promise<HostFacts> {
  const names = Object.keys(factSchemas) as FactName[];
  const facts: { [name: string]: unknown[] } = Object.fromEntries(names.map((name) => [name, []]));
  for (const line of stdout.split("\n")) {
    if (!line.startsWith('{"fact":')) continue;
    const { fact, ...rest } = parseLine(line);
    const name = names.find((one) => one === fact);
    if (name === undefined) continue;
    const validate = await getValidator(factSchemas[name]);
    if (validate(rest)) facts[name]?.push(rest);
  }
  return facts as HostFacts;
}

function parseLine(line: string): Record<string, unknown> {
  try {
    return JSON.parse(line) as Record<string, unknown>;
  } catch {
    // Half a line of a script that was cut short; that it has not ended is told by its last fact.
    return {};
  }
}
