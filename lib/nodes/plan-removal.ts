import type { ErrorDetails } from "../errors.ts";
import type { Host } from "../inventory/load.ts";
import { isNodeReady, type Node } from "../objects.ts";
import { type VolumeUsers, readHostname } from "../recovery/find-volumes.ts";
import { controlPlaneLabel } from "../recovery/labels.ts";
import { describeClaims, describeOrphan, findNodeVolumes } from "./node-volumes.ts";
import { findPodsToMove, findUnmanagedPods } from "./node-pods.ts";
import { getAgent, getServer } from "./get-agent.ts";

export interface RemovalPlan {
  cluster: string;
  host: Pick<Host, "name" | "ansibleUser" | "publicIp" | "meshIp">;
  /** Nothing is done on the host: it is off for ever, or is another machine by now. */
  isHostGone: boolean;
  node: "ready" | "not-ready" | "gone";
  wasCordoned: boolean;
  podsToMove: number;
  /** Whose firewalls let the host in: without a mesh those of all other nodes. */
  peers: string[];
  /** What stays for a person to do, one sentence each. */
  openItems: string[];
  blockers: ErrorDetails[];
}

/** What has to be known of the cluster. */
export type NodeState = VolumeUsers & { nodes: Node[] };

export interface RemovalOptions {
  cluster: string;
  hosts: Host[];
  name: string;
  isHostGone: boolean;
  /** Whether ssh is open in public: without it nobody can log in once the mesh is left. */
  hasPublicSsh: boolean;
}

/** The host that is to go. Throws INVENTORY_HOST_UNKNOWN and NODE_IS_SERVER. */
export function getRemovedHost(hosts: Host[], name: string): Host {
  const fix =
    "To remove the whole cluster, in ansible/: ansible-playbook playbooks/k3s-uninstall.yml";
  return getAgent(hosts, name, fix);
}

/** Throws what getRemovedHost throws; what else forbids it is in the plan. */
export function planRemoval(state: NodeState, options: RemovalOptions): RemovalPlan {
  const { cluster, hosts, name, isHostGone, hasPublicSsh } = options;
  const host = getRemovedHost(hosts, name);
  const node = state.nodes.find(({ metadata }) => metadata.name === name);
  const isReady = node !== undefined && isNodeReady(node);
  const volumes = findVolumes(state, name);
  const pods = isReady && !isHostGone ? findPodsToMove(state.pods, name) : [];
  const { ansibleUser, publicIp, meshIp } = host;
  const blockers = [
    node !== undefined && controlPlaneLabel in (node.metadata.labels ?? {}) ? isServer(name) : [],
    describeClaims(name, volumes.claims) ?? [],
    describeUnmanaged(
      name,
      findUnmanagedPods(pods).map(({ metadata }) => metadata),
    ) ?? [],
    !isHostGone && !hasPublicSsh && meshIp !== undefined ? onlyOverMesh(name) : [],
    isHostGone && isReady ? isAlive(name, "its node is Ready") : [],
  ].flat();
  return {
    cluster,
    host: { name, ansibleUser, publicIp, meshIp },
    isHostGone,
    node: node === undefined ? "gone" : isReady ? "ready" : "not-ready",
    wasCordoned: node?.spec?.unschedulable === true,
    podsToMove: pods.length,
    peers: listPeers(hosts, name, state.nodes),
    openItems: listOpenItems(hosts, options, volumes.orphans.map(describeOrphan)),
    blockers,
  };
}

/** Claims and volumes whose data lies on the host of that name, whether or not it is still a node. */
export function findVolumes(state: NodeState, name: string): ReturnType<typeof findNodeVolumes> {
  const node = state.nodes.find(({ metadata }) => metadata.name === name);
  return findNodeVolumes(state, { name, hostname: node === undefined ? name : readHostname(node) });
}

/** That a host cannot be given up for gone. */
export function isAlive(name: string, why: string): ErrorDetails {
  return {
    code: "NODE_HOST_ALIVE",
    message: `"${name}" is not gone`,
    why: `${why}; left as it is, it would come back into the cluster by itself`,
    fix: "Run it without --host-gone, or switch the host off at its provider first",
  };
}

function listPeers(hosts: readonly Host[], name: string, nodes: readonly Node[]): string[] {
  if (getServer(hosts).meshIp !== undefined) return [];
  const others = hosts.filter((host) => host.name !== name).map((host) => host.name);
  return others.filter((one) =>
    nodes.some((node) => node.metadata.name === one && isNodeReady(node)),
  );
}

function listOpenItems(
  hosts: readonly Host[],
  { name, isHostGone }: Pick<RemovalOptions, "name" | "isHostGone">,
  orphans: string[],
): string[] {
  const machine = `see that ${name} is deleted at its provider: if it starts again, it joins the cluster again`;
  const device = `if the mesh still lists ${name}, remove it in the mesh's admin console (https://login.tailscale.com/admin/machines)`;
  return [
    ...(isHostGone ? [machine] : []),
    ...(getServer(hosts).meshIp === undefined ? [] : [device]),
    ...orphans,
  ];
}

function isServer(name: string): ErrorDetails {
  return {
    code: "NODE_IS_SERVER",
    message: `"${name}" is a server of the cluster`,
    why: "the inventory has it under k3s_workers, and its node says that the control plane runs there",
    fix: "Correct hosts.yml",
  };
}

function describeUnmanaged(
  node: string,
  pods: readonly { name: string; namespace?: string }[],
): ErrorDetails | undefined {
  if (pods.length === 0) return undefined;
  return {
    code: "NODE_PODS_UNMANAGED",
    message: `${pods.length === 1 ? "a pod" : `${pods.length} pods`} on ${node} would be gone for good`,
    why: `no controller starts them again: ${pods.map((pod) => `${pod.namespace}/${pod.name}`).join(", ")}`,
    fix: "Delete them once nobody needs them: kubectl delete pod NAME --namespace NAMESPACE",
  };
}

function onlyOverMesh(name: string): ErrorDetails {
  return {
    code: "NODE_SSH_MESH_ONLY",
    message: `nobody could log in to "${name}" once it has left the mesh`,
    why: "firewall_public_ssh is off",
    fix: `Set firewall_public_ssh: true in host_vars/${name}/main.yml, then, in ansible/: ansible-playbook playbooks/firewall.yml --limit ${name}`,
  };
}
