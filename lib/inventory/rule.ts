import type { InfraError, Place } from "../errors.ts";
import type { LocatedHost, LocatedInventory } from "./load.ts";

/** What is wrong with a host among the hosts before it; each rule looks at one thing. */
export type HostRule = (host: LocatedHost, earlier: LocatedHost[]) => InfraError[];

/** What is wrong with the hosts taken together. */
export type InventoryRule = (inventory: LocatedInventory) => InfraError[];

/** A place within a sentence. */
export function renderPlace({ file, line, column }: Place): string {
  return [file, line, column].filter((part) => part !== undefined).join(":");
}
