import { kustomizationKinds } from "../../manifests/kustomization.ts";
import {
  describeKind,
  getList,
  getText,
  type Manifest,
  syncWaveAnnotation,
} from "../../manifests/manifest.ts";
import { listAppliedObjects } from "../argo/applied-objects.ts";
import { type Application, applicationKinds, listApplications } from "../argo/applications.ts";
import { listBroughtGroups } from "../argo/crd-sources.ts";
import { findParting, getWave, isWave, listSyncPaths } from "../argo/sync-order.ts";
import type { Repository, RepositoryFault, RepositoryRule } from "../rule.ts";

const skipsDryRun = "SkipDryRunOnMissingResource=true";
const definition = "apiextensions.k8s.io/CustomResourceDefinition";

export const syncWave: RepositoryRule = {
  id: "sync-wave",
  codes: ["SYNC_WAVE_TOO_EARLY", "SYNC_WAVE_INVALID"],
  scope: "repository",
  summary: "an object of a custom kind is synced after what brings the kind",
  why: "Argo CD tries every object before it applies the first one: `the server could not find the requested resource`, and nothing of the Application is applied. A wave that is no number counts as 0, and nothing says so. https://argo-cd.readthedocs.io/en/stable/user-guide/sync-waves/",
  example: {
    bad: "annotations:\n  argocd.argoproj.io/sync-wave: early",
    good: 'annotations:\n  argocd.argoproj.io/sync-wave: "-1"',
  },
  kinds: [...applicationKinds, definition, ...kustomizationKinds],
  find(repository) {
    return [
      ...repository.written.flatMap(findInvalid),
      ...listApplications(repository).flatMap((one) => findWithin(one, repository)),
      ...findBetween(repository),
    ];
  },
};

function findInvalid(manifest: Manifest): RepositoryFault[] {
  const wave = manifest.sync?.wave;
  if (wave === undefined || isWave(wave)) return [];
  return [
    {
      code: "SYNC_WAVE_INVALID",
      manifest,
      at: ["metadata", "annotations", syncWaveAnnotation],
      part: "value",
      message: `the sync wave "${wave}" is no number`,
      why: "Argo CD takes it for 0",
      fix: 'Write a whole number in quotes, such as "1" or "-1"',
    },
  ];
}

/** Objects that one Application applies before their own CustomResourceDefinition. */
function findWithin(application: Application, repository: Repository): RepositoryFault[] {
  const objects = listAppliedObjects(application, repository).map(({ manifest }) => manifest);
  const definitions = new Map(
    objects
      .filter((one) => describeKind(one) === definition)
      .map((one) => [
        `${getText(one.value, "spec", "group")}/${getText(one.value, "spec", "names", "kind")}`,
        one,
      ]),
  );
  if (definitions.size === 0) return [];
  return objects.flatMap((object) => {
    const own = definitions.get(describeKind(object));
    if (own === undefined || getWave(object) >= getWave(own)) return [];
    return [
      {
        ...locateWave(object),
        message: `${object.kind} "${object.name}" is in wave ${getWave(object)}, before its CustomResourceDefinition`,
        why: `${own.file} is in wave ${getWave(own)}`,
        fix: "Give the CustomResourceDefinition the same wave or an earlier one",
      },
    ];
  });
}

/** Objects whose kinds another Application brings no earlier. */
function findBetween(repository: Repository): RepositoryFault[] {
  const applications = listApplications(repository);
  const brought = new Map(applications.map((one) => [one, listBroughtGroups(one, repository)]));
  const bringers = applications.filter((one) => (brought.get(one)?.size ?? 0) > 0);
  if (bringers.length === 0) return [];
  const paths = listSyncPaths(repository);
  const told = new Set<string>();
  return applications.flatMap((application) => {
    if (getList(application.spec, "syncPolicy", "syncOptions").includes(skipsDryRun)) return [];
    return listAppliedObjects(application, repository).flatMap(({ manifest }) => {
      const [group = ""] = describeKind(manifest).split("/");
      if (brought.get(application)?.has(group) === true) return [];
      if (manifest.sync?.options?.includes(skipsDryRun) === true) return [];
      const bringer = bringers.find((one) => brought.get(one)?.has(group) === true);
      if (bringer === undefined) return [];
      const object = { manifest, wave: getWave(manifest) };
      const parting = findParting(
        [...(paths.get(application) ?? []), object],
        paths.get(bringer) ?? [],
      );
      if (parting === undefined || parting[0].wave > parting[1].wave) return [];
      const [{ manifest: early, wave }, later] = parting;
      const key = `${early.file} ${early.document} ${early.name} ${group}`;
      if (told.has(key)) return [];
      told.add(key);
      return [
        {
          ...locateWave(early),
          message: `${early.kind} "${early.name}" is synced in wave ${wave}, and the kinds of ${group} that it needs come in wave ${later.wave}`,
          why: `the Application "${bringer.manifest.name}" brings them`,
          fix: `Write a wave above ${later.wave}, or the sync option ${skipsDryRun} where it is tried again`,
        },
      ];
    });
  });
}

function locateWave(manifest: Manifest): Pick<RepositoryFault & { at: string[] }, "at"> & {
  manifest: Manifest;
  part: "key" | "value";
} {
  const isWritten = manifest.sync?.wave !== undefined;
  return isWritten
    ? { manifest, at: ["metadata", "annotations", syncWaveAnnotation], part: "value" }
    : { manifest, at: ["metadata", "name"], part: "value" };
}
