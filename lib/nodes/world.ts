import type { PlaybookWorld } from "../bootstrap/run-playbook.ts";
import type { ForgottenHost } from "../inventory/forget-host.ts";
import type { World } from "../world.ts";

/** What bringing a host into a cluster, and taking one out of it, touches. */
export interface NodeWorld extends Pick<World, "cluster" | "clock" | "journal">, PlaybookWorld {
  /** Throws INVENTORY_HOST_SHARED when forgetHost would. */
  checkForgettable(name: string): Promise<void>;
  /** Takes a host out of the inventory; gone already is fine. Throws INVENTORY_HOST_SHARED. */
  forgetHost(name: string): Promise<ForgottenHost>;
}
