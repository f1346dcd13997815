import t from "tap";
import { changeFlags, commonFlags } from "../../lib/cli/common-flags.ts";
import { type CommandInput, defineCommand } from "../../lib/cli/define-command.ts";
import { parseFlags } from "../../lib/cli/parse-flags.ts";
import { InfraError } from "../../lib/errors.ts";

const command = defineCommand({
  script: "scripts/dr/failover.ts",
  summary: "Test",
  examples: [],
  flags: {
    ...commonFlags,
    ...changeFlags,
    "source-node": { type: "string", value: "NODE", required: true, help: "node that is lost" },
    "target-node": { type: "string", value: "NODE", required: true, help: "node to go to" },
    via: { type: "string", oneOf: ["auto", "mesh", "public"], default: "auto", help: "the way" },
    app: { type: "string", help: "one application" },
  },
  async run() {
    return { exitCode: 0, text: "", json: undefined };
  },
});

const nodes = ["--source-node", "a", "--target-node", "b"];

t.test("values, defaults and absent flags", async (t) => {
  t.same(parseFlags(command, [...nodes, "--app", "007", "--dry-run"]).flags, {
    site: undefined,
    kubeconfig: undefined,
    json: false,
    verbose: false,
    dryRun: true,
    abort: false,
    yes: false,
    confirm: undefined,
    sourceNode: "a",
    targetNode: "b",
    via: "auto",
    app: "007",
  });
  t.equal(parseFlags(command, [...nodes, "--app=-x"]).flags.app, "-x");
  t.equal(parseFlags(command, [...nodes, "--app", "-"]).flags.app, "-");
});

t.test("one value may stand without a flag where the command says so", async (t) => {
  const script = "scripts/ci/validate.ts";
  const operand = { value: "DIR", help: "the folder" };
  const flags = { json: commonFlags.json };
  const parse = (args: string[]) => parseFlags({ script, flags, operand }, args);
  t.same(parse(["kubernetes", "--json"]), { flags: { json: true }, operand: "kubernetes" });
  t.equal(parse([]).operand, undefined);
  const required = { ...operand, required: true } as const;
  t.throws(() => parseFlags({ script, flags, operand: required }, ["--json"]), {
    code: "CLI_ARGUMENT_MISSING",
    message: "DIR is missing",
  });
  for (const args of [["a", "b"], [""]]) {
    t.throws(() => parse(args), { code: "CLI_ARGUMENT_UNEXPECTED" }, args.join(" "));
  }
});

t.test("the table decides on the types", async (t) => {
  type Flags = CommandInput<(typeof command)["flags"]>["flags"];
  type Same<A, B> =
    (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
  const checks: [
    Same<Flags["sourceNode"], string>,
    Same<Flags["app"], string | undefined>,
    Same<Flags["via"], "auto" | "mesh" | "public">,
    Same<Flags["dryRun"], boolean>,
    Same<Flags["site"], string | undefined>,
  ] = [true, true, true, true, true];
  t.equal(checks.length, 5);
});

const mistakes: { args: string[]; code: string; message: string; fix: RegExp }[] = [
  {
    args: [...nodes, "--dryrun"],
    code: "CLI_FLAG_UNKNOWN",
    message: "unknown flag --dryrun",
    fix: /^did you mean --dry-run \?$/,
  },
  {
    args: ["--source=a"],
    code: "CLI_FLAG_UNKNOWN",
    message: "unknown flag --source",
    fix: /^did you mean --source-node \?$/,
  },
  {
    args: ["-dry-run"],
    code: "CLI_FLAG_UNKNOWN",
    message: "unknown flag -dry-run",
    fix: /^did you mean --dry-run \?$/,
  },
  {
    args: ["--helpp"],
    code: "CLI_FLAG_UNKNOWN",
    message: "unknown flag --helpp",
    fix: /^did you mean --help \?$/,
  },
  {
    args: ["--frobnicate", "x"],
    code: "CLI_FLAG_UNKNOWN",
    message: "unknown flag --frobnicate",
    fix: /^See zx scripts\/dr\/failover\.ts --help$/,
  },
  {
    args: ["--constructor"],
    code: "CLI_FLAG_UNKNOWN",
    message: "unknown flag --constructor",
    fix: /--help$/,
  },
  {
    args: ["--source-node", "--target-node", "b"],
    code: "CLI_VALUE_MISSING",
    message: "--source-node has no value",
    fix: /^Write --source-node NODE, or --source-node=--target-node if/,
  },
  {
    args: ["--target-node", "b", "--source-node"],
    code: "CLI_VALUE_MISSING",
    message: "--source-node has no value",
    fix: /^Write --source-node NODE$/,
  },
  {
    args: ["--source-node", "", "--target-node", "b"],
    code: "CLI_VALUE_MISSING",
    message: "--source-node has no value",
    fix: /^Write --source-node NODE$/,
  },
  {
    args: [...nodes, "--source-node", "c"],
    code: "CLI_FLAG_REPEATED",
    message: "--source-node is given more than once",
    fix: /^Give --source-node once$/,
  },
  {
    args: [...nodes, "--yes", "--yes"],
    code: "CLI_FLAG_REPEATED",
    message: "--yes is given more than once",
    fix: /^Give --yes once$/,
  },
  {
    args: ["--via", "mehs"],
    code: "CLI_VALUE_INVALID",
    message: '--via cannot be "mehs"',
    fix: /^did you mean --via mesh \?$/,
  },
  {
    args: ["--via", "carrier-pigeon"],
    code: "CLI_VALUE_INVALID",
    message: '--via cannot be "carrier-pigeon"',
    fix: /^Give one of them: --via auto$/,
  },
  {
    args: [...nodes, "--dry-run=false"],
    code: "CLI_VALUE_INVALID",
    message: "--dry-run takes no value",
    fix: /^Write --dry-run, or leave it out$/,
  },
  {
    args: [...nodes, "vps-a"],
    code: "CLI_ARGUMENT_UNEXPECTED",
    message: 'unexpected argument "vps-a"',
    fix: /--help$/,
  },
  {
    args: [...nodes, "\u2014dry-run"],
    code: "CLI_ARGUMENT_UNEXPECTED",
    message: 'unexpected argument "\u2014dry-run"',
    fix: /^did you mean --dry-run \?$/,
  },
  {
    args: [...nodes, "--", "--dry-run"],
    code: "CLI_ARGUMENT_UNEXPECTED",
    message: 'unexpected argument "--dry-run"',
    fix: /^did you mean --dry-run \?$/,
  },
  {
    args: ["--target-node", "b"],
    code: "CLI_FLAG_MISSING",
    message: "--source-node is missing",
    fix: /^Add --source-node NODE\n/,
  },
  {
    args: [],
    code: "CLI_FLAG_MISSING",
    message: "--source-node, --target-node are missing",
    fix: /^Add --source-node NODE --target-node NODE\n/,
  },
];

for (const { args, code, message, fix } of mistakes) {
  t.test(`${code}: ${args.join(" ") || "no flags"}`, async (t) => {
    try {
      parseFlags(command, args);
      t.fail("it was taken");
    } catch (error) {
      if (!(error instanceof InfraError)) throw error;
      t.match(error, { code, message, exitCode: 2 });
      t.match(error.fix, fix);
    }
  });
}
