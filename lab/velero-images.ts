import { ensureImageArchive, type PackedImages } from "./image-archive.ts";
import { getProgram, type ImageParts, type ImageRecipe } from "./image-recipes.ts";

export type VeleroImageParts = Omit<ImageParts, "restoreImage"> & { cacheFolder?: string };

const registry = "docker.io";

/** Of nobody in particular, as upstream's images have it. */
const user = "65532:65532";

/**
 * The images that an installed Velero runs, by upstream's names: the one of server, node agent and
 * data movers, and the one whose only work is to copy the plugin to where the server looks for it
 * (vmware-tanzu/velero: Dockerfile; velero-plugin-for-aws: Dockerfile).
 */
export function planVeleroImages(parts: VeleroImageParts): [ImageRecipe, ImageRecipe] {
  const { programs, versions, debian } = parts;
  const get = (name: string) => getProgram(programs, name);
  const plugin = "velero-plugin-for-aws";
  return [
    {
      what: "velero",
      name: `${registry}/velero/velero:${versions["velero"]}`,
      layers: [
        [debian.shell, "/"],
        [debian.certificates, "/etc/ssl/certs/ca-certificates.crt"],
        [get("velero"), "/velero"],
        [get("velero-helper"), "/velero-helper"],
        [get("velero-restore-helper"), "/velero-restore-helper"],
      ],
      user,
      // It keeps its caches there (pkg/repository/udmrepo/repo_options.go, getRepoConfigFile).
      env: { HOME: "/tmp" },
    },
    {
      what: plugin,
      name: `${registry}/velero/${plugin}:${versions[plugin]}`,
      layers: [
        [debian.shell, "/"],
        [get(plugin), `/plugins/${plugin}`],
      ],
      entrypoint: ["/bin/cp", `/plugins/${plugin}`, `/target/${plugin}`],
      user,
    },
  ];
}

/** The archive with them; throws what ensureImageArchive throws. */
export async function ensureVeleroImages(parts: VeleroImageParts): Promise<PackedImages> {
  const { programs, cacheFolder } = parts;
  return await ensureImageArchive("velero-images", planVeleroImages(parts), programs, cacheFolder);
}
