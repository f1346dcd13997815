import type { Host } from "../inventory/load.ts";
import type { Step } from "../steps/step.ts";
import type { Cluster, Playbooks, World } from "../world.ts";
import { verifyNodes } from "./verify-nodes.ts";

/** What making a cluster touches; there is none yet that could hold a lock or a record. */
export interface BootstrapWorld extends Pick<World, "clock" | "journal"> {
  playbooks: Playbooks;
  /** The hosts of the inventory as they are now: the playbooks write addresses into it. */
  loadHosts(): Promise<Host[]>;
  /** The cluster of the kubeconfig that the playbooks fetch. */
  openCluster(): Promise<Cluster>;
  /**
   * Writes down that this is the site's cluster, and returns its UID. Throws SITE_WRONG_CLUSTER
   * when the site is about another one.
   */
  recordCluster(cluster: Cluster): Promise<string>;
}

/** The playbooks that make a cluster out of hosts, in their order. */
const phases = [
  { playbook: "k3s-cluster", title: "Run k3s on all hosts, the server first", minutes: 60 },
] as const;

/** The steps from hosts that Ansible can log in to, to a cluster whose nodes are all Ready. */
export function buildInitSteps(world: BootstrapWorld): Step[] {
  const ids = phases.map(({ playbook }) => playbook);
  const playbooks = phases.map(({ playbook, title, minutes }, index) =>
    runPlaybook(world, { playbook, title, minutes, after: ids.slice(0, index) }),
  );
  return [...playbooks, verifyNodes(world, ids)];
}

/** The plan for people: which hosts, how they are reached, and what is done. */
export function renderInitPlan(clusterName: string, hosts: readonly Host[]): string {
  const lines = hosts.map(({ name, group, ansibleUser, publicIp, meshIp }) => {
    const role = group === "k3s_masters" ? "server" : "agent ";
    return `  ${role}  ${name}  ${ansibleUser}@${publicIp}${meshIp === undefined ? "" : `, ${meshIp} in the mesh`}`;
  });
  const steps = phases.map(({ title, playbook }) => `  ${title} (${playbook}.yml)`);
  return [
    `Cluster ${clusterName}`,
    ...lines,
    "What is done; a host that is so already is left as it is:",
    ...steps,
    "  See that every host is a Ready node with its address",
    "",
  ].join("\n");
}

function runPlaybook(
  world: BootstrapWorld,
  phase: { playbook: string; title: string; minutes: number; after: string[] },
): Step {
  const { playbook, title, minutes, after } = phase;
  return {
    id: playbook,
    title,
    after,
    timeoutSeconds: minutes * 60,
    waitsFor: `the playbook ${playbook}.yml`,
    async observe() {
      // What is so already is found by the playbook itself, task by task.
      return { state: "open" };
    },
    async act(run) {
      const { changed } = await world.playbooks.run(playbook, {
        onProgress: (note) => run.report({ note }),
        signal: run.signal,
      });
      return { changed };
    },
    async verify() {
      // Ansible has ended with 0: every task of every host was well.
      return {};
    },
  };
}
