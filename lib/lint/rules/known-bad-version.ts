import {
  findPinnedFaults,
  findVersionFault,
  isKnownBad,
  type Versions,
} from "../../config/versions.ts";
import type { Manifest } from "../../manifests/manifest.ts";
import { listPins, type Pin, pinningKinds } from "../pinned-versions.ts";
import type { RepositoryFault, RepositoryRule } from "../rule.ts";

const versionsFile = "config/versions.yaml";

export const knownBadVersion: RepositoryRule = {
  id: "known-bad-version",
  codes: ["VERSION_KNOWN_BAD", "VERSION_DISAGREES", "VERSIONS_KNOWN_BAD", "VERSIONS_UNTESTED"],
  scope: "repository",
  summary: "no pinned version is known to be bad, and all places pin the same one",
  why: "What config/versions.yaml calls known bad was seen to fail: the AWS plugin 1.14.1 sends a header that R2 refuses with 501, and every backup of the cluster fails from the day of the upgrade (velero#9931). Where a manifest pins another version than config/versions.yaml, the hosts, the lab and the recovery commands were made for the one, and the cluster runs the other. Images, refs and Helm values are read; which Velero a chart's version stands for is not.",
  example: {
    bad: "image: velero/velero-plugin-for-aws:v1.14.1",
    good: "image: velero/velero-plugin-for-aws:v1.14.3",
  },
  kinds: pinningKinds,
  find(repository, settings) {
    const own = repository.read(versionsFile) as { versions: Versions } | undefined;
    const versions = own?.versions ?? settings.versions;
    const faults = repository.manifests.flatMap((manifest) =>
      listPins(manifest).flatMap((pin) => judgePin(pin, manifest, versions, own !== undefined)),
    );
    if (own === undefined) return faults;
    const pinned = findPinnedFaults(own.versions);
    return [
      ...faults,
      ...pinned.map((fault) => ({ ...fault, file: versionsFile, part: "value" as const })),
    ];
  },
};

function judgePin(
  { component, version: written, text, at }: Pin,
  manifest: Manifest,
  versions: Versions,
  hasOwn: boolean,
): RepositoryFault[] {
  const version = normalize(written);
  const known = versions[component];
  const place = { manifest, at, part: "value" as const };
  // Filled in later, or a commit, which does not say what version it is.
  if (/[${}]|^[0-9a-f]{40}$/.test(written)) return [];
  const why = findVersionFault(known, version);
  if (why !== undefined && /^\d+\.\d+\.\d+/.test(version) && isKnownBad(known, version)) {
    return [
      {
        ...place,
        message: `${component} ${written} is known to be bad`,
        why,
        fix: `Pin ${known.version}, as ${versionsFile} does`,
      },
    ];
  }
  if (!hasOwn || version === normalize(known.version)) return [];
  return [
    {
      ...place,
      code: "VERSION_DISAGREES",
      message: `"${text}" is not the version of ${component} in ${versionsFile}`,
      why: `that is ${known.version}`,
      fix: "Pin the same version in both",
    },
  ];
}

/** Without what is only spelling: a tag has no `+`, and some end with their architecture. */
function normalize(version: string): string {
  return version
    .replace(/^v/, "")
    .replace(/-(?:amd64|arm64)$/, "")
    .replace(/[-+]k3s/, "+k3s");
}
