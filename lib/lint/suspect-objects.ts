import { type Fields, getFields, isFields, type Manifest } from "../manifests/manifest.ts";
import { isDnsLabel, isLabelKey, isLabelValue, isPortName } from "../manifests/names.ts";
import { findPodTemplate, type PodTemplate } from "../manifests/pods.ts";

/**
 * Whether the rules that look closely may find something in an object. Their modules take longer to
 * load than a hundred objects to judge, so they are loaded for the first object that has more than
 * what is plainly right here. A yes costs time only; a no has to be right.
 */
export function isSuspect(manifest: Manifest, kind: string): boolean {
  const { value, name, isPart } = manifest;
  if (isPart) return false;
  // The shortest name that any kind takes is that of a CronJob.
  if (name.length > 52 || (name !== "" && !isDnsLabel(name))) return true;
  if (!isPlainMetadata(value["metadata"])) return true;
  switch (kind) {
    case "ConfigMap":
    case "Secret":
      return !hasPlainKeys(value["data"]) || "binaryData" in value || "stringData" in value;
    case "Service":
      return /^\d/.test(name) || !isPlainService(getFields(value, "spec"));
    case "PersistentVolumeClaim":
    case "apps/StatefulSet":
      return true;
  }
  const pod = findPodTemplate(manifest);
  return pod !== undefined && !isPlainWorkload(kind, value["spec"], pod);
}

function isPlainMetadata(metadata: unknown): boolean {
  if (metadata === undefined) return true;
  if (!isFields(metadata)) return false;
  const { labels, annotations } = metadata;
  return isPlainMap(labels, true) && isPlainMap(annotations, false);
}

function isPlainMap(map: unknown, isOfLabels: boolean): boolean {
  if (map === undefined) return true;
  if (!isFields(map)) return false;
  for (const key in map) {
    const value = map[key];
    if (typeof value !== "string" || !isPlainKey(key)) return false;
    if (isOfLabels && !isLabelValue(value)) return false;
  }
  return true;
}

/** Remembers what was right: many objects have the same keys, names and amounts. */
function remember(isRight: (text: string) => boolean): (text: unknown) => boolean {
  const known = new Set<unknown>();
  return (text) => {
    if (known.has(text)) return true;
    if (typeof text !== "string" || !isRight(text)) return false;
    known.add(text);
    return true;
  };
}

const isPlainKey = remember(isLabelKey);
const isPlainPartName = remember(isDnsLabel);
const isPlainPortName = remember(isPortName);
const isPlainSchedule = remember((text) => /^[1-5]?\d 1?\d \* \* \*$/.test(text));
const isPlainQuantity = remember((text) => /^\d+(?:m|Mi|Gi)$/.test(text));

function hasPlainKeys(data: unknown): boolean {
  for (const key in isFields(data) ? data : {}) {
    if (!/^[A-Za-z0-9][-\w.]{0,100}$/.test(key)) return false;
  }
  return true;
}

const plainService = new Set(["type", "ports", "selector"]);

/** One port, and nothing that has to fit to something else. */
function isPlainService(spec: Fields): boolean {
  for (const key in spec) if (!plainService.has(key)) return false;
  const { type, ports } = spec;
  if (type !== undefined && type !== "ClusterIP") return false;
  if (!Array.isArray(ports) || ports.length !== 1) return false;
  for (const key in ports[0]) {
    const value = (ports[0] as Fields)[key];
    const isRight =
      (key === "name" && isPlainPortName(value)) ||
      (key === "targetPort" && (isPlainPortName(value) || isPlainPort(value))) ||
      (key === "port" && isPlainPort(value)) ||
      (key === "protocol" && value === "TCP");
    if (!isRight) return false;
  }
  return true;
}

function isPlainPort(port: unknown): boolean {
  return typeof port === "number" && port > 0 && port < 65_536;
}

const restartPolicies: Readonly<Record<string, string>> = {
  "batch/Job": "OnFailure",
  "batch/CronJob": "OnFailure",
};

const plainSpec = new Set(["replicas", "template", "jobTemplate", "suspend", "backoffLimit"]);
const plainPod = new Set([
  "containers",
  "securityContext",
  "restartPolicy",
  "serviceAccountName",
  "automountServiceAccountToken",
]);

function isPlainWorkload(kind: string, spec: unknown, pod: PodTemplate): boolean {
  if (!isFields(spec)) return false;
  const { labels, annotations, spec: fields } = pod;
  if (!isPlainMap(labels, true) || !isPlainMap(annotations, false)) return false;
  if (fields["restartPolicy"] !== restartPolicies[kind]) return false;
  for (const key in spec) {
    if (kind === "Pod") break;
    const isRight =
      plainSpec.has(key) ||
      (key === "schedule" && isPlainSchedule(spec[key])) ||
      (key === "selector" && kind.startsWith("apps/") && selects(spec[key], labels));
    if (!isRight) return false;
  }
  for (const key in fields) if (!plainPod.has(key)) return false;
  const { containers } = fields;
  return Array.isArray(containers) && containers.length === 1 && isPlainContainer(containers[0]);
}

function selects(selector: unknown, labels: Fields): boolean {
  if (!isFields(selector)) return false;
  const { matchLabels } = selector;
  if (!isFields(matchLabels) || "matchExpressions" in selector) return false;
  let count = 0;
  for (const key in matchLabels) {
    if (matchLabels[key] !== labels[key]) return false;
    count += 1;
  }
  return count > 0;
}

/** In lower case, with a tag, and without a digest. */
const plainImage =
  /^[a-z0-9]+(?:[.-][a-z0-9]+)*(?:\/[a-z0-9]+(?:[._-][a-z0-9]+)*)*:[a-z0-9][\w.-]{0,99}$/;

function isPlainContainer(container: unknown): boolean {
  if (!isFields(container)) return false;
  const { name, image } = container;
  if (!isPlainPartName(name)) return false;
  if (typeof image !== "string" || !plainImage.test(image)) return false;
  for (const key in container) {
    switch (key) {
      case "name":
      case "image":
      case "command":
      case "args":
      case "env":
      case "securityContext":
        break;
      case "ports":
        if (!hasPlainPort(container[key])) return false;
        break;
      case "resources":
        if (!hasPlainResources(container[key])) return false;
        break;
      case "livenessProbe":
      case "readinessProbe":
        if (!isPlainProbe(container[key], container["ports"])) return false;
        break;
      default:
        return false;
    }
  }
  return true;
}

function hasPlainPort(ports: unknown): boolean {
  if (!Array.isArray(ports) || ports.length !== 1) return false;
  for (const key in ports[0]) {
    const value = (ports[0] as Fields)[key];
    const isRight =
      key === "name" ? isPlainPortName(value) : key === "containerPort" && isPlainPort(value);
    if (!isRight) return false;
  }
  return true;
}

/** Amounts in the units that most write, and no request above its limit. */
function hasPlainResources(resources: unknown): boolean {
  if (!isFields(resources)) return false;
  const { requests, limits } = resources;
  return isPlainAmount(requests, undefined) && isPlainAmount(limits, requests);
}

function isPlainAmount(amounts: unknown, requests: unknown): boolean {
  if (amounts === undefined) return true;
  if (!isFields(amounts)) return false;
  for (const key in amounts) {
    if (key !== "cpu" && key !== "memory") return false;
    const amount = amounts[key];
    if (!isPlainQuantity(amount)) return false;
    const request = isFields(requests) ? requests[key] : undefined;
    if (request !== undefined && !isAtMost(request, amount)) return false;
  }
  return true;
}

/** Of two plain quantities, whether they are in the same unit, and the first is no more. */
function isAtMost(request: unknown, limit: unknown): boolean {
  if (typeof request !== "string" || typeof limit !== "string") return false;
  if (request.at(-1) !== limit.at(-1)) return false;
  if (limit.endsWith("i") && request.at(-2) !== limit.at(-2)) return false;
  return Number.parseInt(request, 10) <= Number.parseInt(limit, 10);
}

function isPlainProbe(probe: unknown, ports: unknown): boolean {
  if (!isFields(probe)) return false;
  const { httpGet } = probe;
  if (!isFields(httpGet) || "exec" in probe || "tcpSocket" in probe || "grpc" in probe)
    return false;
  for (const key in httpGet) {
    const value = httpGet[key];
    if (key === "path" || (key === "port" && isPlainPort(value))) continue;
    const own = Array.isArray(ports) ? (ports[0] as Fields | undefined)?.["name"] : undefined;
    if (key !== "port" || value !== own || value === undefined) return false;
  }
  return true;
}
