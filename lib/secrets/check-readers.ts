import path from "node:path";
import { InfraError } from "../errors.ts";
import { isForCluster } from "./cluster-files.ts";
import { readClusterKeyFile } from "./cluster-recipient.ts";
import { describeClusterRules } from "./render-rules.ts";
import { checkRule, getRule, loadRules, type SopsRule } from "./rules.ts";

/**
 * Checks that the rules keep these files safe, and readable for those who need them and nobody else.
 * `own` are the operator's public keys. Throws SECRETS_RULE_MISSING, SECRETS_RULE_UNFIT,
 * SECRETS_CLUSTER_CANNOT_READ, SECRETS_CLUSTER_CAN_READ, and what loadRules and readClusterKeyFile
 * throw.
 */
export async function checkFileRules(
  site: { folder: string },
  files: readonly string[],
  own: readonly string[],
): Promise<void> {
  const rules = (await loadRules(site)) ?? [];
  const key = await readClusterKeyFile(site);
  for (const file of files) {
    const rule = getRule(rules, site, file);
    checkRule(rule, own);
    const fault = key && findReaderFault(rule, file, { ...site, recipient: key.recipient });
    if (fault !== undefined) throw fault;
  }
}

/**
 * What is wrong with a rule that covers a file, as to the cluster: it has to read what Argo CD
 * renders, and nothing else. `folder` is where the paths begin.
 */
export function findReaderFault(
  rule: SopsRule,
  file: string,
  { folder, recipient }: { folder: string; recipient: string },
): InfraError | undefined {
  const name = path.relative(folder, file);
  const canRead = rule.recipients.includes(recipient);
  if (canRead === isForCluster(name)) return undefined;
  const people = rule.recipients.filter((one) => one !== recipient);
  const rules = describeClusterRules({ people, cluster: recipient });
  if (canRead) {
    return new InfraError({
      code: "SECRETS_CLUSTER_CAN_READ",
      message: "this rule lets the cluster read what only people may",
      where: rule.place,
      why: `it covers ${name}, and names the cluster's key, ${recipient}`,
      fix: `Take that key out of its list, and run on every file that it covers: sops updatekeys FILE\nWhat is below kubernetes/ has rules of its own before it:\n${rules}`,
    });
  }
  const update = "then run on every *.sops.yaml below kubernetes/: sops updatekeys FILE";
  const isForOthers = rule.matches(path.join(folder, "config/escrow/any.sops.yaml"));
  return new InfraError({
    code: "SECRETS_CLUSTER_CANNOT_READ",
    message: "this rule does not name the cluster's key",
    where: rule.place,
    why: `it covers ${name}, which Argo CD could not decrypt: it has ${recipient} and no other key`,
    fix: isForOthers
      ? `Put these rules before it, ${update}\n${rules}`
      : `Add ${recipient} to its list, ${update}`,
  });
}
