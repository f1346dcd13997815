import { showPath } from "../config/paths.ts";
import type { Site } from "../config/site.ts";
import { findClusterKeyFile } from "./cluster-recipient.ts";
import { readIfThere } from "./files.ts";
import { findRulesFile } from "./rules.ts";
import { findVaultFile } from "./vault.ts";

/** What a person has to keep, and where; never a value. */
export interface Custody {
  what: string;
  where: string;
  /** What to do with it, and what it is good for. */
  keep: string;
  /** Whether something is still to be done. */
  isOpen: boolean;
}

/** The list of what has to be kept where, so that one lost machine loses nothing. */
export async function listCustody(site: Site): Promise<Custody[]> {
  const isBeside = (await readIfThere(site.recoveryKeyFile)) !== undefined;
  const recovery = showPath(site.recoveryKeyFile);
  return [
    {
      what: "recovery key",
      where: isBeside ? recovery : "where you have put it; not on this machine",
      keep: isBeside
        ? `Opens everything when this machine is lost. Copy the file to a password manager, or print it; then remove it here: rm ${recovery}`
        : "Opens everything when this machine is lost. Look once a year whether you still have it",
      isOpen: isBeside,
    },
    {
      what: "your age key",
      where: showPath(site.ageKeyFile),
      keep: "Stays on this machine, for you alone. Another operator gets a key of their own",
      isOpen: false,
    },
    {
      what: "the cluster's age key",
      where: `${showPath(findClusterKeyFile(site))}, encrypted`,
      keep: "Nothing to keep: each of the two keys above opens it, and Argo CD gets it from there",
      isOpen: false,
    },
    {
      what: "password of Ansible's vault",
      where: showPath(site.vaultPasswordFile),
      keep: "Stays on this machine; with an age key this command brings it back",
      isOpen: false,
    },
    {
      what: "encrypted files",
      where: `${showPath(findRulesFile(site))}, ${showPath(findVaultFile(site))}, every *.sops.yaml`,
      keep: "Commit them, and keep a second copy of the repository: the password of Velero's backups is in them, and without it no backup can be read",
      isOpen: false,
    },
    {
      what: "your SSH key",
      where: "where the inventory says, or in ~/.ssh",
      keep: "Opens the hosts. Keep a copy with the recovery key: another machine fetches the kubeconfig with it",
      isOpen: false,
    },
    {
      what: "passphrase of tofu's state, and tofu/bootstrap/terraform.tfstate",
      where: "TF_VAR_state_passphrase in .envrc, and that folder, which Git ignores",
      keep: "Copy both to a password manager once tofu is used: without them the state of records and buckets cannot be read, and is made anew by hand",
      isOpen: false,
    },
    {
      what: "keys of Tailscale, R2, Cloudflare and the hosts' providers",
      where: "at their providers",
      keep: "Lost or leaked, they are made anew there; know how to log in without this machine",
      isOpen: false,
    },
  ];
}
