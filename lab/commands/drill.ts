import { type CommandResult, defineCommand } from "../../lib/cli/define-command.ts";
import { describeError, exitCodes } from "../../lib/errors.ts";
import type { DrillReport } from "../drill/report.ts";
import { labFlags, mirrorFlag } from "./lab-flags.ts";

export const labDrill = defineCommand({
  script: "scripts/lab/drill.ts",
  summary: "Kill a host of a fresh lab, fail over, and check the data that came back",
  examples: [
    {
      line: "npm run drill",
      does: "from nothing to a report in reports/; replaces a lab that is up, and is gone after it",
    },
    { line: "zx scripts/lab/drill.ts --keep", does: "leave the lab up, to look around in" },
  ],
  flags: {
    strict: { type: "boolean", help: "a limit of time that was missed is a failure, too" },
    keep: { type: "boolean", help: "leave the lab up afterwards, whatever came out" },
    ...mirrorFlag,
    ...labFlags,
  },
  async run({ flags }, terminal) {
    const { findPaths } = await import("../paths.ts");
    const { withLock } = await import("../lock.ts");
    const { startProgress } = await import("../progress.ts");
    const { checkAsker, readAsker } = await import("../requirements.ts");
    const { takeDown } = await import("../down.ts");
    const { plantTraps } = await import("../drill/traps.ts");
    const { runDrill } = await import("../drill/run-drill.ts");
    const { buildDrillReport } = await import("../drill/report.ts");
    const paths = findPaths();
    const progress = startProgress((text) => terminal.err(text));
    checkAsker(await readAsker(paths), paths);
    const options = { mirror: flags.mirror, progress, signal: terminal.interrupted };
    return await withLock("drill", async () => {
      // An earlier lab would take away what is planted now.
      await takeDown(paths, progress);
      const traps = await plantTraps(paths.traps);
      // For everything that is started from here on.
      Object.assign(process.env, traps.env);
      let result: CommandResult;
      try {
        const facts = await runDrill(paths, { ...options, traps });
        result = await showReport(buildDrillReport(facts), flags.strict);
      } catch (error) {
        if (flags.keep) throw error;
        await takeDown(paths, progress).catch((failure: unknown) => {
          progress.say(`the lab was not taken down: ${describeError(failure)}`);
        });
        throw error;
      }
      if (flags.keep) await traps.remove();
      else await takeDown(paths, progress);
      return result;
    });
  },
});

async function showReport(report: DrillReport, isStrict: boolean): Promise<CommandResult> {
  const { mkdir, writeFile } = await import("node:fs/promises");
  const path = await import("node:path");
  const { repositoryRoot, showPath } = await import("../../lib/config/paths.ts");
  const { renderDrillMarkdown, renderDrillText } = await import("../drill/render-report.ts");
  const folder = path.join(repositoryRoot, "reports");
  await mkdir(folder, { recursive: true });
  const name = `drill-${report.startedAt.replace(/\.\d+Z$/, "Z").replaceAll(":", "-")}`;
  const files = { json: path.join(folder, `${name}.json`), md: path.join(folder, `${name}.md`) };
  await writeFile(files.json, `${JSON.stringify(report, undefined, 2)}\n`);
  await writeFile(files.md, renderDrillMarkdown(report));
  const places = Object.values(files).map(showPath).join(", ");
  return {
    exitCode:
      report.passed && (report.wasFastEnough || !isStrict) ? exitCodes.done : exitCodes.findings,
    text: `${renderDrillText(report)}\nReport: ${places}\n`,
    json: { report, files },
  };
}
