import { commonFlags } from "../cli/common-flags.ts";
import { defineCommand } from "../cli/define-command.ts";
import { exitCodes } from "../errors.ts";

export const drStatus = defineCommand({
  script: "scripts/dr/status.ts",
  summary: "Show what recoveries have left open, cordoned, tainted, kept or paused",
  examples: [
    { line: "zx scripts/dr/status.ts", does: "look at the cluster of this work tree" },
    { line: "zx scripts/dr/status.ts --json", does: "the same for a program" },
  ],
  flags: commonFlags,
  async run({ flags }, terminal) {
    const { listPlace, openWorld } = await import("./open-world.ts");
    const { readStatus, renderStatus } = await import("../recovery/status.ts");
    const { world } = await openWorld(flags, terminal);
    const status = await readStatus(world, listPlace(flags));
    return { exitCode: exitCodes.done, text: renderStatus(status), json: status };
  },
});
