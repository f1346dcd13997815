import { existsSync, statSync } from "node:fs";
import path from "node:path";
import { repositoryRoot, showPath } from "../config/paths.ts";
import { hasCode, InfraError } from "../errors.ts";
import type { Render } from "../lint/judge-rendered.ts";
import { listFiles } from "../lint/list-files.ts";
import type { Report } from "../lint/report.ts";
import { validateFolder } from "../lint/validate-folder.ts";

/**
 * Judges a folder, this repository by default. Of a folder of the repository all of it is judged, since
 * rules look at several files, and what is found in the folder is told. Throws
 * VALIDATE_FOLDER_MISSING, and what validateFolder throws.
 */
export async function openValidation(
  { operand, withCache }: { operand: string | undefined; withCache: boolean },
  env: NodeJS.ProcessEnv,
): Promise<Report> {
  const asked = path.resolve(operand ?? repositoryRoot);
  if (!statSync(asked, { throwIfNoEntry: false })?.isDirectory()) throw folderMissing(asked);
  const below = `${path.relative(repositoryRoot, asked).split(path.sep).join("/")}/`;
  const listed = below.startsWith("../") ? undefined : await list(repositoryRoot);
  // What Git ignores is not of the repository, although it lies in it.
  const isPart = below === "/" || listed?.files.some((file) => file.startsWith(below)) === true;
  const folder = isPart ? repositoryRoot : asked;
  const report = await validateFolder({
    folder,
    ...(isPart && listed !== undefined ? listed : listFiles(folder)),
    today: new Date().toISOString().slice(0, 10),
    render: createRender(folder, env),
    withCache,
  });
  if (below === "/" || !isPart) return report;
  const findings = report.findings.filter(({ where }) => where.file.startsWith(below));
  return { ...report, findings };
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

/** Renders with the program that is found when the first kustomization asks for it. */
function createRender(folder: string, env: NodeJS.ProcessEnv): Render {
  let render: Promise<Render> | undefined;
  return async (root, sources) => {
    render ??= import("./render-kustomization.ts").then((module) => module.openRender(folder, env));
    return await (
      await render
    )(root, sources);
  };
}

function folderMissing(folder: string): InfraError {
  return new InfraError({
    code: "VALIDATE_FOLDER_MISSING",
    message: `there is no folder ${showPath(folder)}`,
    fix: "Give the folder to judge, or none for the whole repository",
  });
}
