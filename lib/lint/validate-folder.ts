import { readFileSync, statSync } from "node:fs";
import path from "node:path";
import { repositoryRoot, showPath } from "../config/paths.ts";
import { loadVersions, type Versions, versionsFile } from "../config/versions.ts";
import { InfraError } from "../errors.ts";
import { openCatalog } from "../schema/open-catalog.ts";
import { applyIgnoreList, ignoreFile, type IgnoreEntry } from "./ignore.ts";
import { judgeConfigQuickly } from "./judge-config.ts";
import { judge } from "./judge.ts";
import { listFiles, readSource, type SourceFile } from "./list-files.ts";
import type { Report } from "./report.ts";
import { rules } from "./rules.ts";
import { buildSettings } from "./settings.ts";

/**
 * Judges the files of a folder, this repository by default. `today`, as `2026-11-28`, decides what
 * is still ignored. Throws VALIDATE_FOLDER_MISSING, and what loadVersions throws.
 */
export async function validateFolder(folder = repositoryRoot, today: string): Promise<Report> {
  const root = path.resolve(folder);
  if (!statSync(root, { throwIfNoEntry: false })?.isDirectory()) throw folderMissing(root);
  const { files, findings } = listFiles(root);
  const sources: SourceFile[] = [];
  for (const file of files) {
    const read = readSource(root, file);
    if ("text" in read) sources.push(read);
    else findings.push(read);
  }
  const settings = buildSettings(await readVersions());
  const judged = await judge(sources, rules, openCatalog(settings.minor), settings);
  const list = judged.values.get(ignoreFile) as { ignore: IgnoreEntry[] } | undefined;
  const { findings: left, ignored } = applyIgnoreList(
    [...findings, ...judged.findings],
    list?.ignore ?? [],
    today,
    () => ({ file: ignoreFile }),
  );
  return { findings: left, counts: { ...judged.counts, ignored, notRendered: 0 } };
}

/** The pinned versions of this repository, whatever folder is judged. Throws as loadVersions does. */
async function readVersions(): Promise<Versions> {
  const claim = { kind: "config", name: "versions" } as const;
  const quick = judgeConfigQuickly(claim, { file: "", text: readFileSync(versionsFile, "utf8") });
  return quick === undefined ? await loadVersions() : (quick as { versions: Versions }).versions;
}

function folderMissing(folder: string): InfraError {
  return new InfraError({
    code: "VALIDATE_FOLDER_MISSING",
    message: `there is no folder ${showPath(folder)}`,
    fix: "Give the folder to judge, or none for the whole repository",
  });
}
