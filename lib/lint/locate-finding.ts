import type { Place } from "../errors.ts";
import type { YamlSource } from "../config/parse-yaml.ts";
import type { Manifest } from "../manifests/manifest.ts";
import { hideUserInfo } from "../manifests/urls.ts";
import type { Fault, Finding, ObjectFault, Rule, TextFault } from "./rule.ts";

/** Of one rule in one file, more are not told: they help nobody, and each costs time. */
export const mostOfRule = 100;

/** A fault of an object with its place, given the documents of the object's file. */
export function locateObjectFault(
  rule: Rule,
  manifest: Pick<Manifest, "file" | "document" | "at">,
  fault: ObjectFault,
  documents: readonly YamlSource[],
): Finding {
  const { at, part = "key", ...rest } = fault;
  const where = documents[manifest.document]?.locate([...manifest.at, ...at], part);
  return toFinding(rule, rest, where ?? { file: manifest.file });
}

/** A fault of a text with its place. */
export function locateTextFault(rule: Rule, file: string, text: string, fault: TextFault): Finding {
  const { offset, ...rest } = fault;
  const starts = listLineStarts(text);
  const line = starts.findLastIndex((start) => start <= offset) + 1;
  return toFinding(rule, rest, { file, line, column: offset - (starts[line - 1] ?? 0) + 1 });
}

let known: { text: string; starts: readonly number[] } = { text: "", starts: [0] };

/** The offsets at which the lines of a text begin; faults come text by text. */
function listLineStarts(text: string): readonly number[] {
  if (known.text !== text) {
    const starts = [0];
    for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1))
      starts.push(at + 1);
    known = { text, starts };
  }
  return known.starts;
}

/** The fault as it is told: with the URLs in it, and without the credentials in front of their hosts. */
export function toFinding(rule: Pick<Rule, "id" | "codes">, fault: Fault, where: Place): Finding {
  const { code = rule.codes[0], message, why, fix } = fault;
  return {
    rule: rule.id,
    code,
    message: hideUserInfo(message),
    where,
    ...(why === undefined ? {} : { why: hideUserInfo(why) }),
    fix: hideUserInfo(fix),
  };
}
