import { readdir, rm, stat } from "node:fs/promises";
import path from "node:path";
import { run } from "../lib/exec/run.ts";
import { addresses, allHosts } from "./host-list.ts";
import { isMountPoint } from "./mounts.ts";
import { labName } from "./paths.ts";
import { findProcesses, readNamespace } from "./processes.ts";

const namespacesFolder = "/run/netns";

/** The hardware address of the bridge; locally administered, as plug-in.sh makes those of hosts. */
const bridgeCard = "02:00:ac:1f:00:01";

/** The script that makes a namespace with a cable to the bridge. */
export const plugInScript = path.join(import.meta.dirname, "hosts/plug-in.sh");

/** The namespace of the bridge and of the lab's servers, and that of the operator. */
export const serversNamespace = nameNamespace("servers");
export const operatorNamespace = nameNamespace("operator");

/** The network namespace of a host. */
export function nameNamespace(name: string): string {
  return `${labName}-${name}`;
}

/** The file that stands for the namespace while it is there. */
export function findNamespaceFile(namespace: string): string {
  return path.join(namespacesFolder, namespace);
}

/** What to write before a command line so that it runs in the namespace. */
export function enterNamespace(namespace: string): [string, string] {
  return ["nsenter", `--net=${findNamespaceFile(namespace)}`];
}

/** The arguments of the plug-in script for a host. */
export function planPlugIn(hostName: string): string[] {
  const { port, address } = findPort(hostName);
  return planCable(nameNamespace(hostName), port, address);
}

/**
 * Takes the cable of a host away, if there is one. Without a cable nothing of it is heard any more:
 * sockets of killed processes keep a namespace alive for minutes, which would answer for the host.
 */
export async function unplug(hostName: string): Promise<void> {
  if (!(await isNamespace(serversNamespace))) return;
  const { stdout } = await runIp("-n", serversNamespace, "-brief", "link");
  const { port } = findPort(hostName);
  if (!new RegExp(`^${port}(@|\\s)`, "m").test(stdout)) return;
  await runIp("-n", serversNamespace, "link", "delete", port);
}

/**
 * Makes the bridge and the operator's namespace if they are not there. The machine's own network
 * is not touched: every link is made inside the lab's namespaces.
 */
export async function ensureNetwork(): Promise<void> {
  if (!(await isNamespace(serversNamespace))) {
    // What a reboot or a killed `ip` may have left of it.
    await removeNamespace(serversNamespace);
    await runIp("netns", "add", serversNamespace);
  }
  const { stdout } = await runIp("-n", serversNamespace, "-brief", "link");
  if (!/^bridge /m.test(stdout)) {
    // Its address would otherwise change with the hosts that are plugged in.
    const card = ["address", bridgeCard];
    await runIp("-n", serversNamespace, "link", "add", "bridge", ...card, "type", "bridge");
  }
  await run(["ip", "-n", serversNamespace, "-batch", "-"], {
    stdin: [
      "link set lo up",
      `address replace ${addresses.servers}/${addresses.prefixLength} dev bridge`,
      "link set bridge up",
      "",
    ].join("\n"),
  });
  // A router without a way out: what hosts send elsewhere is refused at once and not lost.
  const forward = "echo 1 >/proc/sys/net/ipv4/ip_forward";
  await run([...enterNamespace(serversNamespace), "sh", "-c", forward]);
  if (!(await isPluggedIn(operatorNamespace))) {
    await run([
      "sh",
      plugInScript,
      ...planCable(operatorNamespace, "operator", addresses.operator),
    ]);
  }
}

/** The lab's namespaces that are there, in whatever state. */
export async function listNamespaces(): Promise<string[]> {
  const names = await readdir(namespacesFolder).catch(() => []);
  return names.filter((name) => name.startsWith(`${labName}-`));
}

/** Removes a namespace with the links in it; its processes must have ended. */
export async function removeNamespace(namespace: string): Promise<void> {
  if (await isNamespace(namespace)) await runIp("netns", "delete", namespace);
  // A killed `ip netns add` leaves the file and nothing mounted on it.
  else await rm(findNamespaceFile(namespace), { force: true });
}

/** The processes that are in a namespace now; none when it is not there. */
export async function listNamespaceProcesses(namespace: string): Promise<number[]> {
  if (!(await isNamespace(namespace))) return [];
  const { ino } = await stat(findNamespaceFile(namespace));
  return await findProcesses(async (pid) => (await readNamespace(pid, "net")) === `net:[${ino}]`);
}

/** Whether this process itself is in one of the namespaces that can be seen from here. */
export async function isInNamespace(): Promise<boolean> {
  const own = await readNamespace("self", "net");
  for (const namespace of await listNamespaces()) {
    const status = await stat(findNamespaceFile(namespace)).catch(() => undefined);
    if (own === `net:[${status?.ino}]`) return true;
  }
  return false;
}

/** Whether the namespace is there, and not only the file that it is to be mounted on. */
export async function isNamespace(namespace: string): Promise<boolean> {
  return await isMountPoint(findNamespaceFile(namespace));
}

/** The last thing that the plug-in script does is the default route. */
async function isPluggedIn(namespace: string): Promise<boolean> {
  if (!(await isNamespace(namespace))) return false;
  const { stdout } = await runIp("-n", namespace, "route", "show", "default");
  return stdout !== "";
}

function findPort(hostName: string): { port: string; address: string } {
  const index = allHosts.findIndex(({ name }) => name === hostName);
  const address = allHosts[index]?.address;
  if (address === undefined) throw new Error(`${hostName} is not a host of the lab`);
  return { port: `host${index + 1}`, address };
}

function planCable(namespace: string, port: string, address: string): string[] {
  const withLength = `${address}/${addresses.prefixLength}`;
  return [serversNamespace, namespace, port, withLength, addresses.servers];
}

async function runIp(...args: string[]): Promise<{ stdout: string }> {
  return await run(["ip", ...args], { installHint: "Install iproute2" });
}
