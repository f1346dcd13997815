import { stat } from "node:fs/promises";
import { describeError, hasCode } from "../errors.ts";
import type { Workstation } from "../world.ts";
import { run } from "./run.ts";

const askSeconds = 10;

/** This machine, as the environment of a command shows it. */
export function openWorkstation(env: NodeJS.ProcessEnv): Workstation {
  return {
    async ask(argv) {
      try {
        const options = { env, timeoutSeconds: askSeconds };
        const { stdout, stderr } = await run(argv, options);
        // ssh tells its version on stderr.
        return { state: "runs", says: stdout.trim() || stderr.trim() };
      } catch (error) {
        if (hasCode(error, "EXEC_MISSING")) return { state: "missing" };
        if (!hasCode(error, "EXEC_FAILED", "EXEC_TIMEOUT")) throw error;
        return { state: "broken", says: describeError(error) };
      }
    },
    async findFile(file) {
      const found = await stat(file).catch(() => undefined);
      if (found === undefined) return undefined;
      return { mode: found.mode & 0o777, isFile: found.isFile() };
    },
    hasVariable: (name) => (env[name] ?? "") !== "",
  };
}
