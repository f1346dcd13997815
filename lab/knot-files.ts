import path from "node:path";
import {
  type DebianOptions,
  ensureDebianPrograms,
  findDebianPrograms,
  type ProgramSet,
} from "./debian-programs.ts";

/** An authoritative name server that reads a zone file, and the program that tells it to. */
const set: ProgramSet<"root"> = {
  name: "knot-files",
  packages: ["knot"],
  roots: {
    root: {
      files: ["usr/sbin/knotd", "usr/sbin/knotc"],
      user: { name: "knot", id: 999, home: "/" },
      trials: [
        ["/usr/sbin/knotd", "--version"],
        ["/usr/sbin/knotc", "--version"],
      ],
    },
  },
};

/** The folder with Knot DNS out of Debian; throws what ensureDebianPrograms throws. */
export async function ensureKnotFiles(options: DebianOptions = {}): Promise<string> {
  return (await ensureDebianPrograms(set, options)).root;
}

/** The folder if the cache has it. */
export async function findKnotFiles(cacheFolder?: string): Promise<string | undefined> {
  return (await findDebianPrograms(set, cacheFolder))?.root;
}

/** What starts a program of the folder, with the libraries beside it and where this machine's files are. */
export function planKnotCommand(root: string, program: "knotd" | "knotc"): [string, ...string[]] {
  const [loader, triplet] =
    process.arch === "arm64"
      ? ["lib/ld-linux-aarch64.so.1", "aarch64-linux-gnu"]
      : ["lib64/ld-linux-x86-64.so.2", "x86_64-linux-gnu"];
  const libraries = ["lib", "usr/lib"].map((folder) => path.join(root, folder, triplet)).join(":");
  return [
    path.join(root, loader),
    "--library-path",
    libraries,
    path.join(root, "usr/sbin", program),
  ];
}
