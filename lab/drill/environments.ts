import { readFile } from "node:fs/promises";
import { labHosts } from "../host-list.ts";
import { readCommandLine } from "../processes.ts";
import {
  listNamespaceProcesses,
  nameNamespace,
  operatorNamespace,
  serversNamespace,
} from "../network.ts";

/** What a process was started with. */
export interface Started {
  command: string;
  /** As the kernel keeps it. */
  environment: string;
}

/** Every process on the lab's network. */
export async function readEnvironments(): Promise<Started[]> {
  const hosts = labHosts.map(({ name }) => nameNamespace(name));
  const namespaces = [operatorNamespace, serversNamespace, ...hosts];
  // A namespace may go while it is looked at, and a process that has ended has no environment.
  const lists = await Promise.all(
    namespaces.map(async (name) => await listNamespaceProcesses(name).catch(() => [])),
  );
  const found = lists.flat().map(async (pid) => ({
    command: (await readCommandLine(pid)).join(" "),
    environment: await readFile(`/proc/${pid}/environ`, "latin1").catch(() => ""),
  }));
  return await Promise.all(found);
}
