import { getFolder } from "../../manifests/kustomization.ts";
import { describeKind, getText, type Manifest } from "../../manifests/manifest.ts";
import { findOwner } from "../kustomization/find-owner.ts";
import { listPlacedObjects } from "../placed-objects.ts";
import type { Repository } from "../rule.ts";
import { listAppliedObjects } from "./applied-objects.ts";
import {
  type Application,
  applicationKinds,
  type ApplicationSource,
  listApplications,
} from "./applications.ts";

/** A program that an Application installs, by the chart or the repository it comes from. */
export interface InstalledProgram {
  chart: string;
  /** A part of the URL, or of the path in this repository, of what installs it without its chart. */
  place: RegExp;
}

/** An Application that is on and installs a program, with the source that does. */
export interface Installer {
  application: Application;
  source: ApplicationSource;
}

/** The Applications that are on and install a program. */
export function findInstallers(
  { chart, place }: InstalledProgram,
  repository: Repository,
): Installer[] {
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

/**
 * Whether an object is an Application that is kept and is off: no other one applies it, and the
 * kustomization above it leaves it out. One that no kustomization is above of is applied by hand.
 */
export function isOff(manifest: Manifest, repository: Repository): boolean {
  if (!applicationKinds.includes(describeKind(manifest))) return false;
  if (listAppliedManifests(repository).has(manifest)) return false;
  return listPlacedObjects(repository)
    .filter((one) => one.manifest === manifest)
    .every(({ way, root }) => {
      if (way.length === 0) return findOwner(root, repository) !== undefined;
      return root !== "" && findOwner(getFolder(root), repository) !== undefined;
    });
}

/** Whether nothing but Applications that are off reads a folder. */
export function isOffFolder(folder: string, repository: Repository): boolean {
  const readers = listApplications(repository).filter(({ sources }) =>
    sources.some((source) => source.folder === folder),
  );
  return readers.length > 0 && readers.every(({ manifest }) => isOff(manifest, repository));
}

/** The Applications that another one applies; a file that nothing applies is off. */
function listRunning(repository: Repository): Application[] {
  const applied = listAppliedManifests(repository);
  return listApplications(repository).filter(({ manifest }) => applied.has(manifest));
}

const known = new WeakMap<Repository, ReadonlySet<Manifest>>();

function listAppliedManifests(repository: Repository): ReadonlySet<Manifest> {
  const found = known.get(repository);
  if (found !== undefined) return found;
  const applied = new Set(
    listApplications(repository).flatMap((one) =>
      listAppliedObjects(one, repository).map(({ manifest }) => manifest),
    ),
  );
  known.set(repository, applied);
  return applied;
}
