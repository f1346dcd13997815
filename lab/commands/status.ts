import { defineCommand } from "../../lib/cli/define-command.ts";
import { exitCodes } from "../../lib/errors.ts";
import { labFlags } from "./lab-flags.ts";

export const labStatus = defineCommand({
  script: "scripts/lab/status.ts",
  summary: "Show the lab's hosts, whether they run, and their addresses",
  examples: [
    { line: "zx scripts/lab/status.ts", does: "look at the lab of this machine" },
    { line: "zx scripts/lab/status.ts --json", does: "the same for a program" },
  ],
  flags: labFlags,
  async run() {
    const { findPaths } = await import("../paths.ts");
    const { checkAsker, readAsker } = await import("../requirements.ts");
    const { readStatus, renderStatus } = await import("../status.ts");
    const paths = findPaths();
    checkAsker({ ...(await readAsker(paths)), isInsideLab: false }, paths);
    const status = await readStatus(paths);
    return { exitCode: exitCodes.done, text: renderStatus(status), json: status };
  },
});
