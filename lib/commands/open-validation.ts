import { existsSync, statSync } from "node:fs";
import path from "node:path";
import { repositoryRoot, showPath } from "../config/paths.ts";
import { InfraError } from "../errors.ts";
import type { Render } from "../lint/judge-rendered.ts";
import { listFiles } from "../lint/list-files.ts";
import type { Report } from "../lint/report.ts";
import { validateFolder } from "../lint/validate-folder.ts";

/**
 * Judges a folder, this repository by default. Of a folder within the repository all of it is judged,
 * since rules look at several files, and what is found in the folder is told. Throws
 * VALIDATE_FOLDER_MISSING, and what validateFolder throws.
 */
export async function openValidation(
  { operand, withCache }: { operand: string | undefined; withCache: boolean },
  env: NodeJS.ProcessEnv,
): Promise<Report> {
  const asked = path.resolve(operand ?? repositoryRoot);
  if (!statSync(asked, { throwIfNoEntry: false })?.isDirectory()) throw folderMissing(asked);
  const isInside = asked === repositoryRoot || asked.startsWith(repositoryRoot + path.sep);
  const folder = isInside ? repositoryRoot : asked;
  const report = await validateFolder({
    folder,
    ...(await list(folder)),
    today: new Date().toISOString().slice(0, 10),
    render: createRender(folder, env),
    withCache,
  });
  if (asked === folder) return report;
  const below = `${path.relative(folder, asked).split(path.sep).join("/")}/`;
  return {
    ...report,
    findings: report.findings.filter(({ where }) => where.file.startsWith(below)),
  };
}

async function list(folder: string) {
  if (!existsSync(path.join(folder, ".git"))) return listFiles(folder);
  const { listGitFiles } = await import("../exec/git.ts");
  return { files: await listGitFiles(folder) };
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
