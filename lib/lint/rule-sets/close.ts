import type { ObjectRule } from "../rule.ts";
import { objectName } from "../rules/object-name.ts";
import { objectSpec } from "../rules/object-spec.ts";

/** About what the API server refuses in objects that keep to their schema. */
export const closeRules: ObjectRule[] = [objectName, objectSpec];
