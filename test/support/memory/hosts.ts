import type { ContainerStatus, Pod } from "../../../lib/objects.ts";
import { InfraError } from "../../../lib/errors.ts";
import { restoreExits } from "../../../lib/recovery/restore-script.ts";
import type { Hosts, Machine, MachineRef, Power } from "../../../lib/world.ts";
import type { MemoryClock } from "./clock.ts";

/** `cut-off` runs and writes, but reaches no one in the cluster. */
export type HostState = "up" | "cut-off" | "off";

export interface MemoryHost {
  name: string;
  publicIp: string;
  state: HostState;
  /** What the provider believes; a host that dies by itself stays "running" there. */
  power: Machine["state"];
  freeBytes: number;
}

export interface Snapshot {
  content: string;
  files: number;
  bytes: number;
}

/** Three machines, their disks and the provider's switch. */
export interface MemoryHosts extends Hosts, Power {
  readonly machines: Map<string, MemoryHost>;
  /** What lies in a folder, by `node:path`. */
  readonly folders: Map<string, { content: string; bytes: number }>;
  /** The bucket: kopia's snapshots by id. */
  readonly snapshots: Map<string, Snapshot>;
  /** How long the restore of a volume takes. */
  restoreSeconds: number;
  /** Set to fail the next calls of the provider's API. */
  powerFault: string | undefined;
  /** Whether the control plane hears of the node. */
  isReachable(node: string): boolean;
  /** Seconds that a pod of ours takes; undefined for any other pod. */
  runPod(pod: Pod): number | undefined;
  /** Does to the disk what the pod does, and tells its end. */
  endPod(pod: Pod): Record<string, unknown>;
}

/** Machines that are all up. */
export function createHosts(machines: MemoryHost[], clock: MemoryClock): MemoryHosts {
  const byName = new Map(machines.map((machine) => [machine.name, machine]));
  const folders: MemoryHosts["folders"] = new Map();
  const snapshots: MemoryHosts["snapshots"] = new Map();

  function getMachine(ref: MachineRef): MemoryHost | undefined {
    if (hosts.powerFault !== undefined) {
      throw new InfraError({
        code: hosts.powerFault,
        message: "the provider's API failed",
        exitCode: 4,
      });
    }
    return byName.get(ref.id);
  }

  /** A pod's end, with what it leaves in its termination message. */
  function end(exitCode: number, events: Record<string, unknown>[]): Record<string, unknown> {
    const message = events.map((event) => JSON.stringify(event)).join("\n");
    const containerStatuses: ContainerStatus[] = [
      { name: "work", state: { terminated: { exitCode, message } } },
    ];
    return { phase: exitCode === 0 ? "Succeeded" : "Failed", containerStatuses };
  }

  const hosts: MemoryHosts = {
    machines: byName,
    folders,
    snapshots,
    restoreSeconds: 4,
    powerFault: undefined,
    isReachable(node) {
      return byName.get(node)?.state === "up";
    },
    async run(name) {
      const host = byName.get(name);
      const address = host?.publicIp ?? "";
      if (host?.state === "up") return { kind: "ran", stdout: "", stderr: "", code: 0, address };
      return { kind: "no-login", tries: [{ address, failure: "silent", says: "timed out" }] };
    },
    async probe({ address, from }) {
      if (from !== undefined && byName.get(from)?.state !== "up") {
        throw new InfraError({ code: "HOSTS_UNREACHABLE", message: from, exitCode: 4 });
      }
      const host = machines.find((one) => one.publicIp === address);
      if (host === undefined || host.state === "off") return "silent";
      return host.state === "cut-off" && from !== undefined ? "silent" : "open";
    },
    async readFreeBytes(host) {
      return byName.get(host)?.freeBytes ?? 0;
    },
    async find(ref) {
      const machine = getMachine(ref);
      if (machine === undefined) return undefined;
      return { state: machine.power, addresses: [machine.publicIp] };
    },
    async stop(ref) {
      const machine = getMachine(ref);
      if (machine === undefined) return;
      machine.power = "changing";
      clock.after(2, () => {
        machine.power = "off";
        machine.state = "off";
      });
    },
    runPod(pod) {
      const what = /^dr-[a-z0-9]+-(restore|rebuild|remove)/.exec(pod.metadata.name)?.[1];
      if (what === undefined) return undefined;
      return what === "restore" ? hosts.restoreSeconds : 1;
    },
    endPod(pod) {
      const work = pod.spec.containers[0];
      const env = new Map(work?.env?.map(({ name, value }) => [name, value ?? ""]));
      const node = pod.spec.nodeName ?? "";
      const root = pod.spec.volumes?.find((one) => one.name === "storage")?.hostPath?.path ?? "";
      const folder = `${node}:${root}/${env.get("FOLDER") ?? ""}`;
      if (pod.metadata.name.includes("-remove")) {
        for (const name of work?.command?.slice(4) ?? []) folders.delete(`${node}:${root}/${name}`);
        return end(0, [{ event: "removed" }]);
      }
      if (pod.metadata.name.includes("-rebuild-")) {
        const from = pod.spec.volumes?.find((one) => one.name === "from")?.hostPath?.path ?? "";
        const source = folders.get(`${node}:${from}`);
        if (source === undefined) return end(1, []);
        folders.set(folder, { content: `rebuilt from ${source.content}`, bytes: source.bytes });
        return end(0, [
          { event: "walked", files: 1, directories: 1, symlinks: 0, bytes: source.bytes },
        ]);
      }
      const snapshot = snapshots.get(env.get("SNAPSHOT") ?? "");
      if (snapshot === undefined) return end(restoreExits.noSnapshot, []);
      const freeBytes = byName.get(node)?.freeBytes ?? 0;
      const needBytes = Number(env.get("NEED_BYTES"));
      if (freeBytes < needBytes) {
        return end(restoreExits.noSpace, [{ event: "space", freeBytes, needBytes }]);
      }
      const { content, files, bytes } = snapshot;
      folders.set(folder, { content, bytes });
      const counted = { files, directories: 1, symlinks: 0, bytes };
      return end(0, [
        {
          event: "snapshot",
          ...counted,
          failed: 0,
          excludedFiles: 0,
          excludedDirectories: 0,
          whole: true,
        },
        { event: "walked", ...counted },
      ]);
    },
  };
  return hosts;
}
