import { changeFlags, commonFlags } from "../cli/common-flags.ts";
import { defineCommand } from "../cli/define-command.ts";
import type { Rotation } from "./rotation.ts";

export const rotateSecrets = defineCommand({
  script: "scripts/setup/rotate-secrets.ts",
  summary: "Change who can read a site's secrets, or the keys and the password behind them",
  examples: [
    {
      line: "zx scripts/setup/rotate-secrets.ts --dry-run",
      does: "compare every encrypted file with .sops.yaml: who would come, who would go",
    },
    {
      line: "zx scripts/setup/rotate-secrets.ts",
      does: "encrypt the files anew that .sops.yaml has other readers for; again: nothing to do",
    },
    {
      line: "zx scripts/setup/rotate-secrets.ts --what cluster-key",
      does: "a new age key for the cluster, in two runs with a push behind each",
    },
    {
      line: "zx scripts/setup/rotate-secrets.ts --what backup-password",
      does: "a new password for Velero's backups, in a new place in the bucket beside the old one",
    },
  ],
  flags: {
    what: {
      type: "string",
      value: "WHAT",
      oneOf: ["readers", "data-keys", "cluster-key", "backup-password"],
      default: "readers",
      help: "readers: as .sops.yaml says, with a new data key where that changes something; data-keys: the same for every file; cluster-key; backup-password",
    },
    "recovery-recipient": {
      type: "string",
      value: "AGE1…",
      help: "public key of the recovery key, where its file is not on this machine and somebody goes",
    },
    bucket: {
      type: "string",
      value: "BUCKET",
      help: "new, empty bucket for the backups under the new password (default: a new prefix in the same one)",
    },
    "dry-run": changeFlags["dry-run"],
    confirm: changeFlags.confirm,
    ...commonFlags,
  },
  async run({ flags }, terminal) {
    const { env } = process;
    const { loadSite } = await import("../config/site.ts");
    const { showPath } = await import("../config/paths.ts");
    const { checkRecipient } = await import("../secrets/key-items.ts");
    checkRecipient(flags.recoveryRecipient);
    const { checkAgeKeygen } = await import("../exec/age-keygen.ts");
    const { checkSops } = await import("../exec/sops.ts");
    const site = await loadSite({ ...flags, env });
    terminal.err(`Site ${site.name}, in ${showPath(site.folder)}\n`);
    await checkAgeKeygen(env);
    await checkSops(env);
    const rotation: Rotation = { site, env, flags, terminal };
    switch (flags.what) {
      case "cluster-key": {
        const { rotateClusterKey } = await import("./rotate-cluster-key.ts");
        return await rotateClusterKey(rotation);
      }
      case "backup-password": {
        const { rotateBackupPassword } = await import("./rotate-backup-password.ts");
        return await rotateBackupPassword(rotation);
      }
      default: {
        const { rotateReaders } = await import("./rotate-readers.ts");
        return await rotateReaders(rotation);
      }
    }
  },
});
