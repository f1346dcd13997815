import { getFolder, kustomizationKinds } from "../../manifests/kustomization.ts";
import { isKustomizationFile, type Manifest } from "../../manifests/manifest.ts";
import { findMissingSecrets, findPathFaults } from "../kustomization/find-path-faults.ts";
import { findUnlistedFiles } from "../kustomization/find-unlisted-files.ts";
import { getKustomizeTree } from "../kustomize-tree.ts";
import type { RepositoryFault, RepositoryRule } from "../rule.ts";

const versions: Readonly<Record<string, string>> = {
  Kustomization: "kustomize.config.k8s.io/v1beta1",
  Component: "kustomize.config.k8s.io/v1alpha1",
};

/** As kustomize 5 warns of them, with what took their place. */
const deprecated: Readonly<Record<string, string>> = {
  bases: "resources",
  commonLabels: "labels",
  imageTags: "images",
  patchesJson6902: "patches",
  patchesStrategicMerge: "patches",
  vars: "replacements",
  helmChartInflationGenerator: "helmCharts",
};

export const kustomization: RepositoryRule = {
  id: "kustomization",
  codes: [
    "KUSTOMIZATION_PATH_MISSING",
    "KUSTOMIZATION_PATH_OUTSIDE",
    "KUSTOMIZATION_PATH_TWICE",
    "KUSTOMIZATION_FILE_UNLISTED",
    "KUSTOMIZATION_TWICE",
    "KUSTOMIZATION_KIND",
    "KUSTOMIZATION_CYCLE",
    "KUSTOMIZATION_FIELD_DEPRECATED",
  ],
  scope: "repository",
  summary: "a kustomization lists every file of its folder, and each file that it lists is there",
  why: "One wrong path, and kustomize builds nothing of the whole folder; a file that is listed nowhere is never applied, and nothing says so. Fields that are deprecated go with the next apiVersion: https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/.",
  example: { bad: "bases:\n  - ../../base", good: "resources:\n  - ../../base" },
  kinds: kustomizationKinds,
  find(repository) {
    const tree = getKustomizeTree(repository);
    const files = repository.written.filter(({ file }) => isKustomizationFile(file));
    return [
      ...findSecondFiles(files),
      ...files.flatMap((manifest) => findKindFaults(manifest) ?? findDeprecated(manifest)),
      ...[...tree.kustomizations.values()].flatMap((one) => findPathFaults(one, tree, repository)),
      ...repository.written.flatMap((one) => findMissingSecrets(one, repository)),
      ...findUnlistedFiles(repository, tree),
    ];
  },
};

function findSecondFiles(files: readonly Manifest[]): RepositoryFault[] {
  const folders = new Map<string, string>();
  return files.flatMap((manifest) => {
    const folder = getFolder(manifest.file);
    const other = folders.get(folder) ?? manifest.file;
    folders.set(folder, other);
    if (other === manifest.file) return [];
    return [
      {
        code: "KUSTOMIZATION_TWICE",
        manifest,
        at: [],
        message: `this folder has a second kustomization, ${other}`,
        why: "kustomize refuses a folder with more than one",
        fix: "Keep kustomization.yaml, with what both say",
      },
    ];
  });
}

function findKindFaults(manifest: Manifest): RepositoryFault[] | undefined {
  const { apiVersion, kind } = manifest;
  const wanted = versions[kind];
  if (wanted === apiVersion) return undefined;
  return [
    {
      code: "KUSTOMIZATION_KIND",
      manifest,
      at: [wanted === undefined ? "kind" : "apiVersion"],
      part: "value",
      message: `kustomize reads no ${kind} of ${apiVersion} from a file of this name`,
      fix:
        wanted === undefined
          ? "Write kind: Kustomization with apiVersion: kustomize.config.k8s.io/v1beta1; or give the file another name"
          : `Write apiVersion: ${wanted}`,
    },
  ];
}

function findDeprecated(manifest: Manifest): RepositoryFault[] {
  return Object.keys(manifest.value).flatMap((key) => {
    const instead = Object.hasOwn(deprecated, key) ? deprecated[key] : undefined;
    if (instead === undefined) return [];
    return [
      {
        code: "KUSTOMIZATION_FIELD_DEPRECATED",
        manifest,
        at: [key],
        message: `the field "${key}" is deprecated`,
        fix: `Write it as "${instead}"; kustomize edit fix does so`,
      },
    ];
  });
}
