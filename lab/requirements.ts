import { existsSync } from "node:fs";
import { statfs } from "node:fs/promises";
import path from "node:path";
import { InfraError } from "../lib/errors.ts";
import { run } from "../lib/exec/run.ts";
import { type CgroupMode, findMode } from "./cgroups.ts";
import { findCacheFolder } from "./cache.ts";
import { buildBytes, checkDisk } from "./disk.ts";
import { readMounts } from "./mounts.ts";
import { isInNamespace } from "./network.ts";
import { isOperator } from "./operator.ts";
import type { LabPaths } from "./paths.ts";

/** Who wants to change the lab, and from where. */
export interface Asker {
  platform: string;
  userId: number;
  /** Whether the asker is in one of the lab's own network namespaces. */
  isInsideLab: boolean;
  /** The state folder of a lab that is up and not the asker's. */
  otherState: string | undefined;
}

/** What the lab asks of the machine it is to run on. */
export interface Machine extends Asker {
  architecture: string;
  cgroupMode: CgroupMode | undefined;
  /** Whether systemd runs the machine: with cgroup v2 it has to give the lab its part of them. */
  hasSystemd: boolean;
  /** What the kernel could not do when it was tried, with the reason. */
  kernelFaults: Record<string, string>;
  /** Type of the filesystem of the state folder, as statfs(2) numbers it. */
  stateFilesystem: number;
}

/** Tried in namespaces of their own, which end with the trial and leave nothing. */
const kernelTrials: Readonly<Record<string, { namespace: string; script: string }>> = {
  "network namespaces": { namespace: "--net", script: "true" },
  "cgroup namespaces": { namespace: "--cgroup", script: "true" },
  "veth and bridge links": {
    namespace: "--net",
    script: "ip link add lab0 type veth peer name lab1 && ip link add lab2 type bridge",
  },
  overlay: {
    namespace: "--mount",
    script: `mount -t tmpfs lab /tmp && cd /tmp && mkdir a b c d &&
      mount -t overlay -o lowerdir=a,upperdir=b,workdir=c lab d`,
  },
};

/** Filesystems that cannot hold containers: overlay, NFS, CIFS, FUSE, FAT, eCryptfs, 9P. */
const unfitFilesystems = [
  0x794c7630, 0x6969, 0xff534d42, 0x65735546, 0x4d44, 0xf15f, 0x01021997, 0xfe534d42,
];

/** Reads who asks. */
export async function readAsker(paths: LabPaths): Promise<Asker> {
  const isLinux = process.platform === "linux";
  const mounts = isLinux ? await readMounts() : [];
  const hostRoot = /^(.*\/infra-k3s\/lab)\/hosts\/[^/]+\/root$/;
  const states = mounts
    .filter(({ type }) => type === "overlay")
    .flatMap(({ point }) => hostRoot.exec(point)?.[1] ?? []);
  return {
    platform: process.platform,
    userId: process.getuid?.() ?? -1,
    isInsideLab: isLinux && (isOperator(mounts) || (await isInNamespace())),
    otherState: states.find((state) => state !== paths.state),
  };
}

/**
 * Looks at this machine, in well under a second. Programs that are not installed yet are not
 * missed: a trial that needs one counts as passed.
 */
export async function readMachine(paths: LabPaths): Promise<Machine> {
  const asker = await readAsker(paths);
  const isUsable = asker.platform === "linux" && asker.userId === 0;
  return {
    ...asker,
    architecture: process.arch,
    cgroupMode: isUsable ? findMode(await readMounts()) : undefined,
    hasSystemd: existsSync("/run/systemd/system"),
    kernelFaults: isUsable ? await tryKernel() : {},
    stateFilesystem: await readFilesystemType(paths.state),
  };
}

/**
 * Refuses a machine that the lab cannot run on. Throws what checkAsker throws,
 * LAB_ARCHITECTURE_UNFIT, LAB_CGROUPS_UNKNOWN, LAB_KERNEL_UNFIT, LAB_FOLDER_UNFIT and
 * LAB_DISK_FULL.
 */
export async function checkRequirements(machine: Machine, paths: LabPaths): Promise<void> {
  checkMachine(machine, paths);
  await checkDisk([paths.state, findCacheFolder()], buildBytes);
}

/** What checkRequirements refuses, but for the room on the disk. */
export function checkMachine(machine: Machine, paths: Pick<LabPaths, "state">): void {
  checkAsker(machine, paths);
  if (machine.architecture !== "x64" && machine.architecture !== "arm64") {
    throw new InfraError({
      code: "LAB_ARCHITECTURE_UNFIT",
      message: "the lab runs on amd64 and arm64 only",
      why: `this machine is ${machine.architecture}`,
      fix: "Run it on a machine of one of them",
    });
  }
  if (machine.cgroupMode === undefined) {
    throw new InfraError({
      code: "LAB_CGROUPS_UNKNOWN",
      message: "the cgroups of this machine are of no kind that the lab knows",
      why: "neither cgroup v2 nor all of v1's controllers blkio, cpu, cpuacct, cpuset, devices, freezer, memory and pids are mounted below /sys/fs/cgroup",
      fix: "Compare with: findmnt -t cgroup,cgroup2; a container without them of its own cannot hold the lab",
    });
  }
  if (machine.cgroupMode === "v2" && !machine.hasSystemd) {
    throw new InfraError({
      code: "LAB_CGROUPS_UNKNOWN",
      message: "the lab gets no cgroups of its own on this machine",
      why: "it has cgroup v2, where systemd has to hand them out, and systemd does not run it",
      fix: "Run the lab on a machine or virtual machine that systemd has booted",
    });
  }
  const [fault] = Object.entries(machine.kernelFaults);
  if (fault !== undefined) {
    const [feature, why] = fault;
    throw new InfraError({
      code: "LAB_KERNEL_UNFIT",
      message: `this kernel does not give the lab ${feature}`,
      why,
      fix: "Use a kernel of a distribution, on a machine or virtual machine rather than in a container",
    });
  }
  if (unfitFilesystems.includes(machine.stateFilesystem)) {
    throw new InfraError({
      code: "LAB_FOLDER_UNFIT",
      message: `the lab cannot live in ${paths.state}`,
      why: `containers cannot be unpacked on a filesystem of that type (0x${machine.stateFilesystem.toString(16)})`,
      fix: "Export XDG_STATE_HOME with a folder on a local filesystem such as ext4 or xfs",
    });
  }
}

/**
 * Refuses whoever cannot change the lab at all. Throws LAB_PLATFORM_UNFIT, LAB_NOT_ROOT,
 * LAB_INSIDE and LAB_ELSEWHERE.
 */
export function checkAsker(machine: Asker, paths: Pick<LabPaths, "state">): void {
  if (machine.platform !== "linux") {
    throw new InfraError({
      code: "LAB_PLATFORM_UNFIT",
      message: "the lab runs on Linux only",
      why: `this is ${machine.platform}, and the lab's hosts are containers of a Linux kernel`,
      fix: "Run it as root on a Linux machine or in a virtual machine; the other commands run here",
    });
  }
  if (machine.userId !== 0) {
    throw new InfraError({
      code: "LAB_NOT_ROOT",
      message: "the lab needs root",
      why: "only root may make namespaces, mounts and cgroups",
      fix: 'Run the same command as root, with this PATH: sudo env "PATH=$PATH" …',
    });
  }
  if (machine.isInsideLab) {
    throw new InfraError({
      code: "LAB_INSIDE",
      message: "this is the operator's shell, inside the lab",
      why: "what ends the lab would end itself",
      fix: "Leave it (exit), then run the same command again",
    });
  }
  const { otherState } = machine;
  if (otherState !== undefined) {
    throw new InfraError({
      code: "LAB_ELSEWHERE",
      message: "a lab with another state folder is up; nothing was changed",
      why: `it lives in ${otherState}, this one would in ${paths.state}, and a machine has room for one`,
      fix: `Use that one: export XDG_STATE_HOME=${path.resolve(otherState, "../..")}`,
    });
  }
}

/** Of the filesystem that a folder is on, or will be on once it is made. */
async function readFilesystemType(folder: string): Promise<number> {
  const status = await statfs(folder).catch(() => undefined);
  return status?.type ?? (await readFilesystemType(path.dirname(folder)));
}

async function tryKernel(): Promise<Machine["kernelFaults"]> {
  const faults = await Promise.all(
    Object.entries(kernelTrials).map(async ([feature, { namespace, script }]) => {
      const { code, stderr } = await run(["unshare", namespace, "sh", "-c", script], {
        allowedCodes: Array.from({ length: 256 }, (_, code) => code),
        timeoutSeconds: 10,
      });
      // 127: `ip` is not installed yet.
      return code === 0 || code === 127 ? [] : [[feature, stderr.trim()] as const];
    }),
  );
  return Object.fromEntries(faults.flat());
}
