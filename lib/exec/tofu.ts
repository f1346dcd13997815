import { registerSecret } from "../cli/redact.ts";
import { hasCode, InfraError } from "../errors.ts";
import { findLabProgram } from "./lab-program.ts";
import { run, type RunResult } from "./run.ts";

/** Where tofu works and what it may see. */
export interface TofuPlace {
  /** The folder of the stack. */
  folder: string;
  /** The user's own, from which what would change its answers is left out. */
  env: NodeJS.ProcessEnv;
  /** Put over that. */
  variables?: Readonly<Record<string, string>>;
}

/** Cloudflare answers within seconds, and a failover waits. */
const timeoutSeconds = 240;

/** What tofu is given to write its state down and to let go of the lock. */
const graceSeconds = 60;

/** They come by the environment, and may stand in what tofu complains about. */
const secrets = [
  "AWS_ACCESS_KEY_ID",
  "AWS_SECRET_ACCESS_KEY",
  "AWS_SESSION_TOKEN",
  "CLOUDFLARE_API_TOKEN",
  "TF_VAR_state_passphrase",
];

/** Another workspace has another state; a log, or more arguments, may hold or do anything. */
const leftOut = /^TF_(CLI_ARGS|DATA_DIR$|ENCRYPTION$|LOG|WORKSPACE$|VAR_(records|inventory)_file$)/;

/**
 * Runs tofu in the folder of a stack; it asks nothing. Exit code 1 is for the caller, who knows what its
 * words mean. Throws TOFU_MISSING, EXEC_TIMEOUT, and EXEC_FAILED when it was killed.
 */
export async function runTofu(args: readonly string[], place: TofuPlace): Promise<RunResult> {
  for (const name of secrets) registerSecret(place.env[name] ?? "");
  const own = Object.entries(place.env).filter(([name]) => !leftOut.test(name));
  const env = {
    ...Object.fromEntries(own),
    TF_IN_AUTOMATION: "1",
    TF_INPUT: "0",
    TF_WORKSPACE: "default",
    CHECKPOINT_DISABLE: "1",
    ...place.variables,
  };
  try {
    const program = await findTofu(place.env);
    return await run([program, ...args], {
      cwd: place.folder,
      env,
      timeoutSeconds,
      graceSeconds,
      allowedCodes: [0, 1],
    });
  } catch (error) {
    if (!hasCode(error, "EXEC_MISSING")) throw error;
    throw new InfraError({
      code: "TOFU_MISSING",
      message: 'the program "tofu" is not installed; nothing was changed',
      why: "static records are changed by a plan of OpenTofu, and it is in no folder of PATH",
      fix: "brew install opentofu; on Debian as https://opentofu.org/docs/intro/install/deb/ says",
      cause: error,
    });
  }
}

/** tofu of the PATH, or the one that the lab has built. */
async function findTofu(env: NodeJS.ProcessEnv): Promise<string> {
  const { which } = await import("zx/core");
  const found = await which("tofu", { path: env["PATH"] ?? "", nothrow: true });
  return found ?? findLabProgram("opentofu", "tofu", env) ?? "tofu";
}
