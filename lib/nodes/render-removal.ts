import type { RemovalPlan } from "./plan-removal.ts";

/** The plan as a person reads it before saying yes. */
export function renderRemovalPlan(
  plan: RemovalPlan,
  steps: readonly { title: string; irreversible?: true }[],
): string {
  const { cluster, host, openItems, blockers } = plan;
  const lines = [
    `Remove ${host.name} from cluster ${cluster}`,
    `  ${host.name}  ${host.ansibleUser}@${host.publicIp}, ${describeNode(plan)}`,
    "What is done, in this order:",
    ...steps.map(({ title, irreversible }) => `${irreversible === true ? "!" : " "} ${title}`),
    "  (! cannot be undone; files in emptyDir volumes of its pods are lost)",
  ];
  if (openItems.length > 0) {
    lines.push("", "Left for you afterwards:", ...openItems.map((item) => `  - ${item}`));
  }
  for (const { code, message, why, fix } of blockers) {
    lines.push("", `blocked: ${message}  [${code}]`);
    if (why !== undefined) lines.push(indent("why", why));
    if (fix !== undefined) lines.push(indent("fix", fix));
  }
  return `${lines.join("\n")}\n`;
}

function describeNode({ node, podsToMove, isHostGone, wasCordoned }: RemovalPlan): string {
  if (node === "gone") return "no node any more";
  if (node === "not-ready") return isHostGone ? "not Ready" : "not Ready: its pods are not moved";
  const cordoned = wasCordoned ? ", cordoned" : "";
  return `a Ready node${cordoned}, ${podsToMove} ${podsToMove === 1 ? "pod" : "pods"} to move`;
}

function indent(word: string, text: string): string {
  return `  ${word}  ${text.replaceAll("\n", "\n       ")}`;
}
