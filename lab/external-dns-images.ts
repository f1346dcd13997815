import { ensureImageArchive, type PackedImages } from "./image-archive.ts";
import { getProgram, type ImageParts, type ImageRecipe } from "./image-recipes.ts";

export type ExternalDnsImageParts = Omit<ImageParts, "restoreImage"> & { cacheFolder?: string };

/** The image of external-dns by upstream's name, distroless as that is (external-dns: .ko.yaml). */
export function planExternalDnsImages({
  programs,
  versions,
  debian,
}: ExternalDnsImageParts): [ImageRecipe] {
  return [
    {
      what: "external-dns",
      name: `registry.k8s.io/external-dns/external-dns:${versions["external-dns"]}`,
      layers: [
        [debian.certificates, "/etc/ssl/certs/ca-certificates.crt"],
        [getProgram(programs, "external-dns"), "/ko-app/external-dns"],
      ],
      entrypoint: "/ko-app/external-dns",
      user: "65532:65532",
    },
  ];
}

/** The archive with it; throws what ensureImageArchive throws. */
export async function ensureExternalDnsImages(parts: ExternalDnsImageParts): Promise<PackedImages> {
  const { programs, cacheFolder } = parts;
  const recipes = planExternalDnsImages(parts);
  return await ensureImageArchive("external-dns-images", recipes, programs, cacheFolder);
}
