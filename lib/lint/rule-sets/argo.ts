import type { RepositoryRule } from "../rule.ts";
import { argoDestination } from "../rules/argo-destination.ts";
import { argoPath } from "../rules/argo-path.ts";
import { argoProject } from "../rules/argo-project.ts";
import { ingressSingle } from "../rules/ingress-single.ts";
import { kustomization } from "../rules/kustomization.ts";
import { sealedSecretsKey } from "../rules/sealed-secrets-key.ts";
import { syncWave } from "../rules/sync-wave.ts";
import { veleroLabelTrap } from "../rules/velero-label-trap.ts";

/** About what Argo CD applies, and what kustomize puts together for it. */
export const argoRules: RepositoryRule[] = [
  argoDestination,
  argoPath,
  argoProject,
  ingressSingle,
  kustomization,
  sealedSecretsKey,
  syncWave,
  veleroLabelTrap,
];
