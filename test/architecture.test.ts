import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import t from "tap";
import { repositoryRoot } from "../lib/config/paths.ts";

/** The layers of lib/, the lowest first; a file may import from its own and from lower ones. */
const layers: string[][] = [
  "errors.ts objects.ts records.ts stack.ts world.ts cli config http schema steps",
  "cloudflare cluster exec",
  "argocd dns inventory manifests mesh power secrets storage tofu velero",
  "apps bootstrap lint recovery",
  "nodes",
  "commands index.ts",
].map((layer) => layer.split(" "));

function listFiles(...patterns: string[]): string[] {
  const argv = ["ls-files", "--cached", "--others", "--exclude-standard", "--", ...patterns];
  const text = execFileSync("git", argv, { cwd: repositoryRoot, encoding: "utf8" });
  return text
    .split("\n")
    .filter((file) => file !== "" && existsSync(path.join(repositoryRoot, file)));
}

function read(file: string): string {
  return readFileSync(path.join(repositoryRoot, file), "utf8");
}

/** Folder or file directly under lib/. */
function findPart(file: string): string {
  return file.split("/")[1] ?? "";
}

function findLayer(file: string): number {
  return layers.findIndex((layer) => layer.includes(findPart(file)));
}

function listImports(file: string): string[] {
  return [...read(file).matchAll(/(?:from|import\()\s*"(\.[^"]+)"/g)].map((match) =>
    path.posix.join(path.posix.dirname(file), match[1] ?? ""),
  );
}

const files = listFiles("lib/*.ts");

t.test("every file of lib belongs to a layer and imports only downwards", async (t) => {
  t.ok(files.length > 50, `${files.length} files`);
  for (const file of files) {
    const layer = findLayer(file);
    t.ok(layer >= 0, `${file} is in no layer`);
    for (const imported of listImports(file)) {
      t.ok(findLayer(imported) <= layer, `${file} imports ${imported}, which is above it`);
      const sameLevel = findLayer(imported) === layer && findPart(imported) !== findPart(file);
      t.notOk(
        sameLevel && layer > 0 && findPart(file) !== "index.ts",
        `${file} imports ${imported} beside it`,
      );
    }
  }
});

t.test("a script is only a shebang, its command and runCommand", async (t) => {
  const scripts = listFiles("scripts/*.ts");
  t.ok(scripts.length > 0);
  for (const script of scripts) {
    const lines = read(script)
      .trim()
      .split("\n")
      .filter((line) => line !== "");
    t.ok(lines.length <= 6, `${script} has ${lines.length} lines`);
    t.equal(lines[0], "#!/usr/bin/env -S npx --no-install zx", script);
    t.match(lines.at(-1), /^await runCommand\(\w+\);$/, script);
  }
});

t.test("no file grows over 250 lines", async (t) => {
  for (const file of [...files, ...listFiles("scripts/*.ts", "lab/*.ts")]) {
    if (file === "lib/objects.ts") continue;
    const lines = read(file).split("\n").length;
    t.ok(lines <= 250, `${file} has ${lines} lines`);
  }
});

t.test("SDKs are loaded at first use only", async (t) => {
  for (const file of files) {
    const heavy =
      /^(import|export) (?!type)([^"';]*from )?"(@kubernetes\/client-node|cloudflare|ajv|yaml|zx)/m;
    t.notMatch(read(file), heavy, file);
  }
});
