import { describeKind, getFields, getText, type Manifest } from "../../manifests/manifest.ts";
import { getKustomizeTree } from "../kustomize-tree.ts";
import type { Repository } from "../rule.ts";

const check = "resource.customizations.health.argoproj.io_Application";
/** The same in the one setting that held all checks before. */
const oldCheck = "argoproj.io/Application:";

/**
 * The argocd-cm of a repository where neither it nor a patch or a chart's values says when an
 * Application is healthy: since Argo CD 1.8 it is so at once, and ends its wave
 * (https://argo-cd.readthedocs.io/en/stable/operator-manual/health/#argocd-app).
 */
export function findSettingsWithoutHealth(repository: Repository): Manifest | undefined {
  const { manifests, written, read } = repository;
  const settings = manifests.find(
    (one) => describeKind(one) === "ConfigMap" && one.name === "argocd-cm",
  );
  if (settings === undefined || hasCheck(settings)) return undefined;
  const patches = [...getKustomizeTree(repository).patches].map(read);
  const carriers = written.filter(({ apiVersion }) => carrying.test(apiVersion));
  const texts = [...patches, ...carriers.map(({ value }) => value)].map((one) =>
    JSON.stringify(one),
  );
  return texts.some((text) => text?.includes("argoproj.io_Application")) ? undefined : settings;
}

/** Of objects that change or make others. */
const carrying = /^(?:kustomize\.config\.k8s\.io|helm\.cattle\.io|argoproj\.io)\//;

function hasCheck({ value }: Manifest): boolean {
  if (getFields(value, "data")[check] !== undefined) return true;
  return getText(value, "data", "resource.customizations")?.includes(oldCheck) === true;
}
