import { defineCommand } from "../../lib/cli/define-command.ts";
import { exitCodes } from "../../lib/errors.ts";
import { labFlags } from "./lab-flags.ts";

export const labDown = defineCommand({
  script: "scripts/lab/down.ts",
  summary: "Remove the lab and all that is on its hosts, and put the machine back as it was",
  examples: [
    { line: "zx scripts/lab/down.ts", does: "remove all but the cache, also after a crash" },
  ],
  flags: labFlags,
  async run(_, terminal) {
    const { findPaths } = await import("../paths.ts");
    const { withLock } = await import("../lock.ts");
    const { startProgress } = await import("../progress.ts");
    const { checkAsker, readAsker } = await import("../requirements.ts");
    const { takeDown } = await import("../down.ts");
    const paths = findPaths();
    const progress = startProgress((text) => terminal.err(text));
    checkAsker(await readAsker(paths), paths);
    const result = await withLock("down", async () => await takeDown(paths, progress));
    return { exitCode: exitCodes.done, text: "", json: result };
  },
});
