import type { Rule } from "./rule.ts";
import { alias } from "./rules/alias.ts";
import { duplicateKey } from "./rules/duplicate-key.ts";
import { imageUnpinned } from "./rules/image-unpinned.ts";
import { plainSecret } from "./rules/plain-secret.ts";
import { secretText } from "./rules/secret-text.ts";
import { sops } from "./rules/sops.ts";
import { syntax } from "./rules/syntax.ts";
import { yaml11Scalar } from "./rules/yaml11-scalar.ts";

/** Every rule, in the order of its page. */
export const rules: readonly Rule[] = [
  syntax,
  duplicateKey,
  alias,
  yaml11Scalar,
  imageUnpinned,
  plainSecret,
  sops,
  secretText,
];
