import { loadVersions, renderRestoreImage } from "../lib/config/versions.ts";
import { buildComponents, type BuildOptions, type Components } from "./build-components.ts";
import { renderBuildEvent } from "./build-progress.ts";
import { ensureCluster, type LabCluster } from "./cluster.ts";
import { type DebianFiles, ensureDebianFiles } from "./debian-files.ts";
import type { BootedHost } from "./host.ts";
import { ensureK3sRelease, type K3sRelease } from "./k3s-release.ts";
import type { LabPaths } from "./paths.ts";
import { checkRequirements, readMachine } from "./requirements.ts";
import { findFileUrl } from "./servers.ts";
import { bringUp, type UpOptions } from "./up.ts";

/**
 * Brings up the hosts and the cluster on them; first builds what the cache lacks, so that a build
 * that fails has changed nothing of the machine. Throws what checkRequirements, buildComponents,
 * ensureDebianFiles, ensureK3sRelease, bringUp and ensureCluster throw.
 */
export async function bringUpCluster(
  paths: LabPaths,
  options: UpOptions,
): Promise<{ booted: Record<string, BootedHost>; cluster: LabCluster }> {
  // Not after a build of 20 minutes.
  await checkRequirements(await readMachine(paths), paths);
  const { components, release } = await prepareRelease(options);
  const booted = await bringUp(paths, { ...options, withMesh: true });
  const cluster = await ensureCluster(paths, {
    ...options,
    components,
    release,
    baseUrl: findFileUrl(release.folder),
  });
  return { booted, cluster };
}

/**
 * The release and its parts out of the cache, or built now. With a `kubernetesVersion`, `v1.36.3+k3s2`
 * for one, it is another release to upgrade to: of the same source, stamped otherwise. Throws what
 * its parts throw.
 */
export async function prepareRelease({
  progress,
  signal,
  kubernetesVersion,
}: Pick<UpOptions, "progress" | "signal"> & Pick<BuildOptions, "kubernetesVersion">): Promise<{
  components: Components;
  debian: DebianFiles;
  release: K3sRelease;
}> {
  const components = await buildComponents({
    kubernetesVersion,
    signal,
    onEvent: (event) => {
      const text = renderBuildEvent(event);
      if (text !== undefined) progress.say(text.trim());
    },
  });
  const debian = await ensureDebianFiles();
  const restoreImage = renderRestoreImage(await loadVersions());
  const release = await ensureK3sRelease({ components, debian, restoreImage });
  return { components, debian, release };
}
