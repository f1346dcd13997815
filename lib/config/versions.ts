import path from "node:path";
import type { FromSchema } from "json-schema-to-ts";
import { InfraError } from "../errors.ts";
import type { Locate } from "../schema/explain.ts";
import { loadYaml, throwAll } from "./load-yaml.ts";
import { repositoryRoot, showPath } from "./paths.ts";
import { isInRange } from "./version-range.ts";
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
  const { value, locate } = await loadYaml(file, versionsSchema);
  throwAll(showPath(file), findPinnedFaults(value.versions, locate));
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

function findPinnedFaults(versions: Versions, locate: Locate): InfraError[] {
  const { restoreImage: _image, ...components } = versions;
  return Object.entries(components).flatMap(([name, component]) => {
    const { version } = component;
    const why = findVersionFault(component, version);
    if (why === undefined) return [];
    const isBad = component.knownBad?.some(({ range }) => isInRange(version, range)) ?? false;
    return new InfraError({
      code: isBad ? "VERSIONS_KNOWN_BAD" : "VERSIONS_UNTESTED",
      message: `${name} ${version} is ${isBad ? "known to be bad" : "outside of what was tested"}`,
      where: locate(["versions", name, "version"], "value"),
      why,
      fix: isBad
        ? "Pin another version"
        : 'Pin a tested version, or test this one and widen "tested"',
    });
  });
}
