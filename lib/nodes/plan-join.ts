import { findNodeFaults } from "../bootstrap/verify-nodes.ts";
import { hasCode, InfraError } from "../errors.ts";
import type { Host } from "../inventory/load.ts";
import { isNodeReady, type Node } from "../objects.ts";
import { getAgent, getServer } from "./get-agent.ts";

export interface JoinPlan {
  cluster: string;
  host: Pick<Host, "name" | "ansibleUser" | "publicIp" | "meshIp">;
  server: string;
  hasMesh: boolean;
  /** `well` is a Ready node at its address; `unwell` is a node with `faults`. */
  node: "new" | "well" | "unwell";
  faults: string[];
  /** Other hosts of the inventory that are no Ready nodes: nothing of them is waited for. */
  absent: string[];
  /** Whose firewalls have to let the host in: without a mesh those of all other nodes. */
  peers: string[];
}

/**
 * The host that is to join. Throws INVENTORY_HOST_UNKNOWN with the lines to add, and NODE_IS_SERVER.
 */
export function getJoiningHost(hosts: Host[], name: string): Host {
  try {
    return getAgent(hosts, name, "npx zx scripts/setup/init-cluster.ts makes the server");
  } catch (error) {
    if (!hasCode(error, "INVENTORY_HOST_UNKNOWN")) throw error;
    const { code, message, where, why, fix } = error as InfraError;
    const hint = fix?.startsWith("Did you mean") === true ? `${fix} If not, add it` : "Add it";
    throw new InfraError({
      code,
      message,
      ...(where === undefined ? {} : { where }),
      ...(why === undefined ? {} : { why }),
      fix: `${hint} to hosts.yml, with its own values:\n${renderEntry(name)}`,
    });
  }
}

/** Throws NODE_MESH_DIFFERS when the inventory wants a mesh that the server is not in, or none. */
export function planJoin(state: {
  cluster: string;
  hosts: Host[];
  name: string;
  /** The variable `mesh` of the inventory. */
  mesh: string;
  nodes: readonly Node[];
}): JoinPlan {
  const { cluster, hosts, mesh, nodes } = state;
  const host = getJoiningHost(hosts, state.name);
  const server = getServer(hosts);
  checkMesh(server, mesh);
  const { name, ansibleUser, publicIp, meshIp } = host;
  const others = hosts.filter((one) => one.name !== name && one.name !== server.name);
  const absent = others.filter((one) => !isReady(one.name, nodes)).map((one) => one.name);
  const isNode = nodes.some(({ metadata }) => metadata.name === name);
  const faults = isNode ? findNodeFaults([host], nodes) : [];
  const hasMesh = server.meshIp !== undefined;
  const present = [server, ...others].map((one) => one.name).filter((one) => !absent.includes(one));
  return {
    cluster,
    host: { name, ansibleUser, publicIp, meshIp },
    server: server.name,
    hasMesh,
    node: isNode ? (faults.length === 0 ? "well" : "unwell") : "new",
    faults,
    absent,
    peers: hasMesh ? [] : present,
  };
}

/** The plan as a person reads it before saying yes. */
export function renderJoinPlan(plan: JoinPlan, steps: readonly { title: string }[]): string {
  const { cluster, host, server, hasMesh, absent } = plan;
  const mesh = host.meshIp === undefined ? "" : `, ${host.meshIp} in the mesh`;
  const lines = [
    `Join ${host.name} to cluster ${cluster}`,
    `  agent   ${host.name}  ${host.ansibleUser}@${host.publicIp}${mesh}`,
    `  server  ${server}${hasMesh ? ", over the mesh" : ", by public addresses: the cluster has no mesh"}`,
    describeNode(plan),
    "What is done; what is so already is left as it is:",
    ...steps.map(({ title }) => `  ${title}`),
  ];
  if (absent.length > 0) {
    const hosts = absent.join(", ");
    lines.push(
      "",
      `warning: ${hosts} ${absent.length === 1 ? "is no Ready node" : "are no Ready nodes"}: whether ${host.name} is reached from there is not looked at`,
    );
    if (!hasMesh)
      lines.push(`  and their firewalls do not let it in: run bootstrap.yml once they are back`);
  }
  return `${lines.join("\n")}\n`;
}

function describeNode({ node, host, faults }: JoinPlan): string {
  if (node === "new") return "It is no node yet";
  if (node === "well") return "It is a Ready node at its address already";
  const remade = `zx scripts/setup/remove-node.ts --node ${host.name} --host-gone`;
  return `It is a node already, but: ${faults.join("; ")}. If the machine was made anew, remove the old node first: ${remade}`;
}

function checkMesh({ name, meshIp }: Host, mesh: string): void {
  const wantsMesh = mesh !== "none";
  if (wantsMesh === (meshIp !== undefined)) return;
  throw new InfraError({
    code: "NODE_MESH_DIFFERS",
    message: "the inventory says something else of the mesh than the server; nothing was changed",
    why: wantsMesh
      ? `mesh is ${mesh}, and the server ${name} has no mesh_ip: traffic between nodes goes over the mesh for all of them or for none`
      : `mesh is none, and the server ${name} has the mesh_ip ${meshIp}`,
    fix: wantsMesh
      ? "Bring all hosts into the mesh: npx zx scripts/setup/init-cluster.ts; or set mesh: none in group_vars"
      : "Name the mesh in group_vars: mesh: tailscale or zerotier",
  });
}

function isReady(name: string, nodes: readonly Node[]): boolean {
  const node = nodes.find(({ metadata }) => metadata.name === name);
  return node !== undefined && isNodeReady(node);
}

/** The least that has to be said of a host, in the words of ansible/README.md. */
function renderEntry(name: string): string {
  return [
    "all:",
    "  children:",
    "    k3s_cluster:",
    "      children:",
    "        k3s_workers:",
    "          hosts:",
    `            ${name}:`,
    "              public_ip: 203.0.113.10",
    "              ansible_user: root",
    "              ansible_ssh_private_key_file: ~/.ssh/id_ed25519",
    "              provider: manual",
  ].join("\n");
}
