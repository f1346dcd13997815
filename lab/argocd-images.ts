import { type ArgocdFiles, argocdUser } from "./argocd-files.ts";
import { ensureArgocdScripts } from "./argocd-scripts.ts";
import { ensureImageArchive, type PackedImages } from "./image-archive.ts";
import { getProgram, type ImageParts, type ImageRecipe } from "./image-recipes.ts";

export type ArgocdImageParts = Omit<ImageParts, "restoreImage"> & {
  files: ArgocdFiles;
  /** A folder. */
  scripts: string;
  cacheFolder?: string;
};

const user = `${argocdUser}:${argocdUser}`;

/** What Argo CD's manifest asks for. Debian's Redis under that name is another, older one. */
const redisImage = "public.ecr.aws/docker/library/redis:8.10.1-alpine";

/** The release whose documented contract the lab's own program keeps. */
const ksopsImage = "docker.io/viaductoss/ksops:v4.5.1";

/** The images of an installed Argo CD and of what it decrypts with, by upstream's names. */
export function planArgocdImages(parts: ArgocdImageParts): ImageRecipe[] {
  const { programs, versions, debian, files, scripts } = parts;
  const get = (name: string) => getProgram(programs, name);
  const certificates = [debian.certificates, "/etc/ssl/certs/ca-certificates.crt"] as const;
  return [
    {
      what: "argocd",
      name: `quay.io/argoproj/argocd:${versions["argocd"]}`,
      layers: [
        [debian.shell, "/"],
        [files.argocd, "/"],
        certificates,
        [scripts, "/usr/local/bin"],
        [get("kustomize"), "/usr/local/bin/kustomize"],
        [get("argocd"), "/usr/local/bin/argocd"],
      ],
      entrypoint: ["/usr/bin/tini", "--"],
      user,
      folder: "/home/argocd",
      env: { USER: "argocd", GRPC_ENABLE_TXT_SERVICE_CONFIG: "false" },
    },
    {
      what: "redis",
      name: redisImage,
      layers: [
        [debian.shell, "/"],
        [files.redis, "/"],
      ],
      // Upstream's is a script that runs this with whatever options it is given.
      entrypoint: "redis-server",
      user,
      folder: "/data",
    },
    {
      what: "ksops",
      name: ksopsImage,
      layers: [certificates, [get("ksops"), "/usr/local/bin/ksops"]],
      // Distroless, as upstream's: it copies itself.
      user: "65532:65532",
      folder: "/usr/local/bin",
    },
  ];
}

/** The archive with them; throws what ensureImageArchive and ensureArgocdScripts throw. */
export async function ensureArgocdImages(
  parts: Omit<ArgocdImageParts, "scripts">,
): Promise<PackedImages> {
  const { programs, versions, cacheFolder } = parts;
  const scripts = await ensureArgocdScripts(versions["argocd"] ?? "", cacheFolder);
  const recipes = planArgocdImages({ ...parts, scripts });
  return await ensureImageArchive("argocd-images", recipes, programs, cacheFolder);
}
