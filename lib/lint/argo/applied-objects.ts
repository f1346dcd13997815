import { appliesFolder, type Application } from "./applications.ts";
import { listPlacedObjects, type PlacedObject } from "../placed-objects.ts";
import type { Repository } from "../rule.ts";

/** The objects that an Application applies from this repository. */
export function listAppliedObjects(
  application: Application,
  repository: Repository,
): PlacedObject[] {
  if (application.sources.every(({ folder }) => folder === undefined)) return [];
  return listPlacedObjects(repository).filter(({ root, way }) =>
    appliesFolder(application, root, way.length > 0),
  );
}
