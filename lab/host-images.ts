import path from "node:path";
import { exitCodes, InfraError } from "../lib/errors.ts";
import { askHost } from "./host.ts";
import { labHosts } from "./host-list.ts";
import type { LabPaths } from "./paths.ts";
import { findFileUrl } from "./servers.ts";
import type { ImageArchive } from "./velero-images.ts";

/** Where k3s looks for archives of images when it starts (https://docs.k3s.io/installation/airgap). */
const imagesFolder = "/var/lib/rancher/k3s/agent/images";

/**
 * Brings an archive of the cache to every host, where a running k3s is handed its images and a later
 * start finds them. Throws LAB_IMAGES_FAILED.
 */
export async function ensureImagesOnHosts(paths: LabPaths, archive: ImageArchive): Promise<void> {
  const script = planImport(archive);
  await Promise.all(
    labHosts.map(async ({ name }) => {
      const { code, stderr } = await askHost(paths, name, script);
      if (code === 0) return;
      throw new InfraError({
        code: "LAB_IMAGES_FAILED",
        message: `host ${name} did not take the images of ${path.basename(archive.file)}`,
        why: stderr.trim() || `it ended with code ${code}`,
        fix: "Run the same command again; k3s has to run on the host",
        exitCode: exitCodes.failed,
      });
    }),
  );
}

/** The commands for a host, which do nothing to what is there already. */
export function planImport({ file, sha256, names }: ImageArchive): string {
  const target = path.posix.join(imagesFolder, path.basename(file));
  const url = findFileUrl(path.dirname(file), path.basename(file));
  const list = names.map((name) => `'${name}'`).join(" ");
  return [
    "set -eu",
    `mkdir -p ${imagesFolder}`,
    `check() { echo "${sha256}  $1" | sha256sum --check --status; }`,
    `if ! check ${target} 2>/dev/null; then`,
    `  curl --fail --silent --show-error --output ${target}.part ${url}`,
    `  check ${target}.part`,
    `  k3s ctr images import ${target}.part >&2`,
    `  mv ${target}.part ${target}`,
    "fi",
    "have=$(k3s ctr images list --quiet)",
    `for name in ${list}; do`,
    `  echo "$have" | grep --quiet --line-regexp --fixed-strings "$name" ||`,
    `    k3s ctr images import ${target} >&2`,
    "done",
  ].join("\n");
}
