import { exitCodes, InfraError } from "../lib/errors.ts";
import { labHosts } from "./host-list.ts";
import { askHost } from "./host.ts";
import type { LabPaths } from "./paths.ts";

const readyPath =
  '{range .items[*]}{.metadata.name}={.status.conditions[?(@.type=="Ready")].status}{"\\n"}{end}';

/** Whether the cluster of the lab's hosts answers with all of them Ready. */
export async function isClusterReady(paths: LabPaths): Promise<boolean> {
  const ask = `k3s kubectl get nodes --request-timeout=5s --output=jsonpath='${readyPath}'`;
  const { stdout } = await askHost(paths, findServer(), ask);
  const lines = stdout.split("\n");
  return labHosts.every(({ name }) => lines.includes(`${name}=True`));
}

/** The UID of the cluster's kube-system. Throws LAB_CLUSTER_UNKNOWN. */
export async function readClusterUid(paths: LabPaths): Promise<string> {
  const ask = "k3s kubectl get namespace kube-system --output=jsonpath={.metadata.uid}";
  const { stdout, stderr } = await askHost(paths, findServer(), ask);
  if (/^[0-9a-f-]{36}$/.test(stdout)) return stdout;
  throw new InfraError({
    code: "LAB_CLUSTER_UNKNOWN",
    message: "the lab's cluster does not say which one it is",
    why: stderr.trim() || "kube-system has no UID",
    fix: "Run the same command again",
    exitCode: exitCodes.failed,
  });
}

function findServer(): string {
  return labHosts.find(({ group }) => group === "k3s_masters")?.name ?? "";
}
