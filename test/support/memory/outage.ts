import { addDeployment, addStatefulSet } from "./workloads.ts";
import type { HostState } from "./hosts.ts";
import { createWorld, type MemoryWorld, source } from "./world.ts";

/** A source with one backed-up volume that went down a minute ago: its failover would go through. */
export async function createOutage(
  change: { backupAge?: number; state?: HostState } = {},
): Promise<MemoryWorld> {
  const world = await createWorld();
  const backupAge = change.backupAge ?? 300;
  await addStatefulSet(world, "db", [{ name: "data", content: "rows", backupAge }]);
  await goDown(world, change.state);
  return world;
}

/** The same with a Deployment `files`, whose claim is in no template. */
export async function createDeploymentOutage(): Promise<MemoryWorld> {
  const world = await createWorld();
  await addDeployment(world, "files", [{ name: "uploads", content: "pictures", backupAge: 300 }]);
  await goDown(world);
  return world;
}

/** The source goes down, and the control plane has noticed. */
export async function goDown(world: MemoryWorld, state: HostState = "off"): Promise<void> {
  world.setHost(source, state);
  await world.settle(60);
}

/** A person switches the source on again at its provider. */
export async function bringBack(world: MemoryWorld): Promise<void> {
  const machine = world.hosts.machines.get(source);
  if (machine !== undefined) machine.power = "running";
  world.setHost(source, "up");
  await world.settle(60);
}

/** What apps were started on since the outage, `demo/data-db-0: rows on vps-vultr-1`. */
export function listStarts(world: MemoryWorld): string[] {
  return world.controllers.starts.map(
    ({ claim, content, node }) => `${claim}: ${content} on ${node}`,
  );
}
