import path from "node:path";
import { run, type RunOptions, type RunResult } from "../lib/exec/run.ts";
import { getProgram } from "./image-recipes.ts";
import { buildOperatorEnvironment, enterOperator } from "./operator.ts";
import type { LabPaths } from "./paths.ts";

export interface Cluster {
  /** Runs the built kubectl where the operator is; what is given on stdin may hold secrets. */
  kubectl(
    args: readonly string[],
    options?: Pick<RunOptions, "stdin" | "allowedCodes">,
  ): Promise<RunResult>;
  /** The object or list that `kubectl get` finds. */
  get<T>(...args: readonly string[]): Promise<T>;
  /** Applies objects server-side, the lab's word against everybody's. */
  apply(objects: readonly unknown[]): Promise<void>;
}

/** An object as it is read from a file; only what names it is known. */
export interface Manifest {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string };
  [field: string]: unknown;
}

/**
 * The lab's cluster, by the kubeconfig of its site. Calls throw EXEC_FAILED and EXEC_TIMEOUT, and the
 * reason of `signal`.
 */
export function openCluster(
  paths: LabPaths,
  programs: Readonly<Record<string, string>>,
  signal?: AbortSignal,
): Cluster {
  const program = getProgram(programs, "kubectl");
  const kubeconfig = path.join(paths.state, "kubeconfig");

  async function kubectl(
    args: readonly string[],
    options: Pick<RunOptions, "stdin" | "allowedCodes"> = {},
  ): Promise<RunResult> {
    const argv = await enterOperator(paths, [program, "--kubeconfig", kubeconfig, ...args]);
    const env = buildOperatorEnvironment(paths, process.env);
    const ends = { timeoutSeconds: 300, ...(signal === undefined ? {} : { signal }) };
    return await run(argv, { ...ends, env, ...options });
  }

  return {
    kubectl,
    async get<T>(...args: readonly string[]) {
      return JSON.parse((await kubectl(["get", "--output=json", ...args])).stdout) as T;
    },
    async apply(objects) {
      const list = { apiVersion: "v1", kind: "List", items: objects };
      const manager = ["--server-side", "--force-conflicts", "--field-manager", "infra-k3s-lab"];
      await kubectl(["apply", ...manager, "-f", "-"], { stdin: JSON.stringify(list) });
    },
  };
}
