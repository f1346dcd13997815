import path from "node:path";
import type { FromSchema } from "json-schema-to-ts";
import { InfraError } from "../errors.ts";
import { repositoryRoot, showPath } from "./paths.ts";
import { isInRange } from "./version-range.ts";
import type { DataPath } from "../schema/explain.ts";
import { versionsSchema } from "./versions.schema.ts";

export type Versions = FromSchema<typeof versionsSchema>["versions"];

/** A component with what is known of its versions. */
export type Component = Versions["velero"];

export const versionsFile = path.join(repositoryRoot, "config/versions.yaml");

/**
 * Loads config/versions.yaml. Throws what loadYaml throws, and VERSIONS_KNOWN_BAD and
 * VERSIONS_UNTESTED when a pinned version is one that the file itself speaks against.
 */
export async function loadVersions(file = versionsFile): Promise<Versions> {
  const { loadYaml, throwAll } = await import("./load-yaml.ts");
  const { value, locate } = await loadYaml(file, versionsSchema);
  const faults = findPinnedFaults(value.versions).map(
    ({ at, ...fault }) => new InfraError({ ...fault, where: locate(at, "value") }),
  );
  throwAll(showPath(file), faults);
  return value.versions;
}

/** Why a version that is really there should not be relied on; undefined when nothing is known. */
export function findVersionFault(component: Component, version: string): string | undefined {
  const bad = component.knownBad?.find(({ range }) => isInRange(version, range));
  if (bad !== undefined) return bad.reason;
  if (component.tested === undefined || isInRange(version, component.tested)) return undefined;
  return `only ${component.tested} was tested`;
}

/** The image of the restore pod, as a pod names it. */
export function renderRestoreImage(versions: Versions): string {
  return `${versions.restoreImage.name}:${versions.restoreImage.tag}`;
}

/** A pinned version that the file itself speaks against. */
export interface PinnedFault {
  code: "VERSIONS_KNOWN_BAD" | "VERSIONS_UNTESTED";
  /** Where the version stands in the file. */
  at: DataPath;
  message: string;
  why: string;
  fix: string;
}

/** What is pinned in config/versions.yaml although it is known bad there, or outside of what was tested. */
export function findPinnedFaults(versions: Versions): PinnedFault[] {
  const { restoreImage: _image, ...components } = versions;
  return Object.entries(components).flatMap(([name, component]): PinnedFault[] => {
    const { version } = component;
    const why = findVersionFault(component, version);
    if (why === undefined) return [];
    const isBad = isKnownBad(component, version);
    return [
      {
        code: isBad ? "VERSIONS_KNOWN_BAD" : "VERSIONS_UNTESTED",
        at: ["versions", name, "version"],
        message: `${name} ${version} is ${isBad ? "known to be bad" : "outside of what was tested"}`,
        why,
        fix: isBad
          ? "Pin another version"
          : 'Pin a tested version, or test this one and widen "tested"',
      },
    ];
  });
}

/** Whether config/versions.yaml has a version of a component among those that are never used. */
export function isKnownBad(component: Component, version: string): boolean {
  return component.knownBad?.some(({ range }) => isInRange(version, range)) ?? false;
}
