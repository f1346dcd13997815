import { rm } from "node:fs/promises";
import { labHosts } from "./host-list.ts";
import type { LabPaths } from "./paths.ts";
import { powerOff } from "./power.ts";

/**
 * All hosts are lost with their disks; the servers of their clouds stay, the bucket and Git among them.
 * The next `bringUp` makes new ones of the same names and addresses. Throws LAB_PROCESS_STUCK.
 */
export async function loseHosts(paths: LabPaths): Promise<void> {
  await Promise.all(labHosts.map(async ({ name }) => await powerOff(paths, name)));
  for (const { name } of labHosts) await rm(paths.host(name).folder, { recursive: true });
}
