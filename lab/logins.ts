import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { parseDocument, stringify } from "yaml";
import { run } from "../lib/exec/run.ts";
import { askHost } from "./host.ts";
import type { LabPaths } from "./paths.ts";

/** How the hosts of a first inventory are logged in to: three providers' three ways. */
export interface Logins {
  /** As it is: root, with the operator's key. */
  root: string;
  /** `ubuntu`, with a password that sudo asks for, too. */
  password: string;
  /** `ec2-user`, with a key of its own and sudo that asks for nothing. */
  ownKey: string;
}

export interface PreparedLogins {
  /** A secret. */
  password: string;
  ownKeyFile: string;
}

/**
 * Makes the users on the lab's hosts and says so in its inventory: the password in a vault file that
 * is not encrypted. Throws what run throws, and an Error with a host's own words.
 */
export async function prepareLogins(
  paths: LabPaths,
  logins: Logins,
  password: string,
): Promise<PreparedLogins> {
  const ownKeyFile = path.join(paths.ssh, "ec2-user");
  await run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "ec2-user", "-f", ownKeyFile]);
  const ownKey = (await readFile(`${ownKeyFile}.pub`, "utf8")).trim();
  await tell(paths, logins.password, [
    "useradd --create-home --shell /bin/bash --groups sudo ubuntu",
    `echo 'ubuntu:${password}' | chpasswd`,
  ]);
  await tell(paths, logins.ownKey, [
    "useradd --create-home --shell /bin/bash ec2-user",
    "install -d -m 700 -o ec2-user -g ec2-user ~ec2-user/.ssh",
    `echo '${ownKey}' >~ec2-user/.ssh/authorized_keys`,
    "echo 'ec2-user ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/ec2-user",
  ]);
  const file = path.join(paths.inventory, "hosts.yml");
  const inventory = parseDocument(await readFile(file, "utf8"));
  const settings: Record<string, Record<string, unknown>> = {
    [logins.password]: {
      ansible_user: "ubuntu",
      ansible_ssh_pass: "{{ vault_vultr_password }}",
      ansible_ssh_private_key_file: undefined,
    },
    [logins.ownKey]: { ansible_user: "ec2-user", ansible_ssh_private_key_file: ownKeyFile },
    [logins.root]: { edge: true },
  };
  for (const group of ["k3s_masters", "k3s_workers"]) {
    for (const [name, values] of Object.entries(settings)) {
      const where = ["all", "children", "k3s_cluster", "children", group, "hosts", name];
      if (!inventory.hasIn(where)) continue;
      for (const [key, value] of Object.entries(values)) {
        if (value === undefined) inventory.deleteIn([...where, key]);
        else inventory.setIn([...where, key], value);
      }
    }
  }
  await writeFile(file, inventory.toString());
  const secrets = path.join(paths.inventory, "group_vars/all");
  await mkdir(secrets, { recursive: true });
  const vault = stringify({ vault_vultr_password: password });
  await writeFile(path.join(secrets, "vault.yml"), vault, { mode: 0o600 });
  return { password, ownKeyFile };
}

async function tell(paths: LabPaths, host: string, commands: string[]): Promise<void> {
  const { code, stderr } = await askHost(paths, host, commands.join(" && "));
  if (code !== 0) throw new Error(`${host}: ${stderr}`);
}
