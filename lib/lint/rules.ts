import type { Rule } from "./rule.ts";
import { alias } from "./rules/alias.ts";
import { duplicateKey } from "./rules/duplicate-key.ts";
import { duplicateObject } from "./rules/duplicate-object.ts";
import { imageUnpinned } from "./rules/image-unpinned.ts";
import { kustomization } from "./rules/kustomization.ts";
import { namespaceMissing } from "./rules/namespace-missing.ts";
import { schema } from "./rules/schema.ts";
import { syntax } from "./rules/syntax.ts";
import { yaml11Scalar } from "./rules/yaml11-scalar.ts";

/** Every rule, in the order of its page. */
export const rules: readonly Rule[] = [
  syntax,
  duplicateKey,
  alias,
  yaml11Scalar,
  schema,
  kustomization,
  duplicateObject,
  namespaceMissing,
  imageUnpinned,
];
