import { inventory, variables } from "./judge-inventory.ts";
import type { Rule } from "./rule.ts";
import { alias } from "./rules/alias.ts";
import { argoDestination } from "./rules/argo-destination.ts";
import { argoPath } from "./rules/argo-path.ts";
import { argoProject } from "./rules/argo-project.ts";
import { config } from "./rules/config.ts";
import { danglingReference } from "./rules/dangling-reference.ts";
import { dnsOwner } from "./rules/dns-owner.ts";
import { duplicateKey } from "./rules/duplicate-key.ts";
import { duplicateObject } from "./rules/duplicate-object.ts";
import { file } from "./rules/file.ts";
import { groupVarsShadow } from "./rules/group-vars-shadow.ts";
import { hostnamePin } from "./rules/hostname-pin.ts";
import { ignoreList } from "./rules/ignore-list.ts";
import { imageUnpinned } from "./rules/image-unpinned.ts";
import { ingressSingle } from "./rules/ingress-single.ts";
import { knownBadVersion } from "./rules/known-bad-version.ts";
import { kustomizationBuilds } from "./rules/kustomization-builds.ts";
import { kustomization } from "./rules/kustomization.ts";
import { namespaceMissing } from "./rules/namespace-missing.ts";
import { plainSecret } from "./rules/plain-secret.ts";
import { podSecurity } from "./rules/pod-security.ts";
import { objectName } from "./rules/object-name.ts";
import { objectSpec } from "./rules/object-spec.ts";
import { pvcType } from "./rules/pvc-type.ts";
import { pvcWithoutBackup } from "./rules/pvc-without-backup.ts";
import { schema } from "./rules/schema.ts";
import { sealedSecretsKey } from "./rules/sealed-secrets-key.ts";
import { secretText } from "./rules/secret-text.ts";
import { server } from "./rules/server.ts";
import { sops } from "./rules/sops.ts";
import { syncWave } from "./rules/sync-wave.ts";
import { syntax } from "./rules/syntax.ts";
import { veleroLabelTrap } from "./rules/velero-label-trap.ts";
import { veleroSchedule } from "./rules/velero-schedule.ts";
import { veleroStorageLocation } from "./rules/velero-storage-location.ts";
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
  objectName,
  objectSpec,
  danglingReference,
  kustomization,
  kustomizationBuilds,
  duplicateObject,
  namespaceMissing,
  plainSecret,
  sops,
  secretText,
  imageUnpinned,
  knownBadVersion,
  podSecurity,
  hostnamePin,
  pvcWithoutBackup,
  pvcType,
  veleroSchedule,
  veleroStorageLocation,
  veleroLabelTrap,
  argoPath,
  argoProject,
  argoDestination,
  syncWave,
  dnsOwner,
  inventory,
  variables,
  groupVarsShadow,
  ingressSingle,
  sealedSecretsKey,
  server,
  ignoreList,
];
