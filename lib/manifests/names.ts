/**
 * What Kubernetes takes as a name, a label or a key (k8s.io/apimachinery v0.36.3:
 * pkg/util/validation/validation.go, pkg/api/validate/content).
 */
const part = "[a-z0-9](?:[-a-z0-9]*[a-z0-9])?";
const dnsLabel = new RegExp(`^${part}$`);
const dnsSubdomain = new RegExp(`^${part}(?:\\.${part})*$`);
const labelName = /^[A-Za-z0-9](?:[-\w.]*[A-Za-z0-9])?$/;
const dataKey = /^[-\w.]+$/;
const portName = /^(?=.*[a-z])[a-z0-9]+(?:-[a-z0-9]+)*$/;

/** RFC 1123: `web-1`. */
export function isDnsLabel(text: string): boolean {
  return text.length <= 63 && dnsLabel.test(text);
}

/** Labels of RFC 1123 with dots between them: `web-1.example.com`. */
export function isDnsSubdomain(text: string): boolean {
  return text.length <= 253 && dnsSubdomain.test(text);
}

/** Of a label or, in any case, of an annotation: `example.com/Name`. */
export function isLabelKey(text: string): boolean {
  const slash = text.indexOf("/");
  const name = text.slice(slash + 1);
  const isNamed = name.length <= 63 && labelName.test(name);
  return isNamed && (slash === -1 || isDnsSubdomain(text.slice(0, slash)));
}

export function isLabelValue(text: string): boolean {
  return text === "" || (text.length <= 63 && labelName.test(text));
}

/** Of the data of a ConfigMap or Secret. */
export function isDataKey(text: string): boolean {
  return text.length <= 253 && dataKey.test(text) && text !== "." && !text.startsWith("..");
}

/** Of a port of a container, which a probe or a Service may name. */
export function isPortName(text: string): boolean {
  return text.length <= 15 && portName.test(text);
}

export function isPortNumber(port: number): boolean {
  return port >= 1 && port <= 65_535;
}
