import { getText } from "../../manifests/manifest.ts";
import type { Repository } from "../rule.ts";
import { listAppliedObjects } from "./applied-objects.ts";
import { type Application, type ApplicationSource, listApplications } from "./applications.ts";

/** A program that an Application installs, by the chart or the repository it comes from. */
export interface InstalledProgram {
  chart: string;
  /** A part of the URL, or of the path in this repository, of what installs it without its chart. */
  place: RegExp;
}

/** The Applications that are on and install a program, with the source that does. */
export function findInstallers(
  { chart, place }: InstalledProgram,
  repository: Repository,
): { application: Application; source: ApplicationSource }[] {
  return listRunning(repository).flatMap((application) =>
    application.sources.flatMap((source) => {
      const { fields, folder } = source;
      const own = getText(fields, "chart");
      const from = folder ?? `${getText(fields, "repoURL") ?? ""}/`;
      const isIt = own === undefined ? place.test(from) : own === chart;
      return isIt ? [{ application, source }] : [];
    }),
  );
}

/** The Applications that another one applies, or a kustomization; a file that nothing applies is off. */
function listRunning(repository: Repository): Application[] {
  const applications = listApplications(repository);
  const applied = new Set(
    applications.flatMap((one) =>
      listAppliedObjects(one, repository).map(({ manifest }) => manifest),
    ),
  );
  return applications.filter(({ manifest }) => applied.has(manifest));
}
