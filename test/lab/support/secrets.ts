import { readFileSync } from "node:fs";
import path from "node:path";
import { parseAllDocuments } from "yaml";
import { parseKeys } from "../../../lab/clouds/settings.ts";
import type { LabPaths } from "../../../lab/paths.ts";
import { asOperator, onHost } from "./bare-hosts.ts";

/** Every secret that a lab with a cluster has, by what it is; throws for one that it cannot find. */
export async function listSecrets(
  paths: LabPaths,
  server: string,
): Promise<Record<string, string>> {
  const read = (file: string) => readFileSync(file, "utf8").trim();
  const vaultFile = path.join(paths.inventory, "group_vars/all/vault.yml");
  // Ansible would else write to the user's own ~/.ansible.
  const own = ["env", `ANSIBLE_HOME=${paths.ansible}`] as const;
  const view = ["ansible-vault", "view", "--vault-password-file", paths.vaultPassword, vaultFile];
  const { stdout } = await asOperator([...own, ...view]);
  const vault = parseAllDocuments(stdout)[0]?.toJS() as Record<string, string>;
  const [ageKey = ""] =
    /AGE-SECRET-KEY-\S+/.exec(read(path.join(paths.state, "private/age-keys.txt"))) ?? [];
  const token = await onHost(server, "cat /var/lib/rancher/k3s/server/token");
  const secrets: Record<string, string> = {
    ...vault,
    "password of the vault": read(paths.vaultPassword),
    "age key": ageKey,
    "token of the server": token.split(":").at(-1) ?? "",
    "token of the agents":
      (await onHost(server, "cat /var/lib/rancher/k3s/server/node-token")).split(":").at(-1) ?? "",
    "key of the bucket": parseKeys(read(paths.servers.s3Keys)).secret,
    "token of the provider": read(paths.servers.token),
    "client key of the kubeconfig":
      /client-key-data["']?: ?["']?([^"'\s]+)/.exec(read(paths.kubeconfig))?.[1] ?? "",
  };
  for (const [what, secret] of Object.entries(secrets)) {
    if (secret.length < 16) throw new Error(`the ${what} was not found`);
  }
  return secrets;
}
