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
import { findSettingsWithoutHealth } from "../argo/application-health.ts";
import { findParting, getWave, isWave, listSyncPaths } from "../argo/sync-order.ts";
import type { Repository, RepositoryFault, RepositoryRule } from "../rule.ts";

const skipsDryRun = "SkipDryRunOnMissingResource=true";
const definition = "apiextensions.k8s.io/CustomResourceDefinition";

export const syncWave: RepositoryRule = {
  id: "sync-wave",
  codes: ["SYNC_WAVE_TOO_EARLY", "SYNC_WAVE_INVALID", "SYNC_WAVE_NO_HEALTH"],
  scope: "repository",
  summary: "an object of a custom kind is synced after what brings the kind",
  why: "Argo CD tries every object before it applies the first one: `the server could not find the requested resource`, and nothing of the Application is applied. A wave that is no number counts as 0, and nothing says so. A wave of Applications ends when they are healthy, and that they are as soon as they exist, since Argo CD 1.8, unless argocd-cm has a check (https://argo-cd.readthedocs.io/en/stable/operator-manual/health/#argocd-app); where the repository does not hold argocd-cm, nobody sees it from here. https://argo-cd.readthedocs.io/en/stable/user-guide/sync-waves/",
  example: {
    bad: "annotations:\n  argocd.argoproj.io/sync-wave: early",
    good: 'annotations:\n  argocd.argoproj.io/sync-wave: "-1"',
  },
  kinds: [...applicationKinds, "ConfigMap", definition, ...kustomizationKinds],
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
  const unhealthy = findSettingsWithoutHealth(repository);
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
      if (parting === undefined) return [];
      const [{ manifest: early, wave }, later] = parting;
      if (wave > later.wave) {
        if (unhealthy === undefined || told.has(unhealthy.name)) return [];
        if (!applicationKinds.includes(describeKind(later.manifest))) return [];
        told.add(unhealthy.name);
        return [explainHealth(unhealthy, early, later.manifest)];
      }
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

/** Told once: all waves between Applications are without it. */
function explainHealth(settings: Manifest, early: Manifest, later: Manifest): RepositoryFault {
  return {
    code: "SYNC_WAVE_NO_HEALTH",
    manifest: settings,
    at: ["data"],
    message:
      "argocd-cm does not say when an Application is healthy, and waves between Applications order nothing",
    why: `"${early.name}" is synced as soon as the Application "${later.name}" exists, before what it brings is there`,
    fix: `Add resource.customizations.health.argoproj.io_Application, as Argo CD's page on health has it; or the sync option ${skipsDryRun}, where it is tried again`,
  };
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
