/** A file of an apt repository, by its path from where the index that names it lies. */
export interface IndexedFile {
  path: string;
  bytes: number;
  sha256: string;
}

/** The index of one package; `control` is the package's own description (deb822(5)). */
export function renderPackages(control: string, { path, bytes, sha256 }: IndexedFile): string {
  const lines = [`Filename: ${path}`, `Size: ${bytes}`, `SHA256: ${sha256}`];
  return `${control.trimEnd()}\n${lines.join("\n")}\n`;
}

export interface Release {
  suite: string;
  component: string;
  /** Debian's name of it: `amd64`. */
  architecture: string;
  date: Date;
  /** The indexes, by their paths from the folder of the suite. */
  indexes: readonly IndexedFile[];
}

/**
 * What is signed of a repository (https://wiki.debian.org/DebianRepository/Format, "Release files").
 * It says no date until which it is valid: nothing is ever added to an entry of the cache.
 */
export function renderRelease(release: Release): string {
  const { suite, component, architecture, date, indexes } = release;
  const lines = [
    "Origin: infra-k3s lab",
    "Label: infra-k3s lab",
    `Suite: ${suite}`,
    `Codename: ${suite}`,
    // In the form of RFC 5322, with UTC in place of GMT, which is what Debian's own have.
    `Date: ${date.toUTCString().replace(/GMT$/, "UTC")}`,
    `Architectures: ${architecture}`,
    `Components: ${component}`,
    "SHA256:",
    ...indexes.map(({ path, bytes, sha256 }) => ` ${sha256} ${bytes} ${path}`),
  ];
  return `${lines.join("\n")}\n`;
}

export interface PackageFacts {
  /** Of the package: `1.86.5`. */
  version: string;
  architecture: string;
  /** Of all files together. */
  bytes: number;
}

/** The description of the tailscale package, as far as upstream's has the same fields. */
export function renderControl({ version, architecture, bytes }: PackageFacts): string {
  const lines = [
    "Package: tailscale",
    `Version: ${version}`,
    `Architecture: ${architecture}`,
    "Maintainer: infra-k3s lab <root@localhost>",
    `Installed-Size: ${Math.ceil(bytes / 1024)}`,
    "Depends: iptables",
    "Section: net",
    "Priority: optional",
    "Homepage: https://www.tailscale.com",
    "Description: The easiest, most secure, cross platform way to use WireGuard",
    " Built from upstream's source by the lab of infra-k3s.",
  ];
  return `${lines.join("\n")}\n`;
}
