import { getFields, isFields } from "../manifests/manifest.ts";
import { findPodTemplate } from "../manifests/pods.ts";
import type { Repository } from "./rule.ts";

/**
 * Whether rule dangling-reference may find something: a pod names a claim, or a Service that names a
 * port seems to select a pod. A yes costs time only; a no has to be right.
 */
export function hasSuspectReferences({ manifests }: Repository): boolean {
  const selected = new Set<unknown>();
  for (const { kind, apiVersion, value } of manifests) {
    if (kind !== "Service" || apiVersion !== "v1") continue;
    const { selector, ports } = getFields(value, "spec");
    if (!isFields(selector) || !Array.isArray(ports)) continue;
    if (!ports.some((port) => isFields(port) && typeof port["targetPort"] === "string")) continue;
    for (const key in selector) {
      selected.add(selector[key]);
      break;
    }
  }
  for (const manifest of manifests) {
    const pod = findPodTemplate(manifest);
    if (pod === undefined) continue;
    const { volumes } = pod.spec;
    if (Array.isArray(volumes) && volumes.some(namesClaim)) return true;
    for (const key in pod.labels) if (selected.has(pod.labels[key])) return true;
  }
  return false;
}

function namesClaim(volume: unknown): boolean {
  return isFields(volume) && isFields(volume["persistentVolumeClaim"]);
}
