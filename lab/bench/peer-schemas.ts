import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { schemasFolder } from "../../lib/config/paths.ts";

type Definitions = Record<string, unknown>;

/**
 * Writes Kubernetes' own kinds of a minor, each with the definitions that it needs in its own file:
 * kubeconform reads that faster than our files, which share one file of definitions.
 */
export function writePeerSchemas(folder: string, minor: string): void {
  const from = path.join(schemasFolder, "kubernetes", `v${minor}`);
  const { $defs } = readJson(path.join(from, "_definitions.json")) as { $defs: Definitions };
  const entries = readdirSync(from, { recursive: true, withFileTypes: true });
  for (const entry of entries.filter(({ name }) => /^[^_].*\.json$/.test(name))) {
    const source = path.join(entry.parentPath, entry.name);
    const text = readFileSync(source, "utf8").replaceAll("../_definitions.json#", "#");
    const schema = JSON.parse(text) as Definitions;
    const target = path.join(folder, path.relative(from, source));
    mkdirSync(path.dirname(target), { recursive: true });
    writeFileSync(target, JSON.stringify({ ...schema, $defs: pickUsed(text, $defs) }));
  }
}

function pickUsed(text: string, definitions: Definitions): Definitions {
  const used: Definitions = {};
  const texts = [text];
  for (const one of texts) {
    for (const [, name = ""] of one.matchAll(/"#\/\$defs\/([^"]+)"/g)) {
      if (name in used) continue;
      used[name] = definitions[name];
      texts.push(JSON.stringify(definitions[name]));
    }
  }
  return used;
}

function readJson(file: string): unknown {
  return JSON.parse(readFileSync(file, "utf8"));
}
