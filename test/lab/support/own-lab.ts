import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import path from "node:path";
import type { TAP } from "tap";
import type { LabPaths } from "../../../lab/paths.ts";
import { repositoryRoot } from "../../../lib/config/paths.ts";

/**
 * For a test file that makes a lab of its own: ends it where the machine cannot have one, and takes the
 * lab down afterwards. Throws where there is one already.
 */
export function claimLab(t: TAP, paths: LabPaths): void {
  t.setTimeout(0);
  if (process.getuid?.() !== 0) {
    t.comment("skipped: needs root");
    process.exit(0);
  }
  if (existsSync(paths.state)) throw new Error(`a lab is there already: ${paths.state}`);
  t.teardown(() => {
    spawnSync(process.execPath, [path.join(repositoryRoot, "scripts/lab/down.ts")]);
  });
}
