import { exitCodes, InfraError } from "../errors.ts";
import { findLabProgram } from "./lab-program.ts";
import { run } from "./run.ts";

const timeoutSeconds = 60;

/** kubectl of the PATH, or the one that the lab has built; undefined when there is none. */
export async function findKubectl(env: NodeJS.ProcessEnv): Promise<string | undefined> {
  const { which } = await import("zx/core");
  const found = await which("kubectl", { path: env["PATH"] ?? "", nothrow: true });
  return found ?? findLabProgram("kubernetes", "kubectl", env);
}

/**
 * Lets the API server judge an object as if it were applied, without keeping it: server-side apply
 * with `dryRun=All`. Returns the server's words when it refuses it. Throws KUBECTL_FAILED when the
 * server was not asked, and EXEC_TIMEOUT.
 */
export async function applyDry(
  kubectl: string,
  kubeconfigFile: string,
  object: unknown,
  env: NodeJS.ProcessEnv,
): Promise<string | undefined> {
  const argv = [
    kubectl,
    `--kubeconfig=${kubeconfigFile}`,
    "apply",
    "--server-side",
    "--dry-run=server",
    "--force-conflicts",
    "--validate=strict",
    "--filename=-",
  ] as const;
  const { code, stderr } = await run(argv, {
    env,
    stdin: JSON.stringify(object),
    timeoutSeconds,
    allowedCodes: [0, 1],
  });
  if (code === 0) return undefined;
  if (!refusal.test(stderr)) throw unanswered(stderr);
  return stderr.trim().replace(/^Error from server(?: \(\w+\))?: /, "");
}

/** What kubectl says when the server does not want the object, or does not know its kind. */
const refusal = /^(?:Error from server|error: resource mapping not found|The \w+ ".*" is invalid)/m;

function unanswered(stderr: string): InfraError {
  return new InfraError({
    code: "KUBECTL_FAILED",
    message: "kubectl could not ask the cluster",
    why: stderr.trim(),
    fix: "See that the kubeconfig leads to a cluster that answers, then run the same command again",
    exitCode: exitCodes.failed,
  });
}
