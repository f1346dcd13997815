import path from "node:path";
import { showPath } from "../config/paths.ts";
import { InfraError } from "../errors.ts";
import { createClusterKey, readClusterIdentity } from "./cluster-key.ts";
import { isForCluster } from "./cluster-files.ts";
import { findClusterKeyFile } from "./cluster-recipient.ts";
import { readIfThere } from "./files.ts";
import type { SecretItem, SecretsOptions } from "./items.ts";
import { listOwnRecipients } from "./own-recipients.ts";
import { listPeople } from "./people.ts";
import { loadRules } from "./rules.ts";

/** The cluster's own age key, which opens what is below kubernetes/ and nothing else. */
export function buildClusterKey(options: SecretsOptions, encrypted: readonly string[]): SecretItem {
  const { site } = options;
  const file = findClusterKeyFile(site);
  return {
    id: "cluster-key",
    title: "the cluster's age key, encrypted",
    stage: "keys",
    file,
    needs: [],
    async observe() {
      if ((await readIfThere(file)) === undefined) {
        await checkNotLost(options, encrypted);
        return false;
      }
      // Without a key there is a clearer error, from the key itself.
      if ((await listOwnRecipients(options)).length > 0) await readClusterIdentity(options);
      return true;
    },
    async create() {
      await createClusterKey(options, await listPeople(options, encrypted));
      return "created";
    },
  };
}

/** Throws SECRETS_CLUSTER_KEY_LOST when the rules have a key for the cluster already. */
async function checkNotLost({ site }: SecretsOptions, encrypted: readonly string[]): Promise<void> {
  const rules = (await loadRules(site)) ?? [];
  const file = findClusterKeyFile(site);
  const people = rules.find((rule) => rule.matches(file))?.recipients;
  const rule = rules.find((one) =>
    encrypted.some((name) => isForCluster(path.relative(site.folder, name)) && one.matches(name)),
  );
  if (rule === undefined || people === undefined) return;
  const others = rule.recipients.filter((recipient) => !people.includes(recipient));
  if (others.length === 0) return;
  throw new InfraError({
    code: "SECRETS_CLUSTER_KEY_LOST",
    message: "this rule is for a key of the cluster that is not there",
    where: rule.place,
    why: `it names ${others.join(", ")}, and there is no ${showPath(file)} with the other half`,
    fix: `Take the file back from Git: git checkout HEAD -- ${showPath(file)}\nIf it is lost for good, take that public key out of the list and run the same command again: it makes another`,
  });
}
