import { isDeepStrictEqual } from "node:util";
import { InfraError } from "../errors.ts";
import { parseRules } from "./rules.ts";

/**
 * A text of .sops.yaml in which `added` stands behind `beside` in every list; the rest stays as it is,
 * comments too. `name` is the file. Throws SECRETS_RULES_SHARED, and what parseRules throws.
 */
export async function addRecipient(
  text: string,
  name: string,
  { beside, added }: { beside: string; added: string },
): Promise<string> {
  return await changeLists(text, name, (recipients) => {
    if (recipients.includes(added)) return recipients;
    return recipients.flatMap((one) => (one === beside ? [one, added] : [one]));
  });
}

/** The same without these public keys. Throws as addRecipient. */
export async function removeRecipients(
  text: string,
  name: string,
  removed: readonly string[],
): Promise<string> {
  return await changeLists(text, name, (recipients) =>
    recipients.filter((one) => !removed.includes(one)),
  );
}

type Change = (recipients: readonly string[]) => readonly string[];

async function changeLists(text: string, name: string, change: Change): Promise<string> {
  const before = await parseRules(text, name, "");
  const expected = before.map(({ recipients }) => change(recipients));
  const there = before.map(({ recipients }) => recipients);
  // Not even spelt anew.
  if (isDeepStrictEqual(there, expected)) return text;
  const yaml = await import("yaml");
  const document = yaml.parseDocument(text, { merge: true });
  const rules = document.get("creation_rules");
  for (const rule of yaml.isSeq(rules) ? rules.items : []) {
    if (!yaml.isMap(rule)) continue;
    const groups = rule.get("key_groups");
    for (const holder of [rule, ...(yaml.isSeq(groups) ? groups.items : [])]) {
      const list = yaml.isMap(holder) ? holder.get("age", true) : undefined;
      if (yaml.isSeq(list)) {
        const items = new Map(list.items.map((item) => [String(item), item]));
        const wanted = change([...items.keys()]);
        list.items = wanted.map((one) => items.get(one) ?? document.createNode(one));
      } else if (yaml.isScalar(list)) {
        const listed = String(list.value).split(",");
        list.value = change(listed.map((one) => one.trim())).join(",");
      }
    }
  }
  const after = document.toString({ lineWidth: 0 });
  const got = (await parseRules(after, name, "")).map(({ recipients }) => recipients);
  if (isDeepStrictEqual(got, expected)) return after;
  throw new InfraError({
    code: "SECRETS_RULES_SHARED",
    message: `the lists of ${name} cannot be changed without changing more`,
    where: { file: name },
    why: "one of them stands behind an alias, or is merged in from somewhere else",
    fix: "Write each list out where it belongs, then run the same command again",
  });
}
