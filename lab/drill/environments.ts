import { readFile } from "node:fs/promises";
import { labHosts } from "../host-list.ts";
import {
  listNamespaceProcesses,
  nameNamespace,
  operatorNamespace,
  serversNamespace,
} from "../network.ts";

/** The environment of every process on the lab's network, as the kernel keeps it. */
export async function readEnvironments(): Promise<string[]> {
  const hosts = labHosts.map(({ name }) => nameNamespace(name));
  const namespaces = [operatorNamespace, serversNamespace, ...hosts];
  // A namespace may go while it is looked at, and a process that has ended has no environment.
  const lists = await Promise.all(
    namespaces.map(async (name) => await listNamespaceProcesses(name).catch(() => [])),
  );
  const texts = lists
    .flat()
    .map(async (pid) => await readFile(`/proc/${pid}/environ`, "latin1").catch(() => ""));
  return await Promise.all(texts);
}
