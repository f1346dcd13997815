import type { Rule } from "./rule.ts";
import { alias } from "./rules/alias.ts";
import { config } from "./rules/config.ts";
import { duplicateKey } from "./rules/duplicate-key.ts";
import { duplicateObject } from "./rules/duplicate-object.ts";
import { file } from "./rules/file.ts";
import { ignoreList } from "./rules/ignore-list.ts";
import { imageUnpinned } from "./rules/image-unpinned.ts";
import { kustomizationBuilds } from "./rules/kustomization-builds.ts";
import { kustomization } from "./rules/kustomization.ts";
import { namespaceMissing } from "./rules/namespace-missing.ts";
import { schema } from "./rules/schema.ts";
import { syntax } from "./rules/syntax.ts";
import { yaml11Scalar } from "./rules/yaml11-scalar.ts";

/** Every rule, in the order of its page. */
export const rules: readonly Rule[] = [
  file,
  syntax,
  duplicateKey,
  alias,
  yaml11Scalar,
  config,
  schema,
  kustomization,
  kustomizationBuilds,
  duplicateObject,
  namespaceMissing,
  imageUnpinned,
  kustomizationBuilds,
  ignoreList,
];
