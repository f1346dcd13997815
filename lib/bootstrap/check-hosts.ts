import type { Cidr } from "../inventory/cidr.ts";
import type { HostAnswer, World } from "../world.ts";
import type { Check, Link } from "./check.schema.ts";
import { type HostFacts, parseFacts } from "./host-facts.ts";
import { renderHostScript } from "./host-script.ts";
import type { HostToCheck } from "./host-target.ts";
import { judgeHost, portsOfGroups } from "./judge-host.ts";
import { judgeLinks } from "./judge-links.ts";
import { judgeLogin } from "./judge-login.ts";
import { renderLinkScript } from "./link-script.ts";

export interface CheckHostsOptions {
  /** For each host, once for its own state and once for the ways to others; 20 when left out. */
  timeoutSeconds?: number;
  /** Free bytes that the folder of k3s needs; 5 GB when left out. */
  minFreeBytes?: number;
  /** Whether hosts with cgroup v1 only are fit. */
  allowCgroupV1?: boolean;
  /** The networks of pods and services, held against those of the hosts. */
  networks?: readonly { name: string; network: Cidr }[];
  signal?: AbortSignal;
}

export interface HostsReport {
  /** In the order of the hosts. */
  checks: Check[];
  links: Link[];
}

const k3sFolder = "/var/lib/rancher/k3s";
/** For the system itself, and for what Ansible and installers unpack. */
const otherFolders = { "/": 1e9, "/tmp": 100e6 };
/** As role k3s-prereq has it: tasks/check.yml. */
const clockSeconds = 60;

/**
 * Looks at hosts before they are changed: login, sudo, clock, system, disk, ports, networks, and the
 * ways between those that could be logged in to. All at once, each within its time; changes nothing.
 * Throws EXEC_MISSING without ssh, and the reason of the signal.
 */
export async function checkHosts(
  world: Pick<World, "hosts" | "clock">,
  hosts: readonly HostToCheck[],
  options: CheckHostsOptions = {},
): Promise<HostsReport> {
  const looked = await Promise.all(hosts.map((host) => lookAt(world, host, options)));
  const reached = hosts.filter((_, index) => looked[index]?.reached);
  const ways = await measureWays(world, reached, options);
  return {
    checks: [...looked.flatMap(({ checks }) => checks), ...ways.checks],
    links: ways.links,
  };
}

async function lookAt(
  { hosts, clock }: Pick<World, "hosts" | "clock">,
  host: HostToCheck,
  options: CheckHostsOptions,
): Promise<{ checks: Check[]; reached: boolean }> {
  const freeBytes = { ...otherFolders, [k3sFolder]: options.minFreeBytes ?? 5e9 };
  const script = renderHostScript({
    folders: Object.keys(freeBytes),
    ports: portsOfGroups[host.group],
    password: host.password,
  });
  const before = clock.now();
  const answer = await hosts.run(host.name, { script, ...limit(options) });
  if (answer.kind === "no-login") {
    return { checks: [judgeLogin(host, answer.tries)], reached: false };
  }
  const checks = judgeHost(
    host,
    await parseFacts(answer.stdout),
    { before, after: clock.now() },
    {
      freeBytes,
      clockSeconds,
      allowCgroupV1: options.allowCgroupV1 ?? false,
      networks: options.networks ?? [],
    },
  );
  return { checks, reached: true };
}

/** Each way is measured once, from the earlier host to the later one. */
async function measureWays(
  { hosts }: Pick<World, "hosts">,
  reached: readonly HostToCheck[],
  options: CheckHostsOptions,
): Promise<HostsReport> {
  const reports = await Promise.all(
    reached.map(async (host, index) => {
      const peers = reached.slice(index + 1);
      if (peers.length === 0) return { checks: [], links: [] };
      const script = renderLinkScript(
        peers.map(({ name, meshIp, publicIp }) => ({
          name,
          // Both ends have to be in the mesh.
          address: (host.meshIp === undefined ? undefined : meshIp) ?? publicIp,
        })),
      );
      const answer = await hosts.run(host.name, { script, ...limit(options) });
      return judgeLinks(host, await readFacts(answer), peers);
    }),
  );
  return {
    checks: reports.flatMap(({ checks }) => checks),
    links: reports.flatMap(({ links }) => links),
  };
}

/** A host that has gone in the meantime has measured nothing. */
async function readFacts(answer: HostAnswer): Promise<HostFacts> {
  return await parseFacts(answer.kind === "ran" ? answer.stdout : "");
}

function limit({ timeoutSeconds = 20, signal }: CheckHostsOptions) {
  return { timeoutSeconds, ...(signal === undefined ? {} : { signal }) };
}
