import { findKubectl, getKubectl } from "./kubectl.ts";
import { findLabProgram } from "./lab-program.ts";
import { run, type RunResult } from "./run.ts";

const timeoutSeconds = 60;

/** The command that builds a kustomization. */
export type Kustomize = readonly [string, ...string[]];

/**
 * kustomize of the PATH, or the one that the lab has built, or kubectl, which has it built in;
 * undefined when there is none.
 */
export async function findKustomize(env: NodeJS.ProcessEnv): Promise<Kustomize | undefined> {
  const { which } = await import("zx/core");
  const found = await which("kustomize", { path: env["PATH"] ?? "", nothrow: true });
  const kustomize = found ?? findLabProgram("kustomize", "kustomize", env);
  if (kustomize !== undefined) return [kustomize, "build"];
  const kubectl = await findKubectl(env);
  return kubectl === undefined ? undefined : [kubectl, "kustomize"];
}

/** The same; throws EXEC_MISSING. */
export async function getKustomize(env: NodeJS.ProcessEnv): Promise<Kustomize> {
  return (await findKustomize(env)) ?? [await getKubectl(env), "kustomize"];
}

/** The objects of a kustomization as YAML, and why not where the exit code is not 0. */
export async function buildKustomization(
  kustomize: Kustomize,
  folder: string,
  env: NodeJS.ProcessEnv,
): Promise<RunResult> {
  return await run([...kustomize, folder], { env, timeoutSeconds, allowedCodes: [0, 1] });
}
