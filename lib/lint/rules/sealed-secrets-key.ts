import { kustomizationKinds } from "../../manifests/kustomization.ts";
import { getFields, type Manifest } from "../../manifests/manifest.ts";
import { applicationKinds } from "../argo/applications.ts";
import { findInstallers } from "../argo/running-charts.ts";
import type { RepositoryFault, RepositoryRule } from "../rule.ts";

/** By which the controller finds its keys. */
const label = "sealedsecrets.bitnami.com/sealed-secrets-key";

export const sealedSecretsKey: RepositoryRule = {
  id: "sealed-secrets-key",
  codes: ["SEALED_SECRETS_KEY_MISSING"],
  scope: "repository",
  summary: "sealed-secrets is on only with a copy of its key in Git, encrypted by sops",
  why: "The controller makes its key in the cluster, and backups leave Secrets out. In a new cluster it makes another one, and no SealedSecret can be opened again. https://github.com/bitnami-labs/sealed-secrets#how-can-i-do-a-backup-of-my-sealedsecrets",
  example: {
    bad: "# kubernetes/infrastructure/sealed-secrets/ is applied, and no Secret has its key",
    good: `# key.sops.yaml\nkind: Secret\nmetadata:\n  labels:\n    ${label}: active`,
  },
  kinds: [...applicationKinds, ...kustomizationKinds, "Secret"],
  find(repository) {
    if (repository.written.some(isKey)) return [];
    const program = { chart: "sealed-secrets", place: /(?:^|\/)sealed-secrets(?:\/|$)/ };
    return findInstallers(program, repository).map(
      ({ application: { manifest } }): RepositoryFault => ({
        manifest,
        at: ["metadata", "name"],
        part: "value",
        message: `the Application "${manifest.name}" is on, and there is no copy of its key`,
        why: `no Secret in this repository has the label ${label}`,
        fix: "Save the key: kubectl get secret -n NAMESPACE -l sealedsecrets.bitnami.com/sealed-secrets-key -o yaml, encrypted with sops as key.sops.yaml; or take the Application out",
      }),
    );
  },
};

function isKey({ kind, apiVersion, value }: Manifest): boolean {
  if (kind !== "Secret" || apiVersion !== "v1") return false;
  return Object.hasOwn(getFields(value, "metadata", "labels"), label);
}
