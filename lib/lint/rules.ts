import type { Rule } from "./rule.ts";
import { argoPath } from "./rules/argo-path.ts";
import { duplicateObject } from "./rules/duplicate-object.ts";
import { imageUnpinned } from "./rules/image-unpinned.ts";
import { kustomization } from "./rules/kustomization.ts";
import { namespaceMissing } from "./rules/namespace-missing.ts";

/** Every rule, in the order of its page. */
export const rules: readonly Rule[] = [
  imageUnpinned,
  kustomization,
  duplicateObject,
  namespaceMissing,
  argoPath,
];
