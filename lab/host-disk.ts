import { randomBytes } from "node:crypto";
import { chmod, mkdir, readFile, readlink, rm, stat, symlink, writeFile } from "node:fs/promises";
import path from "node:path";
import { InfraError } from "../lib/errors.ts";
import { run } from "../lib/exec/run.ts";
import { renderHostsFile } from "./host-list.ts";
import { isMountPoint } from "./mounts.ts";
import type { HostPaths, LabPaths } from "./paths.ts";

/**
 * Where a host has folders of the machine's own filesystem, by their names in its data folder:
 * containers, volumes and etcd cannot live on an overlay.
 */
export const dataFolders: Readonly<Record<string, string>> = {
  rancher: "/var/lib/rancher",
  kubelet: "/var/lib/kubelet",
};

/** Makes a host's disk if it has none yet; it boots from this tree ever after. */
export async function ensureDisk(paths: LabPaths, host: string, tree: string): Promise<void> {
  const own = paths.host(host);
  const at = (file: string) => path.join(own.upper, file);
  // Written last: without it systemd would take a boot for the first one and enable every unit.
  const marker = at("etc/machine-id");
  if (await isThere(marker)) return;
  await rm(own.upper, { recursive: true, force: true });
  await rm(own.tree, { force: true });
  const data = Object.keys(dataFolders).map((name) => path.join(own.data, name));
  const folders = [own.upper, at("etc"), at("etc/ssh"), own.work, own.root, ...data];
  for (const folder of folders) await makeFolder(folder, 0o755);
  for (const folder of [at("root"), at("root/.ssh")]) await makeFolder(folder, 0o700);
  await symlink(tree, own.tree);
  await makeFile(at("etc/hostname"), `${host}\n`, 0o644);
  await makeFile(at("etc/hosts"), renderHostsFile(), 0o644);
  await makeFile(at("root/.ssh/authorized_keys"), await readFile(`${paths.privateKey}.pub`), 0o600);
  const key = "etc/ssh/ssh_host_ed25519_key";
  await makeFile(at(key), await readFile(own.hostKey), 0o600);
  await makeFile(at(`${key}.pub`), await readFile(`${own.hostKey}.pub`), 0o644);
  await makeFile(marker, `${randomBytes(16).toString("hex")}\n`, 0o444);
}

/** Mounts a host's disk unless it is. Throws LAB_HOST_MISSING. */
export async function mountDisk(own: HostPaths, host: string): Promise<void> {
  const tree = await readlink(own.tree).catch(() => undefined);
  if (tree === undefined || !(await isThere(tree))) {
    throw new InfraError({
      code: "LAB_HOST_MISSING",
      message: `host ${host} has no disk`,
      where: { file: own.folder },
      why: tree === undefined ? "it was never made" : `the tree it was made from is gone: ${tree}`,
      fix: "Make the hosts anew: zx scripts/lab/down.ts, then zx scripts/lab/up.ts",
    });
  }
  if (await isMountPoint(own.root)) return;
  const options = `lowerdir=${tree},upperdir=${own.upper},workdir=${own.work}`;
  await run(["mount", "-t", "overlay", "-o", options, `${host}.lab`, own.root]);
}

/** Whatever the umask of whoever runs the lab is. */
async function makeFolder(folder: string, mode: number): Promise<void> {
  await mkdir(folder, { recursive: true });
  await chmod(folder, mode);
}

async function makeFile(file: string, content: string | Uint8Array, mode: number): Promise<void> {
  await writeFile(file, content);
  await chmod(file, mode);
}

async function isThere(file: string): Promise<boolean> {
  return (await stat(file).catch(() => undefined)) !== undefined;
}
