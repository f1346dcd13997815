import { labNames } from "../dns-records.ts";
import { type Check, check, listFew } from "./check.ts";
import type { DrillFacts } from "./facts.ts";
import type { Figures } from "./figures.ts";

/** Whether the names lead to living hosts, and nowhere else. */
export function checkNames({ sourceIp }: DrillFacts, { names }: Figures): Check[] {
  const wrong = names.filter(({ killToAnswer }) => killToAnswer === undefined);
  return [
    check({
      id: "names-follow",
      title: "Every name that led to the dead host leads to living ones",
      passed: names.length === labNames.length && wrong.length === 0,
      measured: `${names.length - wrong.length} of ${names.length}${listFew(wrong.map(({ name, addresses }) => `${name} has ${addresses.join(" and ") || "no address"}`))}`,
      wanted: `${labNames.length} of ${labNames.length}, without ${sourceIp}`,
    }),
  ];
}
