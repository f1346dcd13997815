import type { Fault, FileRule } from "../rule.ts";

export const sops: FileRule = {
  id: "sops",
  codes: [
    "SECRETS_NOT_ENCRYPTED",
    "SECRETS_NAME",
    "SECRETS_RULE_MISSING",
    "SECRETS_RULE_UNFIT",
    "SECRETS_RULES_INVALID",
    "SECRETS_CLUSTER_CANNOT_READ",
    "SECRETS_CLUSTER_CAN_READ",
    "SECRETS_CLUSTER_KEY_INVALID",
    "SECRETS_RECIPIENTS_FEW",
    "SECRETS_RECIPIENTS_CHANGED",
    "SECRETS_MAC_MISSING",
  ],
  scope: "file",
  summary:
    "what is named *.sops.yaml is encrypted as .sops.yaml says, for two keys or more, and nothing else is",
  why: "The name tells sops, reviews and Argo CD what is encrypted. A value in clear is readable for everybody who ever had the repository, and stays so in its history. With one recipient, one lost key loses all secrets. Without the MAC, which sops computes over the values, sops refuses to decrypt (https://getsops.io/docs/#message-authentication-code). A change of .sops.yaml reaches a file only by `sops updatekeys`. Argo CD has an age key of its own: what is below kubernetes/ is for that one, too, and nothing else is.",
  example: {
    bad: "# kubernetes/apps/shop/secret.sops.yaml\nstringData:\n  password: in clear",
    good: "# kubernetes/apps/shop/secret.sops.yaml\nstringData:\n  password: ENC[AES256_GCM,data:…]\nsops:\n  mac: ENC[AES256_GCM,data:…]",
  },
};

export function notEncrypted(why: string): Fault {
  return {
    code: "SECRETS_NOT_ENCRYPTED",
    message: "this file is named as an encrypted one and is not, or not wholly",
    why,
    fix: "sops encrypt --in-place on it, or sops edit when a part is encrypted; if it was ever pushed, change every secret in it",
  };
}

export function wrongName(file: string): Fault {
  return {
    code: "SECRETS_NAME",
    message: "this file is encrypted and its name does not say so",
    why: "the next edit would not be covered by the rule of .sops.yaml, and be saved in clear",
    fix: `git mv ${file} ${file.replace(/(\.\w+)$/, ".sops$1")}`,
  };
}

export const macMissing: Fault = {
  code: "SECRETS_MAC_MISSING",
  message: "the MAC of this file is gone",
  why: "sops does not decrypt what it cannot prove to be unchanged",
  fix: "Take the file from Git as it was, and change it with: sops edit",
};

export const fewRecipients: Fault = {
  code: "SECRETS_RECIPIENTS_FEW",
  message: "this file can be read with fewer than two keys",
  why: "with that key lost, what is in it is lost",
  fix: "Add the recovery key to the rule in .sops.yaml, then: sops updatekeys on this file",
};

export function recipientsChanged(name: string): Fault {
  return {
    code: "SECRETS_RECIPIENTS_CHANGED",
    message: `this file is encrypted for other keys than ${name} says`,
    why: "a change of the rule does not reach the files that are there",
    fix: "npx zx scripts/setup/rotate-secrets.ts, which gives it a new data key as well",
  };
}
