import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { InfraError } from "../lib/errors.ts";

/** One line or stanza of apt's sources (sources.list(5)). */
export interface AptSource {
  uri: string;
  suite: string;
  components: string[];
  signedBy: string;
}

const sourcesFolder = "/etc/apt";

/**
 * The Debian mirror that this machine itself uses. Throws LAB_MIRROR_MISSING when it is no Debian
 * machine, or its mirror is not on the network.
 */
export async function findMirror(): Promise<string> {
  const list = path.join(sourcesFolder, "sources.list.d");
  const names = (await readdir(list).catch(() => [])).toSorted((a, b) => (a < b ? -1 : 1));
  const files = [
    path.join(sourcesFolder, "sources.list"),
    ...names.map((name) => path.join(list, name)),
  ];
  const texts = await Promise.all(
    files.map(async (file) => ({ file, text: await readFile(file, "utf8").catch(() => "") })),
  );
  const sources = texts.flatMap(({ file, text }) =>
    file.endsWith(".sources") ? parseStanzas(text) : parseLines(text),
  );
  const mirror = chooseMirror(sources);
  if (mirror !== undefined) return mirror;
  throw new InfraError({
    code: "LAB_MIRROR_MISSING",
    message: "there is no Debian mirror to make the hosts from",
    why: `none of apt's sources in ${sourcesFolder} is one of Debian's own suites`,
    fix: "Give the one you use: --mirror URL",
  });
}

/** The first mirror of a Debian suite; not one for security updates, which has no whole suite. */
export function chooseMirror(sources: readonly AptSource[]): string | undefined {
  const debian =
    /^(bookworm|bullseye|trixie|forky|sid|stable|oldstable|testing|unstable)(-updates|-backports)?$/;
  return sources.find(
    ({ uri, suite, components, signedBy }) =>
      /^https?:/.test(uri) &&
      debian.test(suite) &&
      // Others serve packages of their own for Debian's suites, under a key of their own.
      components.includes("main") &&
      (signedBy === "" || signedBy.includes("debian-archive")),
  )?.uri;
}

/** `deb [signed-by=…] URI SUITE COMPONENT…`, one a line. */
export function parseLines(text: string): AptSource[] {
  return text.split("\n").flatMap((line) => {
    const [, options = "", uri = "", suite = "", components] =
      /^deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)\s+(.+)$/.exec(line.trim()) ?? [];
    if (components === undefined) return [];
    const signedBy = /signed-by=(\S+)/i.exec(options)?.[1] ?? "";
    return { uri, suite, components: components.split(/\s+/), signedBy };
  });
}

/** Stanzas of `Types:`, `URIs:`, `Suites:`, with a blank line between them. */
export function parseStanzas(text: string): AptSource[] {
  const withoutComments = text.replace(/^#.*\n?/gm, "");
  return withoutComments.split(/\n\s*\n/).flatMap((stanza) => {
    const field = (name: string) =>
      new RegExp(`^${name}:\\s*(.*)$`, "im").exec(stanza)?.[1]?.trim().split(/\s+/) ?? [];
    if (!field("Types").includes("deb") || field("Enabled")[0] === "no") return [];
    const rest = { components: field("Components"), signedBy: field("Signed-By").join(" ") };
    return field("URIs").flatMap((uri) =>
      field("Suites").map((suite) => ({ uri, suite, ...rest })),
    );
  });
}
