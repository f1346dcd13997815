import { type Fields, getText, isFields } from "../manifests/manifest.ts";
import { findPodTemplate, type PodTemplate } from "../manifests/pods.ts";
import type { Repository } from "./rule.ts";

const level = /^(?:restricted|baseline|privileged)$/;

/**
 * Whether rule pod-security may find something: a namespace without a level, or a pod that has more
 * than what every level takes. A yes costs time only; a no has to be right.
 */
export function hasSuspectPods({ manifests }: Repository): boolean {
  for (const manifest of manifests) {
    if (manifest.kind === "Namespace") {
      const label = "pod-security.kubernetes.io/enforce";
      if (!level.test(getText(manifest.value, "metadata", "labels", label) ?? "")) return true;
    }
    const pod = findPodTemplate(manifest);
    if (pod !== undefined && !isRestricted(pod)) return true;
  }
  return false;
}

const plainPod = new Set([
  "affinity",
  "automountServiceAccountToken",
  "containers",
  "initContainers",
  "nodeSelector",
  "restartPolicy",
  "securityContext",
  "serviceAccountName",
  "terminationGracePeriodSeconds",
  "tolerations",
]);

/** Whether the level `restricted` surely takes a pod. */
export function isRestricted({ spec, annotations }: PodTemplate): boolean {
  for (const key in annotations) if (key.startsWith("container.")) return false;
  for (const key in spec) if (!plainPod.has(key)) return false;
  const context = spec["securityContext"];
  if (context !== undefined && !isPlainContext(context)) return false;
  for (const list of [spec["containers"], spec["initContainers"]]) {
    if (list === undefined) continue;
    if (!Array.isArray(list)) return false;
    for (const one of list) if (!isPlainContainer(one, context)) return false;
  }
  return true;
}

const plainContainer = new Set([
  "args",
  "command",
  "env",
  "envFrom",
  "image",
  "imagePullPolicy",
  "name",
  "resources",
  "volumeMounts",
]);

function isPlainContainer(container: unknown, ofPod: Fields | undefined): boolean {
  if (!isFields(container)) return false;
  for (const key in container) {
    const value = container[key];
    if (plainContainer.has(key)) continue;
    const isPlain =
      key === "securityContext" ||
      (key === "ports" && areOwnPorts(value)) ||
      (key.endsWith("Probe") && asksItself(value));
    if (!isPlain) return false;
  }
  const context = container["securityContext"];
  if (!isPlainContext(context) || context["allowPrivilegeEscalation"] !== false) return false;
  const { capabilities } = context;
  if (!isFields(capabilities) || "add" in capabilities) return false;
  const { drop } = capabilities;
  if (!Array.isArray(drop) || !drop.includes("ALL")) return false;
  return (
    (context["runAsNonRoot"] ?? ofPod?.["runAsNonRoot"]) === true &&
    (context["seccompProfile"] ?? ofPod?.["seccompProfile"]) !== undefined
  );
}

/** A security context of which every part is as `restricted` wants it. */
function isPlainContext(context: unknown): context is Fields {
  if (!isFields(context)) return false;
  for (const key in context) {
    const value = context[key];
    switch (key) {
      case "allowPrivilegeEscalation":
      case "capabilities":
      case "fsGroup":
      case "fsGroupChangePolicy":
      case "readOnlyRootFilesystem":
      case "runAsGroup":
        break;
      case "runAsNonRoot":
        if (value !== true) return false;
        break;
      case "runAsUser":
        if (value === 0) return false;
        break;
      case "seccompProfile":
        if (!isFields(value) || value["type"] !== "RuntimeDefault") return false;
        break;
      default:
        return false;
    }
  }
  return true;
}

function areOwnPorts(ports: unknown): boolean {
  if (!Array.isArray(ports)) return false;
  for (const port of ports) if (!isFields(port) || "hostPort" in port) return false;
  return true;
}

function asksItself(probe: unknown): boolean {
  if (!isFields(probe)) return false;
  const { httpGet, tcpSocket } = probe;
  return !(isFields(httpGet) && "host" in httpGet) && !(isFields(tcpSocket) && "host" in tcpSocket);
}
