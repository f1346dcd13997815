/**
 * Milliseconds from a container's first line to the first one that holds `text`; undefined when
 * there is none. The log is as a kubelet keeps it: `<RFC 3339> <stream> <tag> <line>`
 * (https://github.com/kubernetes/design-proposals-archive/blob/main/node/kubelet-cri-logging.md).
 */
export function measureUntil(log: string, text: string): number | undefined {
  const lines = log.split("\n").filter((line) => line !== "");
  const first = readTime(lines[0]);
  const found = readTime(lines.find((line) => line.includes(text)));
  return first === undefined || found === undefined ? undefined : found - first;
}

function readTime(line: string | undefined): number | undefined {
  const [, whole, fraction] = /^(\S+?)\.(\d+)Z /.exec(line ?? "") ?? [];
  if (whole === undefined || fraction === undefined) return undefined;
  return Date.parse(`${whole}Z`) + Number(`0.${fraction}`) * 1000;
}
