import type { DebianFiles } from "./debian-files.ts";

/** An image with one layer for each file or folder that is put into it. */
export interface ImageRecipe {
  /** What it is, as the k3s stand-in asks for it. */
  what: string;
  /** The name that pods use, in full. */
  name: string;
  /** What lies on this machine, and where it goes in the image. */
  layers: readonly (readonly [from: string, to: string])[];
  entrypoint?: string | readonly string[];
  /** Run when a pod says no command. */
  command?: string;
  user?: string;
  /** Where programs are started; `/` when left out. */
  folder?: string;
  /** Beside the PATH. */
  env?: Readonly<Record<string, string>>;
}

export interface ImageParts {
  /** Paths of the built programs by their names. */
  programs: Readonly<Record<string, string>>;
  /** Versions of the built programs by their names. */
  versions: Readonly<Record<string, string>>;
  debian: DebianFiles;
  /** As config/versions.yaml has it: `infra-k3s/restore:<tag>`. */
  restoreImage: string;
}

/** Before a name without a registry containerd puts this one. */
const registry = "docker.io";

/** The images that k3s itself runs; in production they come with k3s. */
export function planSystemImages({ programs, versions, debian }: ImageParts): ImageRecipe[] {
  const get = (name: string) => getProgram(programs, name);
  return [
    {
      what: "pause",
      name: `${registry}/infra-k3s-lab/pause:1`,
      layers: [[get("pause"), "/pause"]],
      entrypoint: "/pause",
      user: "65535:65535",
    },
    {
      what: "coredns",
      name: `${registry}/infra-k3s-lab/coredns:${versions["coredns"]}`,
      layers: [[get("coredns"), "/coredns"]],
      entrypoint: "/coredns",
    },
    {
      what: "local-path-provisioner",
      name: `${registry}/infra-k3s-lab/local-path-provisioner:${versions["local-path-provisioner"]}`,
      layers: [[get("local-path-provisioner"), "/usr/bin/local-path-provisioner"]],
      entrypoint: "local-path-provisioner",
    },
    {
      what: "busybox",
      name: `${registry}/infra-k3s-lab/busybox:${debian.shellVersion}`,
      layers: [[debian.shell, "/"]],
      command: "sh",
    },
  ];
}

/** The image of the restore pod. */
export function planRestoreImage({ programs, debian, restoreImage }: ImageParts): ImageRecipe {
  return {
    what: "restore",
    name: `${registry}/${restoreImage}`,
    layers: [
      [debian.shell, "/"],
      [debian.certificates, "/etc/ssl/certs/ca-certificates.crt"],
      [getProgram(programs, "kopia"), "/usr/bin/kopia"],
    ],
    command: "sh",
  };
}

/** The path of a built program; throws a plain Error, a defect, when it was not built. */
export function getProgram(programs: ImageParts["programs"], name: string): string {
  const file = programs[name];
  if (file === undefined) throw new Error(`the program ${name} was not built`);
  return file;
}
