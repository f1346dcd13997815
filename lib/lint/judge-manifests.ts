import type { InfraError } from "../errors.ts";
import { isForKustomize } from "../manifests/kustomization.ts";
import { describeKind, getText, listManifests, type Manifest } from "../manifests/manifest.ts";
import { readPlain } from "../manifests/read-plain.ts";
import { withoutSops } from "../manifests/sops.ts";
import type { Catalog } from "../schema/catalog.ts";
import type { Locate } from "../schema/explain.ts";
import { isToolKind } from "../schema/kustomization.schema.ts";
import type { SourceFile } from "./list-files.ts";
import { isSuspect } from "./suspect-objects.ts";
import type { Finding, ObjectFault, ObjectRule, Settings } from "./rule.ts";

/** What a file of manifests has in it. */
export interface JudgedFile {
  manifests: Manifest[];
  findings: Finding[];
}

export interface ManifestJudge {
  /** Whether an object keeps to its schema and, with `withRules`, to the rules for objects. */
  isSurelyRight(manifest: Manifest, withRules: boolean): boolean | Promise<boolean>;
  /** What of an object is not as its schema says; `locate` takes paths within the object. */
  explain(manifest: Manifest, locate: Locate): Promise<InfraError[]>;
  /** What the rules for objects find. */
  findFaults(manifest: Manifest): Promise<[ObjectRule, ObjectFault][]>;
}

/** How the objects of a file are judged. */
export interface JudgingWay {
  withRules: boolean;
  /** Whether kustomize changes them before they are applied, and was not run. */
  isPart: boolean;
}

/** The rules that look closely, for the objects that are suspect. */
export type LoadCloseRules = () => Promise<readonly ObjectRule[]>;

/** Judges objects one at a time: their schema and the rules for objects. */
export function createManifestJudge(
  rules: readonly ObjectRule[],
  catalog: Catalog,
  settings: Settings,
  loadClose?: LoadCloseRules,
): ManifestJudge {
  const byKind = new Map<string, readonly ObjectRule[]>();

  function listRules(kind: string): readonly ObjectRule[] {
    const found = byKind.get(kind);
    if (found !== undefined) return found;
    const those = rules.filter(({ kinds }) => kinds === undefined || kinds.includes(kind));
    byKind.set(kind, those);
    return those;
  }

  let closeRules: readonly ObjectRule[] | undefined;

  async function findClosely(
    manifest: Manifest,
    kind: string,
  ): Promise<[ObjectRule, ObjectFault][]> {
    closeRules ??= (await loadClose?.()) ?? [];
    const those = closeRules.filter(({ kinds }) => kinds === undefined || kinds.includes(kind));
    return findBy(those, manifest);
  }

  function findBy(those: readonly ObjectRule[], manifest: Manifest): [ObjectRule, ObjectFault][] {
    return those.flatMap((rule) =>
      rule.find(manifest, settings).map((fault): [ObjectRule, ObjectFault] => [rule, fault]),
    );
  }

  return {
    isSurelyRight(manifest, withRules) {
      if (!isNamed(manifest)) return false;
      if (!isUnknownToAll(manifest) && !catalog.isSurelyValid(inClear(manifest))) return false;
      if (!withRules) return true;
      const kind = describeKind(manifest);
      for (const rule of listRules(kind)) {
        if (rule.find(manifest, settings).length > 0) return false;
      }
      if (!isSuspect(manifest, kind)) return true;
      return findClosely(manifest, kind).then((found) => found.length === 0);
    },
    async explain(manifest, locate) {
      return isUnknownToAll(manifest) ? [] : await catalog.explain(inClear(manifest), locate);
    },
    async findFaults(manifest) {
      const kind = describeKind(manifest);
      return [...findBy(listRules(kind), manifest), ...(await findClosely(manifest, kind))];
    },
  };
}

/** The objects of a file in which surely nothing is wrong; undefined when one has to look closer. */
export async function judgeQuickly(
  { file, text }: SourceFile,
  judge: ManifestJudge,
  { withRules, isPart }: JudgingWay,
): Promise<Manifest[] | undefined> {
  const documents = readPlain(text);
  if (documents === undefined) return undefined;
  const manifests = listManifests(file, documents);
  if (isPart) markParts(manifests);
  if (manifests.length < documents.length) return undefined;
  for (const manifest of manifests) {
    const isRight = judge.isSurelyRight(manifest, withRules);
    if (isRight !== true && !(await isRight)) return undefined;
  }
  return manifests;
}

/** Marks objects as such that kustomize changes, and was not run. */
export function markParts(manifests: readonly Manifest[]): void {
  for (const manifest of manifests) manifest.isPart = true;
}

/** Whether an object says its name, as all have to that the cluster keeps. */
export function isNamed(manifest: Manifest): boolean {
  if (manifest.name !== "" || isForKustomize(manifest)) return true;
  if (/^auth(?:entication|orization)\.k8s\.io\//.test(manifest.apiVersion)) return true;
  return getText(manifest.value, "metadata", "generateName") !== undefined;
}

/** What kustomize reads and nobody has a schema of: its own transformers, and what rule `kustomization` refuses. */
function isUnknownToAll(manifest: Manifest): boolean {
  return isForKustomize(manifest) && !isToolKind(manifest);
}

/** The object as its schema knows it. */
function inClear(manifest: Manifest): Manifest {
  const value = withoutSops(manifest.value);
  return value === manifest.value ? manifest : { ...manifest, value };
}
