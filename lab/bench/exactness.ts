import { spawnSync } from "node:child_process";
import path from "node:path";
import type { Finding, Rule } from "../../lib/lint/rule.ts";
import { type Fixture, listInvalid, listKinds, listValid } from "../../test/support/fixtures.ts";

export interface Exactness {
  /** Fixtures with a mistake, and how many of them are refused. */
  invalid: number;
  found: number;
  /** How many of them with the line of the mistake. */
  atLine: number;
  /** Fixtures without a mistake, and how many of them are refused. */
  valid: number;
  falseAlarms: number;
}

/** The lines at which a program finds something wrong in a fixture; undefined when it finds nothing. */
export type Ask = (fixture: Fixture) => Promise<number[] | undefined>;

/** How a program does on the fixtures of the rules. */
export async function measureExactness(rules: readonly Rule[], ask: Ask): Promise<Exactness> {
  const ids = rules.map(({ id }) => id);
  const invalid = intersect(listKinds("invalid"), ids).flatMap(listInvalid);
  const valid = intersect(listKinds("valid"), ids).flatMap(listValid);
  let found = 0;
  let atLine = 0;
  let falseAlarms = 0;
  for (const fixture of invalid) {
    const lines = await ask(fixture);
    if (lines !== undefined) found += 1;
    if (lines?.includes(fixture.line) === true) atLine += 1;
  }
  for (const fixture of valid) if ((await ask(fixture)) !== undefined) falseAlarms += 1;
  return { invalid: invalid.length, found, atLine, valid: valid.length, falseAlarms };
}

function intersect(names: readonly string[], others: readonly string[]): string[] {
  return names.filter((name) => others.includes(name));
}

/** What kubeconform, called by `argv` and a file, says; it names a line where its reader of YAML does. */
export function askKubeconform(argv: readonly string[]): Ask {
  const [program = "", ...args] = argv;
  return async ({ file }) => {
    const { status, stdout, stderr } = spawnSync(program, [...args, file], { encoding: "utf8" });
    if (status === 0) return undefined;
    return [...(stdout + stderr).matchAll(/line (\d+)/g)].map(([, line]) => Number(line));
  };
}

/** What our own judge says. */
export function askJudge(judge: (text: string, rule: string) => Promise<Finding[]>): Ask {
  return async ({ text, file }) => {
    const findings = await judge(text, path.basename(path.dirname(file)));
    return findings.length === 0 ? undefined : findings.map(({ where }) => where.line ?? 0);
  };
}
