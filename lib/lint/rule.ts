import type { Versions } from "../config/versions.ts";
import type { Place } from "../errors.ts";
import type { Manifest } from "../manifests/manifest.ts";
import type { DataPath } from "../schema/explain.ts";

/** What a rule finds wrong, before its place in the file is known. */
export interface Fault {
  /** UPPER_SNAKE, one of the rule's `codes`; the first of them when left out. */
  code?: string;
  /** One sentence, without the reason. */
  message: string;
  why?: string;
  /** An imperative sentence. */
  fix: string;
}

/** A fault in an object of a manifest. */
export interface ObjectFault extends Fault {
  /** From the top of the object; where the path ends early, the deepest part that is there is meant. */
  at: DataPath;
  /** What stands for it in the file: the key by default. */
  part?: "key" | "value";
}

/** A fault in an object, and the object. */
export type ManifestFault = ObjectFault & { manifest: Manifest };

/** A fault found by looking at all files: in an object, in one of our own YAML files, or anywhere. */
export type RepositoryFault =
  | ManifestFault
  | (ObjectFault & { file: string })
  | (Fault & { where: Place });

/** A fault in a text, at an offset in characters. */
export interface TextFault extends Fault {
  offset: number;
}

interface RuleBase {
  /** kebab-case; names the rule's file, its page and the folder of its fixtures. */
  id: string;
  codes: readonly [string, ...string[]];
  /** What it asks for, one sentence without a dot: "an image has a tag or a digest". */
  summary: string;
  /** What happens otherwise, in whole sentences, with the upstream source where there is one. */
  why: string;
  /** YAML that the rule refuses, and the same as it should be. */
  example: { bad: string; good: string };
}

/** Looks at one object at a time. */
export interface ObjectRule extends RuleBase {
  scope: "object";
  /** As describeKind writes them: "apps/Deployment". All kinds when left out. */
  kinds?: readonly string[];
  /** Asked only of objects that keep to their schema, as the API server does with its own checks. */
  isAfterSchema?: true;
  find(manifest: Manifest, settings: Settings): readonly ObjectFault[];
}

/** Looks at all files together. */
export interface RepositoryRule extends RuleBase {
  scope: "repository";
  /** The kinds whose whole value it reads; of the others it sees names only. */
  kinds: readonly string[];
  find(repository: Repository, settings: Settings): readonly RepositoryFault[];
}

/** Looks at the text of one file, whatever it is. */
export interface TextRule extends RuleBase {
  scope: "text";
  find(text: string, file: string, settings: Settings): readonly TextFault[];
}

/** Told by the readers and the checks of whole files; here for its page. */
export interface FileRule extends RuleBase {
  scope: "file";
}

export type Rule = ObjectRule | RepositoryRule | TextRule | FileRule;

/** What the rules judge by. */
export interface Settings {
  versions: Versions;
  /** The minor of Kubernetes that the pinned k3s serves, such as "1.36". */
  minor: string;
}

/** The judged folder as a whole. */
export interface Repository {
  /** All objects as the cluster gets them: rendered where they are rendered. */
  manifests: readonly Manifest[];
  /** All objects as they stand in the files, and what kustomize itself reads. */
  written: readonly Manifest[];
  /** Every file's path, relative, with "/" between its parts. */
  files: ReadonlySet<string>;
  /** The value of one of our own YAML files; undefined when it is not there or has mistakes. */
  read(file: string): unknown;
  /** Undefined for a kind that is not known. */
  isNamespaced(kind: Pick<Manifest, "apiVersion" | "kind">): boolean | undefined;
}

/** A fault with its place, as it is told. */
export interface Finding extends Omit<Fault, "code"> {
  rule: string;
  code: string;
  where: Place;
}
