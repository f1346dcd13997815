import { isInRange } from "../config/version-range.ts";
import { type Cidr, overlaps, parseCidr } from "../inventory/cidr.ts";
import type { Check } from "./check.schema.ts";
import type { HostFacts } from "./host-facts.ts";
import { find, type HostToCheck, note, pass, renderLogin } from "./host-target.ts";

/** What a host is held against. */
export interface HostLimits {
  /** Free bytes that a folder needs, by folder. */
  freeBytes: Readonly<Record<string, number>>;
  clockSeconds: number;
  allowCgroupV1: boolean;
  /** The networks of pods and services. */
  networks: readonly { name: string; network: Cidr }[];
}

/** When a script ran, by the operator's clock, in milliseconds since 1970. */
export interface Moment {
  before: number;
  after: number;
}

/** Ports that k3s listens on (https://docs.k3s.io/installation/requirements, Inbound Rules). */
export const portsOfGroups = {
  k3s_masters: [6443, 2379, 2380, 10_250, 8472],
  k3s_workers: [10_250, 8472],
} as const;

/** The kernel from which on Kubernetes recommends cgroup v2 (kernel-version-requirements). */
const kernels = ">=5.8";

const bytesPerKilobyte = 1024;
const giga = 1e9;

/** What the facts of a host come to. */
export function judgeHost(
  host: HostToCheck,
  facts: HostFacts,
  moment: Moment,
  limits: HostLimits,
): Check[] {
  if (facts.end.length === 0) {
    const why = "the script that looks at it was cut short";
    const fix = `See whether it runs there: ${renderLogin(host, "sh -c 'echo ok'")}`;
    return [find(host, "facts", { code: "HOST_ANSWER_CUT", says: "it answered half", why, fix })];
  }
  return [
    ...judgeClock(host, facts, moment, limits),
    ...judgeSudo(host, facts),
    ...judgeSystem(host, facts, limits),
    ...judgeDisks(host, facts, limits),
    ...judgePorts(host, facts),
    ...judgeNetworks(host, facts, limits),
  ];
}

function judgeClock(
  host: HostToCheck,
  { clock: [clock] }: HostFacts,
  { before, after }: Moment,
  { clockSeconds }: HostLimits,
): Check[] {
  if (clock === undefined) return [];
  const earliest = Math.floor(before / 1000);
  const latest = Math.ceil(after / 1000);
  const ahead = Math.max(clock.seconds - latest, 0) - Math.max(earliest - clock.seconds, 0);
  if (Math.abs(ahead) < clockSeconds)
    return [pass(host, "clock", `clock within ${clockSeconds} s`)];
  return [
    find(host, "clock", {
      code: "HOST_CLOCK_OFF",
      says: `its clock is ${Math.abs(ahead)} s ${ahead > 0 ? "ahead of" : "behind"} this machine's`,
      why: "certificates would not be valid, and nobody could say what came first",
      fix: `${renderLogin(host, "sudo timedatectl set-ntp true")} (where that fails, install systemd-timesyncd); if all hosts are off, correct this machine's clock`,
    }),
  ];
}

function judgeSudo(host: HostToCheck, { sudo: [sudo], user: [user] }: HostFacts): Check[] {
  if (sudo === undefined) return [];
  if (sudo.state === "works") return [pass(host, "sudo", "sudo works")];
  const name = user?.name ?? host.ansibleUser;
  if (sudo.state === "missing") {
    return [
      find(host, "sudo", {
        code: "HOST_NO_SUDO",
        says: "sudo is not installed",
        why: "the playbooks become root by it, also where they log in as root",
        fix: `As root: ${renderLogin({ ...host, ansibleUser: "root" }, "apt-get install sudo")} (dnf install sudo on other systems)`,
      }),
    ];
  }
  return [
    find(host, "sudo", {
      code: "HOST_NO_SUDO",
      says: `"${name}" may not use sudo ${host.password === undefined ? "without a password" : "with the password of its login"}`,
      ...(sudo.says === "" ? {} : { why: sudo.says }),
      fix: `As root there: echo '${name} ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/${name} && chmod 440 /etc/sudoers.d/${name}`,
    }),
  ];
}

function judgeSystem(host: HostToCheck, facts: HostFacts, limits: HostLimits): Check[] {
  const [system] = facts.system;
  if (system === undefined) return [];
  const { id, version, kernel, architecture, cgroups, init } = system;
  const name = `${id} ${version}, kernel ${kernel}, ${architecture}`;
  const wrong = (says: string, fix: string) =>
    find(host, "system", { code: "HOST_SYSTEM_UNFIT", says, why: name, fix });
  const checks: Check[] = [];
  if (!/^(x86_64|aarch64)$/.test(architecture)) {
    checks.push(wrong(`k3s has no release for ${architecture}`, "Take an amd64 or arm64 host"));
  }
  if (!isInRange(kernel, kernels)) {
    checks.push(wrong(`its kernel ${kernel} is older than 5.8`, "Install a newer system"));
  }
  if (init !== "systemd") {
    checks.push(wrong(`it is run by ${init} and not by systemd`, "Install a system with systemd"));
  }
  if (cgroups !== "cgroup2fs" && !limits.allowCgroupV1) {
    const fix =
      "Boot it with systemd.unified_cgroup_hierarchy=1, take a newer system, or set k3s_allow_cgroup_v1";
    checks.push(wrong("it has no cgroup v2, which the kubelet wants", fix));
  }
  if (checks.length > 0) return checks;
  const isKnown = ["debian", "ubuntu"].includes(id);
  return [isKnown ? pass(host, "system", name) : note(host, "system", `${name}: not tested`)];
}

/** One finding for each filesystem, however many folders lie on it. */
function judgeDisks(host: HostToCheck, { disk }: HostFacts, { freeBytes }: HostLimits): Check[] {
  const byMount = Map.groupBy(disk, ({ mount }) => mount);
  const checks = [...byMount].map(([mount, folders]) => {
    const free = Math.min(...folders.map((one) => one.freeKilobytes * bytesPerKilobyte));
    const need = Math.max(...folders.map(({ folder }) => freeBytes[folder] ?? 0));
    const says = `${showSize(free)} free on ${mount}`;
    if (free >= need) return pass(host, "disk", says);
    return find(host, "disk", {
      code: "HOST_DISK_FULL",
      says: `only ${says}`,
      why: `${folders.map(({ folder }) => folder).join(" and ")} need${folders.length === 1 ? "s" : ""} ${showSize(need)}`,
      fix: `Make room; this shows what takes it: ${renderLogin(host, `"sudo du -xh --max-depth=2 ${mount} | sort -h | tail"`)}`,
    });
  });
  return checks.toSorted((a, b) => a.says.localeCompare(b.says));
}

function judgePorts(host: HostToCheck, { port, k3s: [k3s] }: HostFacts): Check[] {
  // What k3s and its parts listen on is theirs.
  if (k3s?.active === true) return [pass(host, "ports", "k3s runs")];
  const wanted: readonly number[] = portsOfGroups[host.group];
  const taken = Map.groupBy(
    port.filter((one) => wanted.includes(one.port)),
    (one) => `${one.protocol} ${one.port}`,
  );
  if (taken.size === 0) return [pass(host, "ports", "the ports of k3s are free")];
  return [...taken].map(([name, [one]]) => {
    const by = one?.by ? `"${one.by}"` : "another program";
    return find(host, "ports", {
      code: "HOST_PORT_TAKEN",
      says: `${by} listens on ${name}, which k3s needs`,
      fix: `Stop it; this shows its unit: ${renderLogin(host, `"sudo ss -lntup 'sport = :${one?.port}'; systemctl status $(pidof ${one?.by || "NAME"})"`)}`,
    });
  });
}

/** What k3s has made itself is not in its way. */
const ownInterfaces = /^(cni|flannel|veth|kube-|cali|tailscale|zt)/;

function judgeNetworks(host: HostToCheck, facts: HostFacts, { networks }: HostLimits): Check[] {
  return facts.interface.flatMap(({ name, network }) => {
    const own = parseCidr(network);
    if (own === undefined || ownInterfaces.test(name)) return [];
    const hit = networks.find((one) => overlaps(one.network, own));
    if (hit === undefined) return [];
    return find(host, "networks", {
      code: "HOST_NETWORK_OVERLAPS",
      says: `its own network ${network} at ${name} overlaps with ${hit.name} ${hit.network.text}`,
      why: "packets to an address that both have go to one of them only",
      fix: `Choose another ${hit.name} in group_vars/k3s_cluster/main.yml; later it cannot be changed`,
    });
  });
}

function showSize(bytes: number): string {
  return bytes >= giga ? `${(bytes / giga).toFixed(1)} GB` : `${Math.floor(bytes / 1e6)} MB`;
}
