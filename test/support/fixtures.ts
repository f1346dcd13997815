import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";

const folder = path.resolve(import.meta.dirname, "../fixtures");

export interface Fixture {
  name: string;
  file: string;
  text: string;
}

export interface InvalidFixture extends Fixture {
  code: string;
  line: number;
  column: number;
}

/** The files of test/fixtures/valid/<kind>. */
export function listValid(kind: string): Fixture[] {
  return list("valid", kind);
}

/** The files of test/fixtures/invalid/<kind>, each with what its first line says it must give. */
export function listInvalid(kind: string): InvalidFixture[] {
  return list("invalid", kind).map((fixture) => {
    const [, code, line, column] =
      /^# expects: ([A-Z0-9_]+) (\d+):(\d+)\n/.exec(fixture.text) ?? [];
    if (code === undefined)
      throw new Error(`${fixture.file}: its first line has to say what it expects`);
    return { ...fixture, code, line: Number(line), column: Number(column) };
  });
}

/** The kinds that have fixtures in test/fixtures/<validity>. */
export function listKinds(validity: "valid" | "invalid"): string[] {
  return readdirSync(path.join(folder, validity));
}

function list(validity: string, kind: string): Fixture[] {
  const from = path.join(folder, validity, kind);
  const names = readdirSync(from).filter((name) => name.endsWith(".yaml"));
  if (names.length === 0) throw new Error(`${from} has no fixtures`);
  return names.toSorted().map((name) => {
    const file = path.join(from, name);
    return { name: path.basename(name, ".yaml"), file, text: readFileSync(file, "utf8") };
  });
}
