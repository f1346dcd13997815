import {
  existsSync,
  readFileSync,
  realpathSync,
  renameSync,
  statSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { repositoryRoot, showPath } from "../config/paths.ts";
import { hasCode, InfraError } from "../errors.ts";
import type { Render } from "../lint/judge-rendered.ts";
import { listFiles } from "../lint/list-files.ts";
import type { Report } from "../lint/report.ts";
import { validateFolder } from "../lint/validate-folder.ts";
import type { Catalog } from "../schema/catalog.ts";

export interface ValidationOptions {
  operand: string | undefined;
  /** Judge only what has changed since the last time. */
  withCache: boolean;
  /** Write anew what has one right answer, and judge again. */
  fix: boolean;
  /** Of the cluster that has to take the objects, too. */
  kubeconfigFile: string | undefined;
}

/**
 * Judges a folder, this repository by default. Of a folder of the repository all of it is judged, since
 * rules look at several files, and what is found in the folder is told. Throws
 * VALIDATE_FOLDER_MISSING, and what validateFolder and askServer throw.
 */
export async function openValidation(
  { operand, withCache, fix, kubeconfigFile }: ValidationOptions,
  env: NodeJS.ProcessEnv,
): Promise<Report> {
  const asked = path.resolve(operand ?? repositoryRoot);
  const found = statSync(asked, { throwIfNoEntry: false });
  if (found?.isDirectory() !== true) throw folderMissing(asked, found !== undefined);
  const below = `${path.relative(repositoryRoot, asked).split(path.sep).join("/")}/`;
  const listed = below.startsWith("../") ? undefined : await list(repositoryRoot);
  // What Git ignores is not of the repository, although it lies in it.
  const isPart = below === "/" || listed?.files.some((file) => file.startsWith(below)) === true;
  const folder = isPart ? repositoryRoot : asked;
  const isAsked = (file: string) => !isPart || below === "/" || file.startsWith(below);
  const validation = {
    folder,
    ...(isPart && listed !== undefined ? listed : listFiles(folder)),
    today: new Date().toISOString().slice(0, 10),
    render: createRender(folder, env),
    // What is known of a file is less than the server needs.
    withCache: withCache && kubeconfigFile === undefined,
  };
  const first = await validateFolder(validation);
  const hasChanged = fix && (await fixFiles(folder, first.report, first.catalog, isAsked));
  const { report, manifests } = hasChanged ? await validateFolder(validation) : first;
  const findings = report.findings.filter(({ where }) => isAsked(where.file));
  if (kubeconfigFile === undefined) return { ...report, findings };
  const { askServer } = await import("./ask-server.ts");
  const wrong = new Set(findings.map(({ where }) => where.file));
  const right = manifests.filter(({ file }) => isAsked(file) && !wrong.has(file));
  const read = (file: string) => readFileSync(path.join(folder, file), "utf8");
  const refused = await askServer(right, { kubeconfigFile, env, read });
  return { ...report, findings: [...findings, ...refused] };
}

const isNamedEncrypted = /\.sops\.\w+$/;

/**
 * Writes scalars anew that YAML 1.1 reads differently; whether any file has changed. What a link
 * leads to may lie anywhere, and the MAC of what sops has encrypted would no longer fit: both stay.
 */
async function fixFiles(
  folder: string,
  { findings }: Report,
  catalog: Catalog,
  isAsked: (file: string) => boolean,
): Promise<boolean> {
  const { fixYaml11 } = await import("../lint/fix-yaml11.ts");
  const { yaml11Scalar } = await import("../lint/rules/yaml11-scalar.ts");
  const files = findings
    .filter(({ rule }) => rule === yaml11Scalar.id)
    .map(({ where }) => where.file);
  let hasChanged = false;
  for (const file of new Set(files.filter(isAsked))) {
    const full = path.join(folder, file);
    if (realpathSync(full) !== path.join(realpathSync(folder), file)) continue;
    const text = readFileSync(full, "utf8");
    if (isNamedEncrypted.test(file) || text.includes("ENC[AES256_GCM,")) continue;
    const fixed = await fixYaml11(text, catalog);
    if (fixed === text) continue;
    // Whole or not at all, whatever ends us.
    writeFileSync(`${full}.new`, fixed, { mode: statSync(full).mode });
    renameSync(`${full}.new`, full);
    hasChanged = true;
  }
  return hasChanged;
}

async function list(folder: string): Promise<ReturnType<typeof listFiles>> {
  if (!existsSync(path.join(folder, ".git"))) return listFiles(folder);
  const { listGitFiles } = await import("../exec/git.ts");
  try {
    return { files: await listGitFiles(folder), findings: [] };
  } catch (error) {
    if (hasCode(error, "EXEC_MISSING")) return listFiles(folder);
    throw error;
  }
}

/** Renders with the program that is found when there is something to render. */
function createRender(folder: string, env: NodeJS.ProcessEnv): Render {
  return async (roots, sources) => {
    if (roots.length === 0) return [];
    const { renderAll } = await import("./render-kustomizations.ts");
    return await renderAll(roots, { folder, sources, env });
  };
}

function folderMissing(folder: string, isThere: boolean): InfraError {
  return new InfraError({
    code: "VALIDATE_FOLDER_MISSING",
    message: isThere
      ? `${showPath(folder)} is no folder`
      : `there is no folder ${showPath(folder)}`,
    fix: "Give the folder to judge, or none for the whole repository",
  });
}
