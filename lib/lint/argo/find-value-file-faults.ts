import { getFields, getList, getText } from "../../manifests/manifest.ts";
import { getFolder, resolvePath } from "../../manifests/kustomization.ts";
import type { DataPath } from "../../schema/explain.ts";
import type { Fault, Repository } from "../rule.ts";
import { type Application, type ApplicationSource, isTemplate } from "./applications.ts";

export interface PathFault extends Fault {
  at: DataPath;
}

/** The value files of a chart that are not where Argo CD looks for them. */
export function findValueFileFaults(
  application: Application,
  source: ApplicationSource,
  repository: Repository,
): PathFault[] {
  const helm = getFields(source.fields, "helm");
  if (helm["ignoreMissingValueFiles"] === true) return [];
  return getList(helm, "valueFiles").flatMap((written, index) => {
    if (typeof written !== "string" || isTemplate(written) || /:\/\/|[*?[{]/.test(written)) {
      return [];
    }
    const problem = findProblem(written, application, source, repository);
    if (problem === undefined) return [];
    return [
      {
        ...problem,
        code: "ARGO_VALUE_FILE_MISSING",
        at: [...source.at, "helm", "valueFiles", String(index)],
      },
    ];
  });
}

function findProblem(
  written: string,
  { sources, manifest }: Application,
  { fields, folder, isOurs }: ApplicationSource,
  { files }: Repository,
): Fault | undefined {
  const [, ref, below] = /^\$([^/]+)\/(.*)$/.exec(written) ?? [];
  if (ref !== undefined && below !== undefined) {
    // Argo CD's own variables: https://argo-cd.readthedocs.io/en/stable/user-guide/build-environment/
    if (/^(?:ARGOCD|KUBE)_/.test(ref)) return undefined;
    const target = sources.find((one) => getText(one.fields, "ref") === ref);
    if (target === undefined) {
      return {
        message: `no source has the ref "${ref}"`,
        why: "what stands behind $ is the ref of another source of this Application",
        fix: `Add "ref: ${ref}" to the source that has the file, or correct the name`,
      };
    }
    return target.isOurs && !files.has(resolvePath("", below)) ? notThere(written) : undefined;
  }
  if (fields["chart"] === undefined) {
    if (!isOurs || folder === undefined) return undefined;
    const target = resolvePath(written.startsWith("/") ? "" : folder, written);
    return files.has(target) ? undefined : notThere(written);
  }
  const here = [resolvePath("", written), resolvePath(getFolder(manifest.file), written)];
  if (written === "values.yaml" || !here.some((one) => files.has(one))) return undefined;
  return {
    message: `"${written}" is read from the chart, and stands in this repository`,
    why: "value files belong to their own source: a chart does not see this repository",
    fix: "Add this repository as a source with `ref: values`, and write $values/ before its path",
  };
}

function notThere(written: string): Fault {
  return {
    message: `there is no file "${written}"`,
    why: "Helm stops at a value file that is missing, and Argo CD applies nothing",
    fix: "Correct the path, which begins at the folder of the chart; behind $ref/ or /, at the top of the repository",
  };
}
