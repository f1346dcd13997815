import { isKustomizationFile } from "../manifests/manifest.ts";
import { hasSuspectNames } from "./suspect-names.ts";
import { hasSuspectPods } from "./suspect-pods.ts";
import { hasSuspectReferences } from "./suspect-references.ts";
import type { ObjectRule, Repository, RepositoryRule, TextRule } from "./rule.ts";
import { groupVarsShadow } from "./rules/group-vars-shadow.ts";
import { hostnamePin } from "./rules/hostname-pin.ts";
import { imageUnpinned } from "./rules/image-unpinned.ts";
import { knownBadVersion } from "./rules/known-bad-version.ts";
import { plainSecret } from "./rules/plain-secret.ts";
import { secretText } from "./rules/secret-text.ts";

/** The rules that any folder of manifests may break. */
export const commonRules: readonly (TextRule | ObjectRule | RepositoryRule)[] = [
  groupVarsShadow,
  hostnamePin,
  imageUnpinned,
  knownBadVersion,
  plainSecret,
  secretText,
];

/** Rules that need objects or files of a certain kind to find anything: they are loaded for those. */
interface RuleSet {
  /** The kinds of which one has to be there, as describeKind writes them. */
  kinds?: RegExp;
  files?: (file: string) => boolean;
  /** Names of which one has to be there. */
  names?: RegExp;
  /** Whether they may find something in what is there. */
  suspects?: (repository: Repository) => boolean;
  load: () => Promise<RepositoryRule[]>;
}

const sets: readonly RuleSet[] = [
  {
    kinds: /^(?:argoproj\.io|helm\.cattle\.io|kustomize\.config\.k8s\.io|apiextensions\.k8s\.io)\//,
    files: isKustomizationFile,
    names: /^argocd-cm$/,
    load: async () => (await import("./rule-sets/argo.ts")).argoRules,
  },
  {
    kinds: /^velero\.io\//,
    load: async () => (await import("./rule-sets/velero.ts")).veleroRules,
  },
  {
    kinds: /^(?:PersistentVolumeClaim|PersistentVolume|apps\/StatefulSet|storage\.k8s\.io\/.*)$/,
    load: async () => (await import("./rule-sets/claims.ts")).claimRules,
  },
  {
    suspects: hasSuspectNames,
    load: async () => (await import("./rule-sets/names.ts")).nameRules,
  },
  {
    suspects: hasSuspectPods,
    load: async () => [(await import("./rules/pod-security.ts")).podSecurity],
  },
  {
    suspects: hasSuspectReferences,
    load: async () => [(await import("./rules/dangling-reference.ts")).danglingReference],
  },
  {
    files: (file) => file.startsWith("config/dns/"),
    load: async () => [(await import("./rules/dns-owner.ts")).dnsOwner],
  },
];

/** The rules beside the common ones that a repository may break; `kinds` are those of its objects. */
export async function loadRules(
  repository: Repository,
  kinds: ReadonlySet<string>,
): Promise<RepositoryRule[]> {
  const needed = sets.filter((set) => isNeeded(set, repository, kinds));
  return (await Promise.all(needed.map(({ load }) => load()))).flat();
}

/** The rules for the objects that are suspect. */
export async function loadCloseRules(): Promise<readonly ObjectRule[]> {
  return (await import("./rule-sets/close.ts")).closeRules;
}

/** All rules of all sets. */
export async function loadAllRules(): Promise<(ObjectRule | RepositoryRule)[]> {
  const loaded = await Promise.all([loadCloseRules(), ...sets.map(({ load }) => load())]);
  return loaded.flat();
}

function isNeeded(set: RuleSet, repository: Repository, allKinds: ReadonlySet<string>): boolean {
  const { written, files } = repository;
  const { kinds, files: isFile, names, suspects } = set;
  if (suspects?.(repository) === true) return true;
  if (kinds !== undefined && [...allKinds].some((kind) => kinds.test(kind))) return true;
  if (isFile !== undefined && [...files].some(isFile)) return true;
  if (names === undefined) return false;
  // A wave or an option of Argo CD's sync may stand on any object.
  return written.some(({ name, sync }) => sync !== undefined || names.test(name));
}
