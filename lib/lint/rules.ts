import type { Rule } from "./rule.ts";
import { argoDestination } from "./rules/argo-destination.ts";
import { argoPath } from "./rules/argo-path.ts";
import { argoProject } from "./rules/argo-project.ts";
import { duplicateObject } from "./rules/duplicate-object.ts";
import { groupVarsShadow } from "./rules/group-vars-shadow.ts";
import { hostnamePin } from "./rules/hostname-pin.ts";
import { imageUnpinned } from "./rules/image-unpinned.ts";
import { kustomization } from "./rules/kustomization.ts";
import { namespaceMissing } from "./rules/namespace-missing.ts";
import { podSecurity } from "./rules/pod-security.ts";
import { syncWave } from "./rules/sync-wave.ts";

/** Every rule, in the order of its page. */
export const rules: readonly Rule[] = [
  imageUnpinned,
  kustomization,
  duplicateObject,
  namespaceMissing,
  podSecurity,
  hostnamePin,
  argoPath,
  argoProject,
  argoDestination,
  syncWave,
  groupVarsShadow,
];
