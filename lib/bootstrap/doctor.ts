import type { InfraError } from "../errors.ts";
import type { World, Workstation } from "../world.ts";
import type { Check, DoctorReport } from "./check.schema.ts";
import { type CompareToken, checkEscrow } from "./check-escrow.ts";
import { checkHosts, type CheckHostsOptions, type HostsReport } from "./check-hosts.ts";
import type { HostToCheck } from "./host-target.ts";
import { judgeTool, type Tool } from "./tools.ts";
import {
  judgePrivateFile,
  judgeVariables,
  type PrivateFile,
  type Variable,
} from "./workstation-checks.ts";

export interface DoctorOptions extends CheckHostsOptions {
  tools: readonly Tool[];
  files: readonly PrivateFile[];
  variables: readonly Variable[];
  /** How many hosts it has, and what loading it told. */
  inventory: { size: number; mistakes: readonly InfraError[] };
  /** The hosts to look at: none while the inventory cannot be read. */
  hosts: readonly HostToCheck[];
  /** The server among the hosts, and how to compare its token with the escrowed one. */
  escrow?: { server: HostToCheck; compare: CompareToken } | undefined;
}

/**
 * Looks at everything that a setup needs, and stops at nothing that it finds; changes nothing.
 * Throws the reason of the signal.
 */
export async function examine(
  world: Pick<World, "hosts" | "clock"> & { workstation: Workstation },
  options: DoctorOptions,
): Promise<DoctorReport> {
  const { workstation } = world;
  const [tools, files, report] = await Promise.all([
    Promise.all(
      options.tools.map(async (tool) => judgeTool(tool, await workstation.ask(tool.argv))),
    ),
    Promise.all(
      options.files.map(async (one) => judgePrivateFile(one, await workstation.findFile(one.file))),
    ),
    // Without ssh no host can be reached, and the missing tool is the finding.
    canUseSsh(world).then((can) => (can ? lookAtHosts(world, options) : { checks: [], links: [] })),
  ]);
  const variables = judgeVariables(options.variables, (name) => workstation.hasVariable(name));
  const inventory = judgeInventory(options.inventory);
  const checks = [...tools, ...files, ...variables, ...inventory, ...report.checks];
  const findings = checks.filter(({ state }) => state === "finding").length;
  return { version: 1, findings, checks, links: report.links };
}

async function lookAtHosts(
  world: Pick<World, "hosts" | "clock">,
  options: DoctorOptions,
): Promise<HostsReport> {
  const { escrow } = options;
  const [report, tokens] = await Promise.all([
    checkHosts(world, options.hosts, options),
    escrow === undefined ? [] : checkEscrow(world, escrow.server, escrow.compare, options),
  ]);
  return { checks: [...report.checks, ...tokens], links: report.links };
}

async function canUseSsh({ workstation }: { workstation: Workstation }): Promise<boolean> {
  return (await workstation.ask(["ssh", "-V"])).state === "runs";
}

function judgeInventory({ size, mistakes }: DoctorOptions["inventory"]): Check[] {
  const about = "inventory";
  if (mistakes.length === 0) {
    const says = `${size} ${size === 1 ? "host" : "hosts"}`;
    return [{ about, check: "inventory", state: "ok", says }];
  }
  return mistakes.map(({ code, message, where, why, fix }) => ({
    about,
    check: "inventory",
    state: "finding",
    code,
    says: message,
    ...(where === undefined ? {} : { where }),
    ...(why === undefined ? {} : { why }),
    fix: fix ?? "Correct it",
  }));
}
