import { readdir } from "node:fs/promises";
import path from "node:path";
import { loadVersions, type Versions } from "../../lib/config/versions.ts";
import { ensureAnsible } from "../ansible.ts";
import { ensureAppImages } from "../app-images.ts";
import { ensureArgocdFiles } from "../argocd-files.ts";
import { ensureArgocdImages } from "../argocd-images.ts";
import type { Components } from "../build-components.ts";
import { findCacheFolder } from "../cache.ts";
import type { ImageArchive } from "../cluster.ts";
import { ensureExternalDnsImages } from "../external-dns-images.ts";
import type { PackedImages } from "../image-archive.ts";
import { ensureKnotFiles } from "../knot-files.ts";
import type { K3sRelease } from "../k3s-release.ts";
import { ensurePackages } from "../packages.ts";
import type { LabPaths } from "../paths.ts";
import { ensurePostgresFiles } from "../postgres-files.ts";
import { checkRequirements, readMachine } from "../requirements.ts";
import { ensureTree } from "../rootfs.ts";
import { findFileUrl } from "../servers.ts";
import { together } from "../together.ts";
import { prepareRelease } from "../up-cluster.ts";
import type { UpOptions } from "../up.ts";
import { ensureVeleroImages } from "../velero-images.ts";

/** What the lab is made of, out of the cache. */
export interface LabParts {
  components: Components;
  release: K3sRelease;
  /** The images of the shop, of Velero, of external-dns and of Argo CD. */
  extraImages: ImageArchive[];
  versions: Versions;
  /** The major version of PostgreSQL. */
  postgresVersion: string;
}

/**
 * Builds and downloads what the cache lacks, before anything of the machine is changed but for
 * missing Debian packages. Throws what checkRequirements, ensurePackages, prepareRelease,
 * ensureDebianPrograms, ensureTree and ensureAnsible throw.
 */
export async function prepareParts(
  paths: LabPaths,
  { mirror, progress, signal }: UpOptions,
): Promise<LabParts> {
  await checkRequirements(await readMachine(paths), paths);
  await ensurePackages(progress);
  // Go compiles while the others wait for the network and the disk.
  const [{ components, debian, release }, { postgres, files }] = await together(signal, [
    async (stop) => await prepareRelease({ progress, signal: stop }),
    async (stop) => {
      await ensureTree({ mirror, progress, signal: stop });
      await ensureAnsible({ progress, signal: stop });
      await ensureKnotFiles({ mirror, signal: stop });
      return {
        postgres: await ensurePostgresFiles({ mirror, signal: stop }),
        files: await ensureArgocdFiles({ mirror, signal: stop }),
      };
    },
  ]);
  const apps = await ensureAppImages({ programs: components.programs, debian, postgres });
  const velero = await ensureVeleroImages({ ...components, debian });
  const externalDns = await ensureExternalDnsImages({ ...components, debian });
  const argocd = await ensureArgocdImages({ ...components, debian, files });
  return {
    components,
    release,
    extraImages: [apps, velero, externalDns, argocd].map(nameUrl),
    versions: await loadVersions(),
    postgresVersion: postgres.major,
  };
}

function nameUrl({ file, sha256 }: PackedImages): ImageArchive {
  return { url: findFileUrl(path.dirname(file), path.basename(file)), sha256 };
}

/** The entries that the cache has; a drill that adds one was not warm. */
export async function listCache(): Promise<string[]> {
  const names = await readdir(findCacheFolder()).catch(() => []);
  return names.filter((name) => !name.startsWith(".")).toSorted();
}
