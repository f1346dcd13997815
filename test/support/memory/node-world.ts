import type { ForgottenHost } from "../../../lib/inventory/forget-host.ts";
import type { Host } from "../../../lib/inventory/load.ts";
import { findPodsToMove } from "../../../lib/nodes/node-pods.ts";
import type { NodeWorld } from "../../../lib/nodes/world.ts";
import { createWorld, type MemoryWorld, server, source, target } from "./world.ts";
import type { Mortal } from "./faults.ts";

/** A playbook that was run: its hosts and what it was told. */
export interface PlayedBook {
  name: string;
  limit: readonly string[];
  variables: Readonly<Record<string, unknown>>;
}

/** The three machines with an inventory and the playbooks, cut down to what they do to the cluster. */
export interface MemoryNodes {
  memory: MemoryWorld;
  world: NodeWorld;
  hosts: Host[];
  played: PlayedBook[];
  /** Replaces what a playbook does. */
  books: Record<string, (book: PlayedBook) => Promise<void>>;
  /** Whether a host has k3s: the ones of the cluster have. */
  k3s: Set<string>;
  /** The world as a process sees it that dies at one of its calls. */
  killWith(mortal: Mortal): NodeWorld;
}

/** In the order of the inventory: the server, and two agents. */
export const names = [server, target, source] as const;

export function makeHost(name: string, more: Partial<Host> = {}): Host {
  return {
    name,
    group: name === server ? "k3s_masters" : "k3s_workers",
    publicIp: `10.0.0.${names.findIndex((one) => one === name) + 1}`,
    meshIp: undefined,
    ansibleUser: "root",
    sshPrivateKeyFile: undefined,
    sshPort: 22,
    provider: "manual",
    providerId: undefined,
    place: { file: "hosts.yml" },
    ...more,
  };
}

/** Everything is up and Ready; in the mesh if wanted. */
export async function createNodes({ hasMesh = false } = {}): Promise<MemoryNodes> {
  const memory = await createWorld();
  const { cluster, clock } = memory;
  const hosts = names.map((name, index) =>
    makeHost(name, hasMesh ? { meshIp: `100.64.0.${index + 1}` } : {}),
  );
  const played: PlayedBook[] = [];
  const k3s = new Set<string>(names);
  for (const { name, meshIp } of hosts) {
    if (meshIp !== undefined) setAddress(memory, name, meshIp);
    await addPassword(memory, name);
  }

  const books: MemoryNodes["books"] = {
    async "k3s-drain"({ limit: [name = ""] }) {
      cluster.change({ kind: "Node", name }, { spec: { unschedulable: true } });
      for (const pod of findPodsToMove(cluster.all("Pod"), name)) {
        const { uid = "", namespace = "" } = pod.metadata;
        await cluster.delete({ kind: "Pod", name: pod.metadata.name, namespace }, { uid });
      }
      await clock.sleep(3);
    },
    async "k3s-uninstall"({ limit: [name = ""] }) {
      k3s.delete(name);
      const host = hosts.find((one) => one.name === name);
      if (host !== undefined) host.meshIp = undefined;
    },
    async "k3s-worker"({ limit: [name = ""] }) {
      k3s.add(name);
      const { meshIp, publicIp } = hosts.find((one) => one.name === name) ?? makeHost(name);
      if (cluster.peek({ kind: "Node", name }) === undefined) {
        await memory.add({ apiVersion: "v1", kind: "Node", metadata: { name } });
        await addPassword(memory, name);
        const conditions = [{ type: "Ready", status: "True" }];
        clock.after(5, () =>
          cluster.change({ kind: "Node", name }, { spec: {}, status: { conditions } }),
        );
      }
      setAddress(memory, name, meshIp ?? publicIp);
    },
  };

  const playbooks: NodeWorld["playbooks"] = {
    async run(name, { limit = [], variables = {} } = {}) {
      const book = { name, limit, variables };
      played.push(book);
      await books[name]?.(book);
      return { changed: Object.fromEntries(limit.map((host) => [host, 1])) };
    },
  };
  const inventory = {
    async forgetHost(name: string): Promise<ForgottenHost> {
      const index = hosts.findIndex((one) => one.name === name);
      if (index >= 0) hosts.splice(index, 1);
      return { changed: ["hosts.yml"], left: [] };
    },
  };
  const build = (wrap: Mortal["wrap"]): NodeWorld => ({
    cluster: wrap(cluster),
    clock,
    journal: wrap(memory.journal),
    playbooks: wrap(playbooks),
    loadHosts: async () => [...hosts],
    connectHosts: () => ({
      ...memory.hosts,
      async run(name, script) {
        const answer = await memory.hosts.run(name, script);
        return answer.kind === "ran" ? { ...answer, code: k3s.has(name) ? 0 : 1 } : answer;
      },
      probe: async () => "open",
    }),
    checkForgettable: async () => undefined,
    forgetHost: wrap(inventory).forgetHost,
  });
  return {
    memory,
    world: build((part) => part),
    hosts,
    played,
    books,
    k3s,
    killWith: ({ wrap }) => build(wrap),
  };
}

function setAddress({ cluster }: MemoryWorld, name: string, address: string): void {
  const addresses = [{ type: "InternalIP", address }];
  cluster.change({ kind: "Node", name }, { status: { addresses } });
}

/** As k3s keeps it for each node. */
async function addPassword(memory: MemoryWorld, name: string): Promise<void> {
  const metadata = { name: `${name}.node-password.k3s`, namespace: "kube-system" };
  if (memory.cluster.peek({ kind: "Secret", ...metadata }) !== undefined) return;
  await memory.add({ apiVersion: "v1", kind: "Secret", metadata });
}
