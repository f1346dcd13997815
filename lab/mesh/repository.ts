import {
  chmod,
  copyFile,
  cp,
  mkdir,
  mkdtemp,
  readdir,
  rm,
  stat,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { run } from "../../lib/exec/run.ts";
import { readSources } from "../build-components.ts";
import type { Components } from "../build-components.ts";
import { fillEntry, findCacheFolder, makeKey } from "../cache.ts";
import { hashFile } from "../hash-file.ts";
import { type IndexedFile, renderControl, renderPackages, renderRelease } from "./debian-index.ts";

/** What the repository is asked for: the hosts' release, and upstream's own name of its component. */
export const repositorySuite = { suite: "bookworm", component: "main" } as const;

/** The public key that the index is signed with. */
export const repositoryKeyFile = "tailscale-archive-keyring.asc";

const packageFolder = path.join(import.meta.dirname, "tailscale-package");

export interface RepositoryParts {
  components: Pick<Components, "programs" | "versions">;
  cacheFolder?: string;
}

/**
 * An apt repository with the built tailscale as a package, out of the cache or made now; returns
 * its folder. Its key is made with it and forgotten: nothing else can ever be signed by it. Throws
 * EXEC_MISSING, EXEC_FAILED and LAB_CACHE_BUSY.
 */
export async function ensureRepository(parts: RepositoryParts): Promise<string> {
  const { components, cacheFolder = findCacheFolder() } = parts;
  const programs = [
    [findBuilt(components, "tailscale"), "usr/bin/tailscale"],
    [findBuilt(components, "tailscaled"), "usr/sbin/tailscaled"],
  ] as const;
  const version = (components.versions["tailscaled"] ?? "").replace(/^v/, "");
  const steps = [fill, buildPackage, describeFile, sign];
  const texts = [renderControl, renderPackages, renderRelease];
  const key = makeKey("apt-tailscale", {
    ...(await readSources(packageFolder)),
    // Paths in the cache have the hash of what made their files.
    inputs: JSON.stringify([programs, version, repositorySuite, repositoryKeyFile]),
    recipe: [...steps, ...texts].map(String).join("\n"),
    architecture: process.arch,
  });
  const folder = path.join(cacheFolder, key);
  // Renamed to this only once it was whole.
  if ((await stat(folder).catch(() => undefined)) === undefined) {
    await fillEntry(cacheFolder, key, async (temporary) => {
      await fill(temporary, programs, version);
    });
  }
  return folder;
}

async function fill(
  folder: string,
  programs: readonly (readonly [string, string])[],
  version: string,
): Promise<void> {
  const { suite, component } = repositorySuite;
  const architecture = process.arch === "arm64" ? "arm64" : "amd64";
  const suiteFolder = path.join(folder, "dists", suite);
  const index = path.join(component, `binary-${architecture}`, "Packages");
  const file = path.join("pool", `tailscale_${version}_${architecture}.deb`);
  await mkdir(path.join(folder, "pool"));
  await mkdir(path.join(suiteFolder, path.dirname(index)), { recursive: true });
  const control = await buildPackage(folder, file, programs, { version, architecture });
  const packages = renderPackages(control, await describeFile(folder, file));
  await writeFile(path.join(suiteFolder, index), packages);
  const indexes = [await describeFile(suiteFolder, index)];
  const release = { suite, component, architecture, date: new Date(), indexes };
  await writeFile(path.join(suiteFolder, "Release"), renderRelease(release));
  await sign(suiteFolder, path.join(folder, repositoryKeyFile));
}

/** Returns the description of the package. */
async function buildPackage(
  folder: string,
  file: string,
  programs: readonly (readonly [string, string])[],
  facts: { version: string; architecture: string },
): Promise<string> {
  const root = path.join(folder, "root");
  await cp(packageFolder, root, { recursive: true });
  let bytes = 0;
  for (const [program, place] of programs) {
    await mkdir(path.join(root, path.dirname(place)), { recursive: true });
    await copyFile(program, path.join(root, place));
    bytes += (await stat(program)).size;
  }
  const control = renderControl({ ...facts, bytes });
  await writeFile(path.join(root, "DEBIAN/control"), control);
  // Not with the modes that the work tree's files happen to have.
  await run(["chmod", "-R", "u=rwX,go=rX", root]);
  const scripts = (await readdir(path.join(root, "DEBIAN"))).filter((name) =>
    /^p(re|ost)/.test(name),
  );
  const executables = [...scripts.map((name) => `DEBIAN/${name}`), ...programs.map(([, at]) => at)];
  for (const name of executables) await chmod(path.join(root, name), 0o755);
  // It goes to three hosts over a bridge of this machine: packing would cost more than it saves.
  const flags = ["--root-owner-group", "-Znone"];
  await run(["dpkg-deb", ...flags, "--build", root, path.join(folder, file)], {
    installHint: "Run the lab on Debian or Ubuntu: it makes packages for the hosts",
  });
  await rm(root, { recursive: true });
  return control;
}

/** The paths in an index are from the folder that it is the index of. */
async function describeFile(folder: string, file: string): Promise<IndexedFile> {
  const whole = path.join(folder, file);
  return { path: file, bytes: (await stat(whole)).size, sha256: await hashFile(whole) };
}

/** Signs the Release file in the two forms that apt knows. */
async function sign(suiteFolder: string, keyFile: string): Promise<void> {
  // Its agent listens on a socket in it: the path has to be short.
  const home = await mkdtemp(path.join(tmpdir(), "infra-k3s-key-"));
  const gpg = async (...args: string[]) =>
    await run(["gpg", "--homedir", home, "--batch", "--quiet", "--no-tty", ...args], {
      installHint: "Install gpg and gpg-agent",
    });
  const at = (name: string) => path.join(suiteFolder, name);
  try {
    const name = "infra-k3s lab <root@localhost>";
    await gpg("--passphrase", "", "--quick-generate-key", name, "ed25519", "sign", "never");
    await gpg("--armor", "--output", keyFile, "--export");
    await gpg("--clear-sign", "--output", at("InRelease"), at("Release"));
    await gpg("--armor", "--detach-sign", "--output", at("Release.gpg"), at("Release"));
  } finally {
    await run(["gpgconf", "--homedir", home, "--kill", "all"], { allowedCodes: [0, 1, 2] });
    await rm(home, { recursive: true, force: true });
  }
}

function findBuilt({ programs }: RepositoryParts["components"], name: string): string {
  const file = programs[name];
  if (file === undefined) throw new Error(`the program ${name} was not built`);
  return file;
}
