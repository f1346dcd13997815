import type { Way } from "../bootstrap/choose-way.ts";
import { runPlaybook } from "../bootstrap/run-playbook.ts";
import { exitCodes, InfraError } from "../errors.ts";
import type { Ref } from "../objects.ts";
import { patchNode } from "../recovery/steps/patch-node.ts";
import type { Step } from "../steps/step.ts";
import { describeClaims } from "./node-volumes.ts";
import { findPodsToMove } from "./node-pods.ts";
import { findVolumes, type RemovalPlan } from "./plan-removal.ts";
import { readNodeState } from "./read-node-state.ts";
import type { NodeWorld } from "./world.ts";

/**
 * From a node to a host that the cluster does not know. Each step looks first, so the same command
 * goes on wherever an earlier one has ended; the inventory comes last, by which it is found.
 */
export function buildRemovalSteps(
  world: NodeWorld,
  plan: RemovalPlan,
  { via }: { via: Way },
): Step[] {
  // Nobody would confirm that a pod has ended on a host that is gone, or whose node is not Ready.
  const drains = plan.node === "ready" && !plan.isHostGone ? [drainNode(world, plan, via)] : [];
  const uninstalls = plan.isHostGone ? [] : [removeK3s(world, plan, via, listIds(drains))];
  const deletion = deleteNode(world, plan, listIds(uninstalls));
  const shutOut = runPlaybook(world, {
    playbook: "firewall",
    title: `Let it in no more at the firewalls of ${plan.peers.join(", ")}`,
    minutes: 15,
    after: [deletion.id],
    via,
    limit: plan.peers,
    variables: { firewall_former_hosts: [plan.host.name] },
  });
  const outside = plan.peers.length === 0 ? [deletion] : [deletion, shutOut];
  return [...drains, ...uninstalls, ...outside, forgetHost(world, plan, listIds(outside))];
}

function listIds(steps: readonly Step[]): string[] {
  return steps.map(({ id }) => id);
}

function drainNode(world: NodeWorld, plan: RemovalPlan, via: Way): Step {
  const { name } = plan.host;
  return {
    ...runPlaybook(world, {
      playbook: "k3s-drain",
      title: "Move its pods away, as PodDisruptionBudgets allow",
      minutes: 15,
      after: [],
      via,
      limit: [name],
    }),
    async observe() {
      const [node, pods] = await Promise.all([
        world.cluster.find({ kind: "Node", name }),
        world.cluster.list("Pod", { fields: { "spec.nodeName": name } }),
      ]);
      const isEmpty = findPodsToMove(pods, name).length === 0;
      return node?.spec?.unschedulable === true && isEmpty ? { state: "done" } : { state: "open" };
    },
    async verify() {
      return { podsMoved: plan.podsToMove };
    },
    async undo() {
      const node = await world.cluster.find({ kind: "Node", name });
      if (plan.wasCordoned || node?.spec?.unschedulable !== true) return undefined;
      await patchNode(world.cluster, name, () => ({ unschedulable: false }));
      return `${name} takes pods again`;
    },
  };
}

function removeK3s(world: NodeWorld, plan: RemovalPlan, via: Way, after: string[]): Step {
  const { name, meshIp } = plan.host;
  return {
    ...runPlaybook(world, {
      playbook: "k3s-uninstall",
      title: `Remove k3s from the host${meshIp === undefined ? "" : " and leave the mesh"}; volumes stay on its disk`,
      minutes: 15,
      after,
      via,
      limit: [name],
      variables: { confirm: name },
    }),
    irreversible: true,
    async observe() {
      await refuseClaims(world, name);
      return { state: "open" };
    },
  };
}

/**
 * A claim may have been made, or a failover may have ended, since somebody thought about the plan.
 * Throws NODE_HAS_VOLUMES.
 */
async function refuseClaims({ cluster }: NodeWorld, name: string): Promise<void> {
  const blocker = describeClaims(name, findVolumes(await readNodeState(cluster), name).claims);
  if (blocker !== undefined) throw new InfraError({ ...blocker, exitCode: exitCodes.needsPerson });
}

function deleteNode(world: NodeWorld, plan: RemovalPlan, after: string[]): Step {
  const { cluster } = world;
  const { name } = plan.host;
  const node: Ref<"Node"> = { kind: "Node", name };
  // By it no other machine can take the name (https://docs.k3s.io/architecture). k3s removes it with
  // the node, but only while it runs.
  const password: Ref<"Secret"> = {
    kind: "Secret",
    name: `${name}.node-password.k3s`,
    namespace: "kube-system",
  };

  async function remove(ref: Ref): Promise<string[]> {
    const found = await cluster.find(ref);
    if (found === undefined) return [];
    await cluster.delete(ref, { uid: found.metadata.uid ?? "" });
    return [ref.name];
  }

  async function listLeft(): Promise<string[]> {
    const found = await Promise.all([cluster.find(node), cluster.find(password)]);
    return found.flatMap((one) => one?.metadata.name ?? []);
  }

  return {
    id: "delete-node",
    title: "Delete the node, and the password that keeps its name",
    after,
    irreversible: true,
    timeoutSeconds: 120,
    waitsFor: `the node ${name} to be gone`,
    async observe() {
      if (plan.isHostGone) await refuseClaims(world, name);
      return (await listLeft()).length === 0 ? { state: "done" } : { state: "open" };
    },
    async act() {
      return { deleted: [...(await remove(node)), ...(await remove(password))] };
    },
    async verify(run) {
      return await run.poll<Record<string, never>>(async () => {
        const left = await listLeft();
        return left.length === 0 ? { done: {} } : { waiting: `${left.join(", ")} to be gone` };
      });
    },
  };
}

function forgetHost(world: NodeWorld, { host: { name } }: RemovalPlan, after: string[]): Step {
  return {
    id: "forget-host",
    title: `Take it out of the inventory: hosts.yml, host_vars/${name}`,
    after,
    irreversible: true,
    timeoutSeconds: 30,
    waitsFor: "the inventory",
    async observe() {
      return { state: "open" };
    },
    async act() {
      return { ...(await world.forgetHost(name)) };
    },
    async verify() {
      const hosts = await world.loadHosts();
      // Written by us a moment ago, and read back whole.
      if (hosts.some((host) => host.name === name))
        throw new Error(`${name} is still in hosts.yml`);
      return { hosts: hosts.length };
    },
  };
}
