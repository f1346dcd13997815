import type { Host } from "../inventory/load.ts";
import type { KubeObject, Secret } from "../objects.ts";
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
   * when the site is about another one, but in a rebuild.
   */
  recordCluster(cluster: Cluster): Promise<string>;
  /**
   * Keeps the server's token, encrypted. Another one that is kept is moved aside in a rebuild; else
   * it throws SECRETS_ESCROW_DIFFERS.
   */
  escrowToken(token: string): Promise<"written" | "there" | "replaced">;
}

/** What Argo CD starts from, and how it is given to the cluster. */
export interface Gitops {
  /** The objects of the site's bootstrap folder. Throws what building them throws. */
  render(): Promise<KubeObject[]>;
  /** What Argo CD needs before it can read Git: the cluster's key, and credentials of repositories. */
  readSecrets(): Promise<Secret[]>;
  /**
   * Applies objects as Argo CD itself does later, so that it owns every field; returns when kinds
   * among them are served. Throws KUBECTL_FAILED and KUBECTL_REFUSED.
   */
  apply(objects: readonly KubeObject[]): Promise<void>;
  /** Applies Secrets that Argo CD is not to own. Throws what `apply` throws. */
  applySecrets(secrets: readonly Secret[]): Promise<void>;
  /** The commit that the branch is at that Argo CD reads. Throws GIT_*. */
  readCommit(): Promise<string>;
}
