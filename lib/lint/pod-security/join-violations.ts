import type { DataPath } from "../../schema/explain.ts";
import type { CheckedPod, Violation } from "./pod.ts";

/** What is wrong with a pod and with each of its containers, as one violation each, at the place of its first. */
export function joinViolations(violations: readonly Violation[], pod: CheckedPod): Violation[] {
  const byHolder = new Map<DataPath, Violation[]>();
  for (const violation of dropRepeated(violations)) {
    const { at } = pod.containers.find((one) => isWithin(violation.at, one.at)) ?? pod.pod;
    const those = byHolder.get(at);
    if (those === undefined) byHolder.set(at, [violation]);
    else those.push(violation);
  }
  return [...byHolder.values()].flatMap(([first, ...others]) =>
    first === undefined ? [] : [join(first, others)],
  );
}

function join(first: Violation, others: readonly Violation[]): Violation {
  const all = [first, ...others];
  const problems = [...new Set(all.map(({ problem }) => problem))];
  const [fix, ...fixes] = new Set(all.map((one) => one.fix));
  const end = fixes.map((one) => `; ${one.charAt(0).toLowerCase()}${one.slice(1)}`).join("");
  return { ...first, problem: listWords(problems), fix: `${fix}${end}` };
}

function listWords(words: readonly string[]): string {
  const start = words.slice(0, -1).join(", ");
  return start === "" ? words.join("") : `${start} and ${words.at(-1)}`;
}

/** Both levels look at some fields; the first to forbid it tells. */
function dropRepeated(violations: readonly Violation[]): Violation[] {
  const told = new Set<string>();
  return violations.filter(({ at }) => {
    const place = at.join("/");
    if (told.has(place)) return false;
    told.add(place);
    return true;
  });
}

function isWithin(path: DataPath, outer: DataPath): boolean {
  return outer.every((key, index) => path[index] === key);
}
