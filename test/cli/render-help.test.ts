import t from "tap";
import { defineCommand } from "../../lib/cli/define-command.ts";
import { renderHelp } from "../../lib/cli/render-help.ts";
import { renderReference } from "../../lib/cli/render-reference.ts";
import { exitCodes } from "../../lib/errors.ts";

const command = defineCommand({
  script: "scripts/dr/failover.ts",
  summary: "Move what ran on a lost node to another one",
  examples: [
    { line: "zx scripts/dr/failover.ts --source-node a --dry-run", does: "shows the plan" },
  ],
  flags: {
    "source-node": { type: "string", value: "NODE", required: true, help: "node that is lost" },
    via: { type: "string", oneOf: ["auto", "mesh"], default: "auto", help: "the way" },
    yes: { type: "boolean", help: "do not ask" },
  },
  async run() {
    return { exitCode: 0, text: "", json: undefined };
  },
});

t.test("help: examples first, flags aligned, exit codes last", async (t) => {
  const [top, codes] = renderHelp(command).split("Exit codes:\n");
  t.equal(
    top,
    `Move what ran on a lost node to another one

Examples:
  zx scripts/dr/failover.ts --source-node a --dry-run
      shows the plan

Usage:
  zx scripts/dr/failover.ts --source-node NODE [flags]

Flags:
  --source-node NODE  node that is lost (required)
  --via VALUE         the way (one of: auto, mesh; default: auto)
  --yes               do not ask
  --help              show this

`,
  );
  const listed = codes
    ?.trimEnd()
    .split("\n")
    .map((line) => Number.parseInt(line, 10));
  t.same(listed, Object.values(exitCodes));
});

t.test("the reference page has every flag and exit code", async (t) => {
  const page = renderReference(command);
  t.match(page, /^# scripts\/dr\/failover\.ts\n\nMove what ran on a lost node to another one\.\n/);
  t.match(page, "# shows the plan\nzx scripts/dr/failover.ts --source-node a --dry-run\n");
  t.match(page, "| `--via VALUE` | the way (one of: auto, mesh; default: auto) |");
  t.match(page, "| `--help` | show this |");
  for (const code of Object.values(exitCodes)) t.match(page, `| \`${code}\` | `);
});
