import t from "tap";
import { type DoctorOptions, examine } from "../../lib/bootstrap/doctor.ts";
import { doctorReportSchema } from "../../lib/bootstrap/check.schema.ts";
import { renderDoctor } from "../../lib/bootstrap/render-doctor.ts";
import { listTools } from "../../lib/bootstrap/tools.ts";
import { InfraError } from "../../lib/errors.ts";
import { getValidator } from "../../lib/schema/ajv.ts";
import type { FileFacts, ProgramAnswer, Workstation } from "../../lib/world.ts";
import { type Behaviour, createFleet, facts, host } from "../support/memory/fleet.ts";

interface Machine {
  programs?: Record<string, ProgramAnswer>;
  files?: Record<string, FileFacts>;
  variables?: string[];
}

function createWorkstation({ programs = {}, files = {}, variables = [] }: Machine): Workstation {
  const runs: ProgramAnswer = { state: "runs", says: "9.9.9" };
  return {
    ask: async ([program]) => programs[program] ?? runs,
    findFile: async (file) => files[file],
    hasVariable: (name) => variables.includes(name),
  };
}

const hosts = [host("vps-1", { group: "k3s_masters" }), host("vps-2")];
const well = { "vps-1": facts(), "vps-2": facts() };

async function look(
  machine: Machine,
  fleet: Record<string, Behaviour> = well,
  options: Partial<DoctorOptions> = {},
) {
  const world = { ...createFleet(fleet), workstation: createWorkstation(machine) };
  const report = await examine(world, {
    tools: [{ name: "sops", argv: ["sops"], why: "secrets", brew: "brew", apt: "apt" }],
    files: [{ name: "age key", file: "/k", fix: "age-keygen" }],
    variables: [{ name: "TOKEN", why: "power" }],
    inventory: { size: 2, mistakes: [] },
    hosts,
    ...options,
  });
  const validate = await getValidator(doctorReportSchema);
  t.ok(validate(report), JSON.stringify(validate.errors));
  return { report, text: renderDoctor(report), scripts: world.scripts };
}

const fit: Machine = { files: { "/k": { mode: 0o600, isFile: true } }, variables: ["TOKEN"] };

t.test("all is well", async (t) => {
  const { report, text } = await look(fit);
  t.equal(report.findings, 0);
  t.match(text, /Nothing to do\n$/);
  t.match(text, /^ok +sops +sops 9\.9\.9$/m);
  t.match(text, /^ok +inventory +2 hosts$/m);
  t.match(text, /^ok +vps-1 +clock within 60 s, sudo works, debian 12, .* free on \//m);
  t.match(text, /^note +vps-1 -> vps-2 +not measured/m);
});

t.test("all findings at once, each on one line with its fix", async (t) => {
  const mistake = new InfraError({
    code: "CONFIG_KEY_UNKNOWN",
    message: 'unknown key "viia"',
    where: { file: "group_vars/all.yml", line: 3, column: 1 },
    why: "first\nsecond",
    fix: 'Did you mean "via"?',
  });
  const { report, text } = await look(
    { programs: { sops: { state: "missing" } } },
    {
      "vps-1": facts({ clock: [{ seconds: 1 }], sudo: [{ state: "missing", says: "" }] }),
      "vps-2": "denied",
    },
    { inventory: { size: 2, mistakes: [mistake] } },
  );
  t.equal(report.findings, 7);
  const lines = text.split("\n").filter((line) => line.startsWith("FIX"));
  t.equal(lines.length, 7);
  for (const line of lines) t.match(line, / Fix: \S/);
  t.match(text, /^FIX +inventory +group_vars\/all\.yml:3:1 unknown key "viia" \(first second\)/m);
  t.match(text, /^FIX +vps-2 +it does not let "admin" in .* Fix: .*ssh-copy-id/m);
  t.match(text, /\n7 to fix\n$/);
  t.notMatch(text, /undefined/);
  const order = report.checks.map(({ about }) => about);
  t.strictSame([...new Set(order)], ["this machine", "inventory", "vps-1", "vps-2"]);
});

t.test("without ssh no host is asked, and ssh is the finding", async (t) => {
  const tools = listTools({
    k3s: "v1.36.3+k3s1",
    mesh: "tailscale",
    tofu: ">=1.12.6 <1.13",
  }).filter(({ name }) => name === "ssh");
  const { report, scripts } = await look(
    { ...fit, programs: { ssh: { state: "missing" } } },
    well,
    { tools },
  );
  t.strictSame(scripts, []);
  t.match(
    report.checks.filter(({ state }) => state === "finding").map(({ check }) => check),
    ["ssh"],
  );
});

t.test("an inventory of one host, of which none is looked at", async (t) => {
  const inventory = { size: 1, mistakes: [] };
  const { text, scripts } = await look(fit, well, { inventory, hosts: [] });
  t.match(text, /^ok +inventory +1 host$/m);
  t.strictSame(scripts, []);
});
