import type { Application } from "../objects.ts";
import { rootApplication } from "./names.ts";

/**
 * The Applications that are made of the root's own repository and branch: only those can be asked for its
 * newest commit. A chart, or another repository, has revisions of its own.
 */
export function listOfRoot(applications: readonly Application[]): Application[] {
  const root = applications.find(({ metadata }) => metadata.name === rootApplication);
  const source = readSource(root);
  return applications.filter((one) => readSource(one) === source);
}

function readSource(application: Application | undefined): string | undefined {
  const { repoURL, targetRevision = "HEAD" } = application?.spec.source ?? {};
  return repoURL === undefined ? undefined : `${repoURL} ${targetRevision}`;
}
