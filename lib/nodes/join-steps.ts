import type { Way } from "../bootstrap/choose-way.ts";
import { runPlaybook } from "../bootstrap/run-playbook.ts";
import { findNodeFaults } from "../bootstrap/verify-nodes.ts";
import { exitCodes, InfraError } from "../errors.ts";
import type { Step } from "../steps/step.ts";
import type { JoinPlan } from "./plan-join.ts";
import type { NodeWorld } from "./world.ts";

/** Images are loaded and pods of the system start in this time. */
const readySeconds = 180;

/** From a host that can be logged in to, to a Ready node; what is so already changes nothing. */
export function buildJoinSteps(world: NodeWorld, plan: JoinPlan, { via }: { via: Way }): Step[] {
  const { host, hasMesh, peers, absent } = plan;
  const prepare = runPlaybook(world, {
    playbook: "bootstrap",
    title: hasMesh
      ? "Prepare the host, join it to the mesh, close what need not be open"
      : "Prepare the host, close what need not be open",
    minutes: 30,
    after: [],
    via,
    limit: [host.name],
  });
  const letIn = runPlaybook(world, {
    playbook: "firewall",
    title: `Let it in at the firewalls of ${peers.join(", ")}`,
    minutes: 15,
    after: [prepare.id],
    via,
    limit: peers,
  });
  const before = peers.length === 0 ? [prepare] : [prepare, letIn];
  const join = runPlaybook(world, {
    playbook: "k3s-worker",
    title: "Run k3s on it as an agent",
    minutes: 30,
    after: before.map(({ id }) => id),
    via,
    limit: [host.name],
    variables: { k3s_absent_hosts: absent },
  });
  return [...before, join, awaitNode(world, plan, [join.id])];
}

function awaitNode(world: NodeWorld, { host: { name } }: JoinPlan, after: string[]): Step {
  return {
    id: "await-node",
    title: "See that it is a Ready node with its address",
    after,
    timeoutSeconds: readySeconds + 60,
    waitsFor: `the node ${name} to be Ready`,
    async observe() {
      return { state: "open" };
    },
    async act() {},
    async verify(run) {
      // The playbooks have written its address in the mesh down.
      const hosts = (await world.loadHosts()).filter((one) => one.name === name);
      const end = world.clock.now() + readySeconds * 1000;
      return await run.poll<{ cordoned: boolean }>(async () => {
        const node = await world.cluster.find({ kind: "Node", name });
        const faults = findNodeFaults(hosts, node === undefined ? [] : [node]);
        if (faults.length === 0) return { done: { cordoned: node?.spec?.unschedulable === true } };
        if (world.clock.now() >= end) throw unwell(name, faults);
        return { waiting: faults.join("; ") };
      }, 1);
    },
  };
}

function unwell(name: string, faults: string[]): InfraError {
  return new InfraError({
    code: "NODE_UNWELL",
    message: `"${name}" is no Ready node with its address`,
    why: faults.join("\n"),
    fix: "Look at journalctl -u k3s-agent there, then run the same command again",
    exitCode: exitCodes.failed,
  });
}
