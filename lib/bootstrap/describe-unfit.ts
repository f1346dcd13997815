import { InfraError } from "../errors.ts";
import type { Check } from "./check.schema.ts";

/** HOSTS_UNFIT with one line for each finding, its cause and its fix; undefined without findings. */
export function describeUnfit(checks: readonly Check[]): InfraError | undefined {
  const findings = checks.filter(({ state }) => state === "finding");
  if (findings.length === 0) return undefined;
  const count = new Set(findings.map(({ about }) => about)).size;
  return new InfraError({
    code: "HOSTS_UNFIT",
    message: `${count === 1 ? "one host is" : `${count} hosts are`} not fit; nothing was changed`,
    why: findings.map((one) => `${one.about}: ${renderFinding(one)}`).join("\n"),
    fix: "Put it right as each line says, then run the same command again",
  });
}

/** A finding on one line: where, what, why and the fix. */
export function renderFinding({ says, where, why, fix }: Check): string {
  const place = [where?.file, where?.line, where?.column].filter((part) => part !== undefined);
  const parts = [place.join(":"), says + (why === undefined ? "" : ` (${why})`)];
  const text = `${parts.filter(Boolean).join(" ")}. Fix: ${fix ?? ""}`;
  return text.replace(/\s*\n\s*/g, " ");
}
