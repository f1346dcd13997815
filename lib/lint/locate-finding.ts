import type { Place } from "../errors.ts";
import type { YamlSource } from "../config/parse-yaml.ts";
import type { Manifest } from "../manifests/manifest.ts";
import { hideUserInfo } from "../manifests/urls.ts";
import type { Fault, Finding, ObjectFault, Rule, TextFault } from "./rule.ts";

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
  const before = text.slice(0, offset);
  const line = before.split("\n").length;
  return toFinding(rule, rest, { file, line, column: offset - before.lastIndexOf("\n") });
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
