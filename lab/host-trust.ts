import { appendFile, copyFile, readFile, rm, symlink } from "node:fs/promises";
import path from "node:path";
import { run } from "../lib/exec/run.ts";

/** Where Debian looks for CAs of a site's own; update-ca-certificates(8) keeps what it finds here. */
const authority = "/usr/local/share/ca-certificates/infra-k3s-lab.crt";

/**
 * Makes a host trust the CA of the lab's servers, as update-ca-certificates on it would, in a
 * fiftieth of the time. `root` is its filesystem, where it is mounted. Throws EXEC_FAILED.
 */
export async function ensureTrust(root: string, ca: string): Promise<void> {
  const text = await readFile(ca, "utf8");
  const copy = path.join(root, authority);
  if ((await readFile(copy, "utf8").catch(() => "")) === text) return;
  const at = (name: string) => path.join(root, "etc/ssl/certs", name);
  const { stdout } = await run(["openssl", "x509", "-noout", "-subject_hash", "-in", ca]);
  await appendFile(at("ca-certificates.crt"), text);
  const links = [
    ["infra-k3s-lab.pem", authority],
    [`${stdout.trim()}.0`, "infra-k3s-lab.pem"],
  ] as const;
  for (const [name, target] of links) {
    await rm(at(name), { force: true });
    await symlink(target, at(name));
  }
  // Last: it says that the rest is done.
  await copyFile(ca, copy);
}
