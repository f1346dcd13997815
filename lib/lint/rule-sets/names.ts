import type { RepositoryRule } from "../rule.ts";
import { duplicateObject } from "../rules/duplicate-object.ts";
import { namespaceMissing } from "../rules/namespace-missing.ts";

/** The rules about who has a name, and where. */
export const nameRules: RepositoryRule[] = [duplicateObject, namespaceMissing];
