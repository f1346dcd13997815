import { type DebianOptions, ensureDebianPrograms, type ProgramSet } from "./debian-programs.ts";

/** The user of Argo CD's images, and of its Redis. */
export const argocdUser = 999;

const gitFolder = "usr/lib/git-core";

/** The names by which its Dockerfile links the one program, each of which is a program of its own. */
export const argocdLinks = [
  "argocd-server",
  "argocd-repo-server",
  "argocd-cmp-server",
  "argocd-application-controller",
  "argocd-dex",
  "argocd-notifications",
  "argocd-applicationset-controller",
  "argocd-k8s-auth",
  "argocd-commit-server",
] as const;

const set: ProgramSet<"argocd" | "redis"> = {
  name: "argocd-files",
  packages: ["git", "openssh-client", "gpg", "gpg-agent", "tini", "redis-server"],
  roots: {
    // What argoproj/argo-cd's Dockerfile makes of its base image, but for Helm and Git LFS.
    argocd: {
      files: [
        "usr/bin/git",
        // Git has the rest of its programs within itself.
        `${gitFolder}/git-remote-http`,
        `${gitFolder}/git-submodule`,
        `${gitFolder}/git-sh-setup`,
        `${gitFolder}/git-sh-i18n`,
        `${gitFolder}/git-sh-i18n--envsubst`,
        "usr/bin/ssh",
        "usr/bin/gpg",
        "usr/bin/gpg-agent",
        "usr/bin/gpgconf",
        "usr/bin/tini",
      ],
      folders: ["usr/share/git-core/templates"],
      links: {
        "usr/bin/git-upload-pack": "git",
        [`${gitFolder}/git-remote-https`]: "git-remote-http",
        "etc/ssh/ssh_known_hosts": "/app/config/ssh/ssh_known_hosts",
        ...Object.fromEntries(argocdLinks.map((name) => [`usr/local/bin/${name}`, "argocd"])),
      },
      user: { name: "argocd", id: argocdUser, home: "/home/argocd" },
      // As mount points, too: the image is read-only when it runs.
      ownFolders: {
        "home/argocd": 0o775,
        "app/config/ssh": 0o755,
        "app/config/tls": 0o755,
        "app/config/gpg/source": 0o755,
        "app/config/gpg/keys": 0o700,
      },
      trials: [
        ["/usr/bin/git", "--version"],
        ["/usr/bin/ssh", "-V"],
        ["/usr/bin/gpg", "--version"],
        ["/usr/bin/gpg-agent", "--version"],
        ["/usr/bin/tini", "--version"],
      ],
    },
    redis: {
      files: ["usr/bin/redis-server", "usr/bin/redis-cli"],
      user: { name: "redis", id: argocdUser, home: "/data" },
      ownFolders: { data: 0o755 },
      trials: [
        ["/usr/bin/redis-server", "--version"],
        ["/usr/bin/redis-cli", "--version"],
      ],
    },
  },
};

/** Folders to be put into images as they are, beside a shell. */
export interface ArgocdFiles {
  /** What Argo CD runs, and where it expects its settings. */
  argocd: string;
  redis: string;
}

/** The files out of Debian; throws what ensureDebianPrograms throws. */
export async function ensureArgocdFiles(options: DebianOptions = {}): Promise<ArgocdFiles> {
  return await ensureDebianPrograms(set, options);
}
