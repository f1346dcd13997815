import { readdirSync } from "node:fs";
import { homedir } from "node:os";
import path from "node:path";
import { run, type RunResult } from "./run.ts";

const timeoutSeconds = 60;

/** The command that builds a kustomization. */
export type Kustomize = readonly [string, ...string[]];

/**
 * kustomize or kubectl, which has it built in: of the PATH, or the kubectl that the lab has built.
 * Undefined when there is none.
 */
export async function findKustomize(env: NodeJS.ProcessEnv): Promise<Kustomize | undefined> {
  const { which } = await import("zx/core");
  const find = async (name: string) =>
    await which(name, { path: env["PATH"] ?? "", nothrow: true });
  const kustomize = await find("kustomize");
  if (kustomize !== null) return [kustomize, "build"];
  const kubectl = (await find("kubectl")) ?? findLabKubectl(env);
  return kubectl === undefined ? undefined : [kubectl, "kustomize"];
}

function findLabKubectl(env: NodeJS.ProcessEnv): string | undefined {
  const cache = path.join(env["XDG_CACHE_HOME"] ?? path.join(homedir(), ".cache"), "infra-k3s/lab");
  const found = listFolder(cache)
    .filter((name) => name.startsWith("kubernetes-"))
    .find((name) => listFolder(path.join(cache, name)).includes("kubectl"));
  return found === undefined ? undefined : path.join(cache, found, "kubectl");
}

function listFolder(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** The objects of a kustomization as YAML, and why not where the exit code is not 0. */
export async function buildKustomization(
  kustomize: Kustomize,
  folder: string,
  env: NodeJS.ProcessEnv,
): Promise<RunResult> {
  return await run([...kustomize, folder], { env, timeoutSeconds, allowedCodes: [0, 1] });
}
