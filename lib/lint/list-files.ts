import { type Dirent, readdirSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import { isUtf8 } from "node:buffer";
import type { Finding } from "./rule.ts";

/** A file that is judged; its path is relative to the judged folder, with "/" between its parts. */
export interface SourceFile {
  file: string;
  text: string;
}

/** Far more than a manifest has; Argo CD's own installation has 2 MB. */
const mostBytes = 4 * 1024 * 1024;
const skippedFolders = new Set([".git", "node_modules", ".cache", ".terraform"]);

/** The paths of a folder's files, in order; links to folders are not followed. */
export function listFiles(folder: string): { files: string[]; findings: Finding[] } {
  const files: string[] = [];
  const findings: Finding[] = [];
  walk("");
  return { files, findings };

  function walk(below: string): void {
    for (const entry of readFolder(below)) {
      const file = below === "" ? entry.name : `${below}/${entry.name}`;
      if (entry.isDirectory()) {
        if (!skippedFolders.has(entry.name)) walk(file);
      } else if (entry.isFile() || isLinkToFile(entry, file)) files.push(file);
    }
  }

  function readFolder(below: string): Dirent[] {
    try {
      const entries = readdirSync(path.join(folder, below), { withFileTypes: true });
      return entries.toSorted((a, b) => (a.name < b.name ? -1 : 1));
    } catch (error) {
      findings.push(unreadable(below === "" ? "." : below, error));
      return [];
    }
  }

  function isLinkToFile(entry: Dirent, file: string): boolean {
    if (!entry.isSymbolicLink()) return false;
    try {
      return statSync(path.join(folder, file)).isFile();
    } catch (error) {
      findings.push(unreadable(file, error));
      return false;
    }
  }
}

/** The text of a file, or why it has none. */
export function readSource(folder: string, file: string): SourceFile | Finding {
  const full = path.join(folder, file);
  try {
    const { size } = statSync(full);
    if (size > mostBytes) return tooLarge(file, size);
    const text = readFileSync(full, "utf8");
    return text.includes("\u0000") || text.includes("\uFFFD")
      ? judgeBytes(file, text, readFileSync(full))
      : { file, text };
  } catch (error) {
    return unreadable(file, error);
  }
}

function judgeBytes(file: string, text: string, bytes: Buffer): SourceFile | Finding {
  const isText = isUtf8(bytes);
  if (isText && !text.includes("\u0000")) return { file, text };
  const isBinary = bytes.includes(0);
  const bad = text.search(isBinary ? /\u0000/ : /\uFFFD/);
  const before = text.slice(0, Math.max(bad, 0));
  return {
    rule: "file",
    code: isBinary ? "FILE_BINARY" : "FILE_ENCODING",
    message: isBinary ? "this is no text" : "this is not UTF-8",
    where: {
      file,
      line: before.split("\n").length,
      column: before.length - before.lastIndexOf("\n"),
    },
    why: isBinary
      ? "it has a NUL byte here: it is a program or an image, or a text in UTF-16"
      : "the bytes here are no character",
    fix: "Save it as UTF-8, or take it out of this folder",
  };
}

function tooLarge(file: string, size: number): Finding {
  return {
    rule: "file",
    code: "FILE_TOO_LARGE",
    message: `the file has ${Math.round(size / 1024 / 1024)} MiB`,
    where: { file },
    why: `more than ${mostBytes / 1024 / 1024} MiB is no manifest, and is not read`,
    fix: "Split it, or take it out of this folder",
  };
}

function unreadable(file: string, error: unknown): Finding {
  const { code, message } = error as NodeJS.ErrnoException;
  return {
    rule: "file",
    code: "FILE_UNREADABLE",
    message: "it cannot be read",
    where: { file },
    why: code === "ELOOP" ? "it is a link that leads to itself" : (code ?? message),
    fix: "Make it a file that you may read, or remove it",
  };
}
