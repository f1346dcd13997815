import path from "node:path";
import { parseYaml } from "../config/parse-yaml.ts";
import { showPath } from "../config/paths.ts";
import { InfraError, type Place } from "../errors.ts";
import { readIfThere } from "./files.ts";

/** A rule of .sops.yaml, as far as we look at it. */
export interface SopsRule {
  recipients: string[];
  encryptedRegex: string | undefined;
  macOnlyEncrypted: boolean;
  matches(file: string): boolean;
  place: Place;
}

/** Every *.sops.yaml, but not .sops.yaml itself. */
export const pathRegex = ".\\.sops\\.ya?ml$";

/** What our rules encrypt of a Secret; the rest of it stays readable in reviews. */
export const encryptedRegex = "^(data|stringData)$";

/** .sops.yaml of the site; its folder is what the paths in it are read from. */
export function findRulesFile(site: { folder: string }): string {
  return path.join(site.folder, ".sops.yaml");
}

/** The rules of .sops.yaml in order; undefined without the file. Throws SECRETS_RULES_INVALID. */
export async function loadRules(site: { folder: string }): Promise<SopsRule[] | undefined> {
  const file = findRulesFile(site);
  const text = await readIfThere(file);
  if (text === undefined) return undefined;
  return await parseRules(text, showPath(file), site.folder);
}

/**
 * The rules of a text of .sops.yaml, in order; `folder` is where the paths that they match begin.
 * Throws SECRETS_RULES_INVALID and what parseYaml throws.
 */
export async function parseRules(text: string, name: string, folder: string): Promise<SopsRule[]> {
  const { value, locate } = await parseYaml(text, name);
  const rules = (value as { creation_rules?: unknown } | null)?.creation_rules;
  if (!Array.isArray(rules) || rules.length === 0) {
    throw invalid(locate(["creation_rules"], "key"), "it has no list creation_rules");
  }
  return rules.map((rule: unknown, index) =>
    parseRule(rule, folder, locate(["creation_rules", String(index)], "value")),
  );
}

/** The first rule for a file, as sops picks it. Throws SECRETS_RULE_MISSING. */
export function getRule(rules: readonly SopsRule[], site: { folder: string }, file: string) {
  const found = rules.find((rule) => rule.matches(file));
  if (found !== undefined) return found;
  const name = showPath(findRulesFile(site));
  throw ruleMissing(name, showPath(file), { file: name });
}

/** That no rule of the file of rules `name` covers a file. */
export function ruleMissing(name: string, file: string, where: Place): InfraError {
  return new InfraError({
    code: "SECRETS_RULE_MISSING",
    message: `no rule of ${name} covers ${file}`,
    where,
    why: "sops takes the first rule whose path_regex matches, and there is none",
    fix: `Add a rule to creation_rules: path_regex: ${pathRegex}, encrypted_regex: ${encryptedRegex}, mac_only_encrypted: true, age: the list of public keys`,
  });
}

/**
 * Checks that a rule is one that keeps a Secret safe and readable. `own` are the operator's public
 * keys. Throws SECRETS_RULE_UNFIT with everything that is wrong.
 */
export function checkRule(rule: SopsRule, own: readonly string[]): void {
  const faults = [
    ...listRuleFaults(rule),
    ...(rule.recipients.some((recipient) => own.includes(recipient))
      ? []
      : ["none of its recipients is your age key: you could not read what you encrypt"]),
  ];
  if (faults.length > 0) throw ruleUnfit(rule, faults);
}

/** What keeps a rule from being one for Secrets, whoever has the keys. */
export function listRuleFaults(rule: SopsRule): string[] {
  return [
    ...(new Set(rule.recipients).size >= 2
      ? []
      : ["it has fewer than two age recipients: with one lost key all is lost"]),
    ...(rule.macOnlyEncrypted
      ? []
      : ["mac_only_encrypted is not true: every edit of a comment would break the file"]),
    ...(rule.encryptedRegex !== undefined && encryptsSecrets(rule.encryptedRegex)
      ? []
      : [`encrypted_regex is not one that takes data and stringData, such as ${encryptedRegex}`]),
  ];
}

/** That a rule has these faults. */
export function ruleUnfit(rule: SopsRule, faults: readonly string[]): InfraError {
  return new InfraError({
    code: "SECRETS_RULE_UNFIT",
    message: "this rule is not fit for Secrets",
    where: rule.place,
    why: faults.join("\n"),
    fix: "Correct the rule, then run sops updatekeys on every file that it covers",
  });
}

function encryptsSecrets(regex: string): boolean {
  const compiled = compile(regex);
  return compiled !== undefined && compiled.test("data") && compiled.test("stringData");
}

function parseRule(rule: unknown, folder: string, place: Place): SopsRule {
  if (typeof rule !== "object" || rule === null) throw invalid(place, "a rule has to be a map");
  const settings = rule as Record<string, unknown>;
  const regex = compile(settings["path_regex"] ?? "");
  if (regex === undefined) throw invalid(place, "its path_regex is not a regular expression");
  const encrypted = settings["encrypted_regex"];
  return {
    recipients: listRecipients(settings),
    encryptedRegex: typeof encrypted === "string" ? encrypted : undefined,
    macOnlyEncrypted: settings["mac_only_encrypted"] === true,
    // As sops does (config/config.go): against the path below the folder of .sops.yaml.
    matches: (file) => regex.test(path.relative(folder, file)),
    place,
  };
}

/** A list, a text with commas, or the groups of keys. */
function listRecipients(settings: Record<string, unknown>): string[] {
  const groups = settings["key_groups"];
  const inGroups = Array.isArray(groups)
    ? groups.map((group) => (group as { age?: unknown } | null)?.age)
    : [];
  return [settings["age"], ...inGroups].flatMap((age) => {
    const texts = typeof age === "string" ? age.split(",") : Array.isArray(age) ? age : [];
    return texts.map((text) => String(text).trim()).filter((text) => text !== "");
  });
}

function compile(regex: unknown): RegExp | undefined {
  try {
    return typeof regex === "string" ? new RegExp(regex) : undefined;
  } catch {
    return undefined;
  }
}

function invalid(where: Place, why: string): InfraError {
  return new InfraError({
    code: "SECRETS_RULES_INVALID",
    message: "this is not a file of rules for sops",
    where,
    why,
    fix: "Correct it, or remove it and run scripts/setup/init-secrets.ts, which writes one",
  });
}
