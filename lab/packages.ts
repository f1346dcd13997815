import { stat } from "node:fs/promises";
import path from "node:path";
import { InfraError } from "../lib/errors.ts";
import { run } from "../lib/exec/run.ts";
import type { Progress } from "./progress.ts";

/** Programs and files that the lab uses on the machine itself, with Debian's package of each. */
const needed = [
  { file: "systemd-nspawn", package: "systemd-container" },
  { file: "debootstrap", package: "debootstrap" },
  { file: "/usr/share/keyrings/debian-archive-keyring.gpg", package: "debian-archive-keyring" },
  { file: "ip", package: "iproute2" },
  { file: "ssh", package: "openssh-client" },
  { file: "ssh-keygen", package: "openssh-client" },
  { file: "openssl", package: "openssl" },
  { file: "git", package: "git" },
  { file: "unzip", package: "unzip" },
  { file: "gpg", package: "gpg" },
  { file: "gpgconf", package: "gpgconf" },
  { file: "gpg-agent", package: "gpg-agent" },
  { file: "nsenter", package: "util-linux" },
  { file: "setpriv", package: "util-linux" },
  { file: "/usr/bin/python3", package: "python3" },
  { file: "/usr/bin/pip3", package: "python3-pip" },
] as const;

/** As long as another package manager may be at work. */
const lockSeconds = 120;

/**
 * Installs the Debian packages that the lab lacks, if that removes none. Throws
 * LAB_PROGRAM_MISSING where they cannot be installed, and EXEC_FAILED with apt's own words.
 */
export async function ensurePackages(progress: Progress): Promise<string[]> {
  const missing = await findMissing();
  if (missing.length === 0) return [];
  const list = missing.join(" ");
  if ((await findProgram("apt-get")) === undefined) {
    throw unavailable(list, "they are Debian's packages, and there is no apt-get here");
  }
  progress.say(`installing Debian packages: ${list}`);
  const options = { env: { ...process.env, DEBIAN_FRONTEND: "noninteractive", LC_ALL: "C" } };
  await run(apt("update"), options);
  const plan = await run([...apt("install"), "--simulate", ...missing], options);
  const removed = plan.stdout.match(/^Remv \S+/gm)?.map((line) => line.slice("Remv ".length)) ?? [];
  if (removed.length > 0) {
    throw unavailable(list, `installing them would remove ${removed.join(", ")}`);
  }
  await run([...apt("install"), ...missing], options);
  const still = await findMissing();
  if (still.length > 0)
    throw unavailable(still.join(" "), "apt-get installed them, and yet they are not there");
  return missing;
}

function apt(verb: string): [string, ...string[]] {
  const lock = `DPkg::Lock::Timeout=${lockSeconds}`;
  return ["apt-get", "--quiet", "--yes", "--no-install-recommends", "--option", lock, verb];
}

async function findMissing(): Promise<string[]> {
  const packages = await Promise.all(
    needed.map(async (one) => ((await findProgram(one.file)) === undefined ? [one.package] : [])),
  );
  return [...new Set(packages.flat())];
}

async function findProgram(name: string): Promise<string | undefined> {
  const folders = name.startsWith("/") ? [""] : (process.env["PATH"] ?? "").split(":");
  for (const folder of folders) {
    const file = path.join(folder, name);
    if ((await stat(file).catch(() => undefined)) !== undefined) return file;
  }
  return undefined;
}

function unavailable(list: string, why: string): InfraError {
  return new InfraError({
    code: "LAB_PROGRAM_MISSING",
    message: `the lab needs programs that are not installed: ${list}`,
    why,
    fix: "Install them by hand, then run the same command again",
  });
}
