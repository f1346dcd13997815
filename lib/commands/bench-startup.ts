import { spawn } from "node:child_process";
import { globSync, readFileSync } from "node:fs";
import path from "node:path";
import { commonFlags } from "../cli/common-flags.ts";
import { defineCommand } from "../cli/define-command.ts";
import { renderTable } from "../cli/table.ts";
import { repositoryRoot as root } from "../config/paths.ts";
import { exitCodes } from "../errors.ts";

/** A way to start a program, and the most that its median may take. */
interface Way {
  name: string;
  argv: string[];
  env: NodeJS.ProcessEnv;
  targetMs?: number;
}

/** What was measured of one way; a program without a target is there to compare with. */
export interface Row {
  program: string;
  way: string;
  state: "measured" | "failed" | "not installed";
  minMs?: number;
  medianMs?: number;
  targetMs?: number;
}

const runs = 9;

/** How long it takes until a command says something. */
export const benchStartup = defineCommand({
  script: "scripts/dev/bench-startup.ts",
  summary: "Measure how long every command takes to print its help",
  examples: [
    { line: "npm run bench:startup", does: "measures every script under scripts/" },
    { line: "zx scripts/dev/bench-startup.ts --json", does: "gives the figures to a program" },
  ],
  flags: { json: commonFlags.json, verbose: commonFlags.verbose },
  async run(_input, terminal) {
    const rows: Row[] = [];
    for (const { program, ways } of listPrograms()) {
      for (const way of ways) {
        terminal.interrupted.throwIfAborted();
        terminal.err(`measuring ${program} ${way.name}\n`);
        rows.push(await measure(program, way));
      }
    }
    const failed = rows.some((row) => row.state === "failed");
    return {
      exitCode: failed ? exitCodes.findings : exitCodes.done,
      text: renderRows(rows),
      json: { node: process.version, runs, rows },
    };
  },
});

function listPrograms(): { program: string; ways: Way[] }[] {
  const env = clearEnvironment();
  const bin = path.join(root, "node_modules/.bin");
  // What .envrc.example does: our programs first on the PATH, and Node's compile cache.
  const withBin = { ...env, PATH: `${bin}:${env["PATH"]}` };
  const withCache = { ...withBin, NODE_COMPILE_CACHE: path.join(root, ".cache/node") };
  const scripts = globSync("scripts/**/*.ts", { cwd: root })
    .filter((file) => readFileSync(path.join(root, file), "utf8").includes("runCommand("))
    .toSorted();
  const own = scripts.map((script) => {
    const zx = ["zx", script, "--help"];
    const npx = ["npx", "--no-install", ...zx];
    const ways = [
      { name: "zx", argv: zx, env: withBin, targetMs: 160 },
      { name: "zx, as in .envrc", argv: zx, env: withCache, targetMs: 160 },
      { name: "npx", argv: npx, env, targetMs: 400 },
      { name: "npx, as in .envrc", argv: npx, env: withCache, targetMs: 400 },
    ];
    return { program: `${script} --help`, ways };
  });
  const others = [
    // What npx and zx take by themselves, whatever they start.
    { argv: ["npx", "--no-install", "--call", "true"], env },
    { argv: ["zx", "--eval", "0"], env: withCache },
    { argv: ["kubectl", "version", "--client"], env },
    { argv: ["ansible-playbook", "--version"], env },
  ].map((way) => ({ program: way.argv.join(" "), ways: [{ name: "", ...way }] }));
  return [...own, ...others];
}

/** The environment of a plain shell: without what npm and direnv put into it. */
function clearEnvironment(): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(
    ([name]) => !/^npm_|^(NODE|NODE_COMPILE_CACHE|INIT_CWD)$/.test(name),
  );
  const folders = (process.env["PATH"] ?? "").split(":");
  const PATH = folders.filter((one) => !/node_modules\/\.bin|node-gyp-bin/.test(one)).join(":");
  return { ...Object.fromEntries(own), PATH };
}

async function measure(program: string, way: Way): Promise<Row> {
  const row = { program, way: way.name, targetMs: way.targetMs };
  // The first run fills the caches and does not count.
  const first = await time(way);
  if (first === "not installed" || first === "failed") return { ...row, state: first };
  const times: number[] = [];
  for (let run = 0; run < runs; run += 1) {
    const ms = await time(way);
    if (typeof ms !== "number") return { ...row, state: ms };
    times.push(ms);
  }
  const sorted = times.toSorted((a, b) => a - b);
  return { ...row, state: "measured", minMs: sorted[0], medianMs: sorted[Math.floor(runs / 2)] };
}

async function time({ argv, env }: Way): Promise<number | "failed" | "not installed"> {
  const [file = "", ...args] = argv;
  const { promise, resolve } = Promise.withResolvers<number | "failed" | "not installed">();
  const startedAt = performance.now();
  const child = spawn(file, args, { cwd: root, env, stdio: "ignore" });
  child.once("error", (error: NodeJS.ErrnoException) =>
    resolve(error.code === "ENOENT" ? "not installed" : "failed"),
  );
  child.once("exit", (code) => resolve(code === 0 ? performance.now() - startedAt : "failed"));
  return await promise;
}

/** The figures as a table. */
export function renderRows(rows: Row[]): string {
  const cells = rows.map((row) => {
    if (row.state !== "measured") return [row.program, row.way, row.state];
    const { minMs = 0, medianMs = 0, targetMs } = row;
    const verdict = targetMs === undefined ? "" : medianMs <= targetMs ? "ok" : "over";
    const target = targetMs === undefined ? "" : String(targetMs);
    return [row.program, row.way, minMs.toFixed(0), medianMs.toFixed(0), target, verdict];
  });
  const table = renderTable(cells, ["PROGRAM", "STARTED BY", "MIN ms", "MEDIAN ms", "TARGET", ""]);
  return `${table}\n${runs} runs each after one that does not count, Node ${process.version}\n`;
}
