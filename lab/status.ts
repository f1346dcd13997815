import { stat } from "node:fs/promises";
import { renderTable } from "../lib/cli/table.ts";
import { readHealth } from "./clouds/control.ts";
import { askHost } from "./host.ts";
import { addresses, labHosts, spareHost } from "./host-list.ts";
import { isNamespace, operatorNamespace } from "./network.ts";
import { readMounts } from "./mounts.ts";
import { isOperator } from "./operator.ts";
import type { LabPaths } from "./paths.ts";
import { readPower } from "./power.ts";

export interface HostStatus {
  name: string;
  address: string;
  providerId: string;
  power: "running" | "off";
  /** systemd's word, or that the host does not answer. */
  system: string;
}

export interface LabStatus {
  /** Whether there is anything of the lab. */
  isThere: boolean;
  site: string;
  addresses: { servers: string; operator: string };
  /** Whether the lab's servers answer. */
  areServersUp: boolean;
  hosts: HostStatus[];
}

/** Looks at the lab; a host that does not answer within a few seconds is called so. */
export async function readStatus(paths: LabPaths): Promise<LabStatus> {
  const isThere = (await stat(paths.record).catch(() => undefined)) !== undefined;
  const canAsk = isOperator(await readMounts()) || (await isNamespace(operatorNamespace));
  const hasSpare =
    (await stat(paths.host(spareHost.name).folder).catch(() => undefined)) !== undefined;
  const known = hasSpare ? [...labHosts, spareHost] : labHosts;
  const hosts = known.map(async ({ name, address, providerId }): Promise<HostStatus> => {
    const power = await readPower(paths, name);
    const system = power === "running" && canAsk ? await readSystem(paths, name) : "-";
    return { name, address, providerId, power, system };
  });
  return {
    isThere,
    site: paths.state,
    addresses: { servers: addresses.servers, operator: addresses.operator },
    areServersUp: await readHealth(paths.servers.control).then(
      () => true,
      () => false,
    ),
    hosts: isThere ? await Promise.all(hosts) : [],
  };
}

/** The status as a person reads it. */
export function renderStatus({ isThere, site, hosts, addresses, areServersUp }: LabStatus): string {
  if (!isThere) return "The lab is not up; zx scripts/lab/up.ts brings it up\n";
  const rows = hosts.map((host) => [
    host.name,
    host.address,
    host.power,
    host.system,
    host.providerId,
  ]);
  const table = renderTable(rows, ["host", "address", "power", "system", "provider id"]);
  const lines = [
    `servers   ${addresses.servers}${areServersUp ? "" : ", not running; zx scripts/lab/up.ts starts them"}`,
    `operator  ${addresses.operator}, zx scripts/lab/shell.ts opens a shell there`,
    `site      ${site}`,
  ];
  return `${table}\n${lines.join("\n")}\n`;
}

async function readSystem(paths: LabPaths, name: string): Promise<string> {
  const { stdout } = await askHost(paths, name, "systemctl is-system-running");
  return stdout.trim() || "no answer";
}
