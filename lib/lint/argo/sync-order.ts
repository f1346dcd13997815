import type { Manifest } from "../../manifests/manifest.ts";
import type { Repository } from "../rule.ts";
import { listAppliedObjects } from "./applied-objects.ts";
import { type Application, listApplications } from "./applications.ts";

/** An Application or another object as one step of a sync: Argo CD ends a wave before the next. */
export interface SyncStep {
  manifest: Manifest;
  wave: number;
}

/** The wave of an object as Argo CD reads it: what is no number is 0. */
export function getWave({ sync }: Manifest): number {
  const wave = sync?.wave ?? "0";
  return isWave(wave) ? Number(wave) : 0;
}

export function isWave(text: string): boolean {
  return /^[+-]?\d+$/.test(text);
}

/** The steps that lead to each Application, from the outermost that applies it. */
export function listSyncPaths(repository: Repository): ReadonlyMap<Application, SyncStep[]> {
  const applications = listApplications(repository);
  const parents = new Map<Manifest, Application>();
  for (const application of applications) {
    for (const { manifest } of listAppliedObjects(application, repository)) {
      if (manifest !== application.manifest) parents.set(manifest, application);
    }
  }
  function follow(application: Application, below: readonly Application[]): SyncStep[] {
    const { manifest } = application;
    const step = { manifest, wave: getWave(manifest) };
    const parent = parents.get(manifest);
    if (parent === undefined || below.includes(parent)) return [step];
    return [...follow(parent, [...below, application]), step];
  }
  return new Map(applications.map((one) => [one, follow(one, [])]));
}

/** The steps in which two paths part, when something orders them: one Application that applies both. */
export function findParting(
  a: readonly SyncStep[],
  b: readonly SyncStep[],
): [SyncStep, SyncStep] | undefined {
  const index = a.findIndex(({ manifest }, at) => manifest !== b[at]?.manifest);
  const [one, other] = [a[index], b[index]];
  if (one === undefined || other === undefined) return undefined;
  return index > 0 ? [one, other] : undefined;
}
