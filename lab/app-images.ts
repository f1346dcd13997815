import type { DebianFiles } from "./debian-files.ts";
import { ensureImageArchive, type PackedImages } from "./image-archive.ts";
import type { ImageRecipe } from "./image-recipes.ts";
import { type PostgresFiles, postgresUser } from "./postgres-files.ts";

export interface AppImageParts {
  /** Paths of the built programs by their names. */
  programs: Readonly<Record<string, string>>;
  debian: DebianFiles;
  postgres: PostgresFiles;
  cacheFolder?: string;
}

/** The images of the drill's workloads, by the names that lab/apps uses. */
export function planAppImages({
  debian,
  postgres,
}: Pick<AppImageParts, "debian" | "postgres">): ImageRecipe[] {
  return [
    {
      what: "postgres",
      name: `docker.io/infra-k3s-lab/postgres:${postgres.major}`,
      layers: [
        [debian.shell, "/"],
        [postgres.root, "/"],
      ],
      command: "postgres",
      user: `${postgresUser}:${postgresUser}`,
    },
    {
      what: "uploads",
      name: "docker.io/infra-k3s-lab/uploads:1",
      layers: [[debian.shell, "/"]],
      command: "httpd",
    },
  ];
}

/** The archive with them; throws what ensureImageArchive throws. */
export async function ensureAppImages(parts: AppImageParts): Promise<PackedImages> {
  const { programs, cacheFolder } = parts;
  return await ensureImageArchive("app-images", planAppImages(parts), programs, cacheFolder);
}
