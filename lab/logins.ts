import { randomBytes } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { parseDocument } from "yaml";
import { registerSecret } from "../lib/cli/redact.ts";
import { exitCodes, InfraError } from "../lib/errors.ts";
import { askHost } from "./host.ts";
import { type LabHost, labHosts } from "./host-list.ts";
import type { LabPaths } from "./paths.ts";
import { ensureSecret } from "./server-secrets.ts";
import { ensureKey } from "./site.ts";

/** Where the key of `ec2-user` is. */
export function findOwnKey(paths: Pick<LabPaths, "ssh">): string {
  return path.join(paths.ssh, "ec2-user");
}

/**
 * Makes the users by which bare hosts are logged in to, where they are not there yet, and lets the
 * lab's inventory say so; one host of it is for the web, too. Throws LAB_LOGIN_FAILED.
 */
export async function ensureLogins(paths: LabPaths): Promise<void> {
  await ensureSecret(paths.loginPassword, () => `word-${randomBytes(16).toString("hex")}\n`);
  await ensureKey(findOwnKey(paths), "ec2-user");
  await Promise.all(labHosts.map(async (host) => await ensureUser(paths, host)));
  await writeLogins(paths);
}

/** The password of the host that begins with one; registered. */
export async function readLoginPassword({
  loginPassword,
}: Pick<LabPaths, "loginPassword">): Promise<string> {
  const password = (await readFile(loginPassword, "utf8")).trim();
  registerSecret(password);
  return password;
}

async function ensureUser(paths: LabPaths, { name, login }: LabHost): Promise<void> {
  if (login === "password") {
    const create = "useradd --create-home --shell /bin/bash --groups sudo ubuntu && chpasswd";
    const password = await readLoginPassword(paths);
    await tell(paths, name, `id ubuntu >/dev/null 2>&1 || { ${create}; }`, `ubuntu:${password}\n`);
  } else if (login === "own-key") {
    const create = [
      "useradd --create-home --shell /bin/bash ec2-user",
      "install -d -m 700 -o ec2-user -g ec2-user ~ec2-user/.ssh",
      "cat >~ec2-user/.ssh/authorized_keys",
      "echo 'ec2-user ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/ec2-user",
    ].join(" && ");
    const key = await readFile(`${findOwnKey(paths)}.pub`, "utf8");
    await tell(paths, name, `id ec2-user >/dev/null 2>&1 || { ${create}; }`, key);
  }
}

async function writeLogins(paths: LabPaths): Promise<void> {
  const file = path.join(paths.inventory, "hosts.yml");
  const inventory = parseDocument(await readFile(file, "utf8"));
  const settings: Record<LabHost["login"], Record<string, unknown>> = {
    root: { edge: true },
    password: {
      ansible_user: "ubuntu",
      ansible_ssh_pass: "{{ vault_vultr_password }}",
      ansible_ssh_private_key_file: undefined,
    },
    "own-key": {
      ansible_user: "ec2-user",
      ansible_ssh_private_key_file: findOwnKey(paths),
    },
  };
  for (const { name, group, login } of labHosts) {
    const where = ["all", "children", "k3s_cluster", "children", group, "hosts", name];
    for (const [key, value] of Object.entries(settings[login])) {
      if (value === undefined) inventory.deleteIn([...where, key]);
      else inventory.setIn([...where, key], value);
    }
  }
  await writeFile(file, inventory.toString());
}

async function tell(paths: LabPaths, host: string, command: string, stdin: string): Promise<void> {
  const { code, stderr } = await askHost(paths, host, command, stdin);
  if (code === 0) return;
  throw new InfraError({
    code: "LAB_LOGIN_FAILED",
    message: `the user of ${host} could not be made`,
    why: stderr.trim() || `the host's answer is ${code}`,
    fix: "Take the lab down and bring it up again: zx scripts/lab/down.ts",
    exitCode: exitCodes.failed,
  });
}
