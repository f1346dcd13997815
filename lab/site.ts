import { mkdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { parse, parseDocument, stringify } from "yaml";
import { repositoryRoot } from "../lib/config/paths.ts";
import { run } from "../lib/exec/run.ts";
import { labRecords } from "./dns-records.ts";
import { allHosts, labHosts } from "./host-list.ts";
import type { LabPaths } from "./paths.ts";

const generalVariables = path.join(
  repositoryRoot,
  "ansible/inventory/group_vars/k3s_cluster/main.yml",
);

/** Settings of the lab's site.yaml beside the fixed ones: where the emulated APIs answer. */
export interface SiteSettings {
  power?: Record<string, { url: string; caFile?: string }>;
  objectStore?: { url: string; caFile?: string };
  cloudflare?: { url: string; caFile?: string };
}

/**
 * Makes keys, inventory, ssh settings and site.yaml of the lab. What is there already and is not
 * ours to decide, the cluster's UID in site.yaml for one, stays.
 */
export async function ensureSite(paths: LabPaths, settings: SiteSettings = {}): Promise<void> {
  await mkdir(path.join(paths.ssh, "hosts"), { recursive: true });
  await mkdir(paths.inventory, { recursive: true });
  await ensureKey(paths.privateKey, "infra-k3s-lab");
  for (const { name } of allHosts) await ensureKey(paths.host(name).hostKey, name);
  const keys = await Promise.all(
    allHosts.map(async ({ name, address }) => {
      const [type, key] = (await readFile(`${paths.host(name).hostKey}.pub`, "utf8")).split(" ");
      return `${name},${address} ${type} ${key}\n`;
    }),
  );
  await writeFile(paths.knownHosts, keys.join(""));
  await writeFile(paths.sshConfig, renderSshConfig(paths));
  await writeFile(path.join(paths.inventory, "hosts.yml"), renderInventory(paths));
  const variables = path.join(paths.inventory, "group_vars/k3s_cluster");
  await mkdir(variables, { recursive: true });
  const general = await readFile(generalVariables, "utf8");
  await writeFile(path.join(variables, "lab.yml"), renderVariables(paths, general));
  await writeFile(paths.dnsRecords, stringify(labRecords));
  await mergeSite(path.join(paths.state, "site.yaml"), {
    name: "lab",
    clusterName: "lab",
    inventory: "inventory",
    kubeconfig: "kubeconfig",
    sshKnownHosts: path.relative(paths.state, paths.knownHosts),
    bootstrap: path.relative(paths.state, path.join(paths.clone, "lab/gitops/bootstrap")),
    repositories: path.relative(paths.state, paths.repositories),
    dnsRecords: path.relative(paths.state, paths.dnsRecords),
    ...settings,
  });
}

/** Lets the lab's site be about another cluster: the one that its hosts are about to become. */
export async function forgetCluster(paths: LabPaths): Promise<void> {
  await mergeSite(path.join(paths.state, "site.yaml"), { clusterUid: undefined });
}

/** hosts.yml as the lab's inventory has it. */
export function renderInventory(paths: Pick<LabPaths, "privateKey">): string {
  const groups = Object.groupBy(labHosts, ({ group }) => group);
  const children = Object.entries(groups).map(([group, hosts]) => {
    const entries = hosts.map((host) => [
      host.name,
      {
        public_ip: host.address,
        ansible_user: "root",
        ansible_ssh_private_key_file: paths.privateKey,
        provider: host.provider,
        provider_id: host.providerId,
        zone: host.zone,
        instance_type: host.instanceType,
        stateful: true,
      },
    ]);
    return [group, { hosts: Object.fromEntries(entries) }];
  });
  return stringify({
    all: { children: { k3s_cluster: { children: Object.fromEntries(children) } } },
  });
}

function renderSshConfig(paths: LabPaths): string {
  const names = allHosts.map(({ name }) => name).join(" ");
  const addresses = allHosts.map(({ name, address }) => `Host ${name}\n  HostName ${address}\n`);
  const settings = [
    "User root",
    `IdentityFile ${paths.privateKey}`,
    "IdentitiesOnly yes",
    `UserKnownHostsFile ${paths.knownHosts}`,
    "GlobalKnownHostsFile /dev/null",
    "StrictHostKeyChecking yes",
    "BatchMode yes",
    "ConnectTimeout 5",
    "LogLevel ERROR",
  ];
  return `${addresses.join("")}Host ${names}\n${settings.map((line) => `  ${line}\n`).join("")}`;
}

/** What the project's own inventory says of all hosts, with where the lab's keys of hosts are. */
export function renderVariables(paths: Pick<LabPaths, "knownHosts">, general: string): string {
  const given = parse(general) as Record<string, unknown> & { ansible_ssh_common_args: string };
  // Ansible would else ask the user's own list of host keys, and write to it.
  const args = `-o UserKnownHostsFile=${paths.knownHosts} -o GlobalKnownHostsFile=/dev/null`;
  return stringify(
    {
      ...given,
      ansible_ssh_common_args: `${given.ansible_ssh_common_args} ${args} -o StrictHostKeyChecking=yes`,
      ansible_python_interpreter: "/usr/bin/python3",
    },
    { lineWidth: 0 },
  );
}

/** A key pair of ssh, made once. Throws EXEC_MISSING and EXEC_FAILED. */
export async function ensureKey(file: string, comment: string): Promise<void> {
  // The public half is written last.
  if ((await stat(`${file}.pub`).catch(() => undefined)) !== undefined) return;
  await rm(file, { force: true });
  await run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", file], {
    installHint: "Install openssh-client",
  });
}

async function mergeSite(file: string, settings: Record<string, unknown>): Promise<void> {
  const document = parseDocument(await readFile(file, "utf8").catch(() => ""));
  for (const [name, value] of Object.entries(settings)) {
    if (value === undefined) document.delete(name);
    else document.set(name, value);
  }
  await writeFile(`${file}.new`, document.toString());
  await rename(`${file}.new`, file);
}
