import { exitCodes, InfraError } from "../errors.ts";
import type { Cluster } from "../world.ts";
import { readKubeconfig } from "./kubeconfig.ts";
import { openObjects } from "./objects.ts";
import { openTransport } from "./request.ts";

export interface ConnectOptions {
  /** Path of the kubeconfig; its current context counts. */
  kubeconfig: string;
  /** Limit of each request; a request that is repeated has it anew. */
  requestTimeoutSeconds?: number;
}

/**
 * Prepares the way to the cluster of a kubeconfig; nothing is sent yet. Throws
 * CLUSTER_KUBECONFIG_MISSING and CLUSTER_KUBECONFIG_INVALID.
 */
export async function connectCluster(options: ConnectOptions): Promise<Cluster> {
  const { kubeconfig, requestTimeoutSeconds = 10 } = options;
  const { server, authorize } = await readKubeconfig(kubeconfig);
  return openObjects(openTransport(server, authorize, requestTimeoutSeconds));
}

/** What tells one cluster from another for as long as it lives: the UID of kube-system. */
export async function readClusterUid(cluster: Cluster): Promise<string> {
  const namespace = await cluster.find({ kind: "Namespace", name: "kube-system" });
  const uid = namespace?.metadata.uid;
  if (uid !== undefined) return uid;
  throw new InfraError({
    code: "CLUSTER_NOT_FOUND",
    message: "the cluster has no namespace kube-system",
    fix: "Check the server in the kubeconfig",
    exitCode: exitCodes.failed,
  });
}
