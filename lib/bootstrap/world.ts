import type { Host } from "../inventory/load.ts";
import type { Cluster, Hosts, Playbooks, World } from "../world.ts";

/** What making a cluster touches; there is none yet that could hold a lock or a record. */
export interface BootstrapWorld extends Pick<World, "clock" | "journal"> {
  playbooks: Playbooks;
  /** The hosts of the inventory as they are now: the playbooks write addresses and keys into it. */
  loadHosts(): Promise<Host[]>;
  /** By ssh, with the password of a host that begins with one. */
  connectHosts(hosts: readonly Host[]): Hosts;
  /** The cluster of the kubeconfig that the playbooks fetch. */
  openCluster(): Promise<Cluster>;
  /**
   * Writes down that this is the site's cluster, and returns its UID. Throws SITE_WRONG_CLUSTER
   * when the site is about another one.
   */
  recordCluster(cluster: Cluster): Promise<string>;
  /** Keeps the server's token, encrypted. Throws SECRETS_ESCROW_DIFFERS when another one is kept. */
  escrowToken(token: string): Promise<"written" | "there">;
}
