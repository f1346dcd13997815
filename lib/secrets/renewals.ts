import { clusterKeyFile } from "./cluster-files.ts";

const command = "npx zx scripts/setup/rotate-secrets.ts";

/** What to make anew once somebody has read a file; the first that fits counts. */
const renewals: readonly { file: RegExp; todo: string }[] = [
  {
    file: new RegExp(`^${clusterKeyFile.replaceAll(".", "\\.")}$`),
    todo: `the cluster's age key, before everything else: with it they go on reading what is below kubernetes/: ${command} --what cluster-key`,
  },
  {
    file: /\/vault-password\.sops\.yaml$/,
    todo: "the password of Ansible's vault, and what is in the vault: Tailscale's auth key, passwords of hosts, k3s's token",
  },
  { file: /\/server-token\.sops\.yaml$/, todo: "the token of k3s's server" },
  {
    file: /\/(cloud-credentials|k3s-etcd-snapshot-s3-config)\.sops\.yaml$/,
    todo: "the keys of R2, at Cloudflare",
  },
  {
    file: /\/velero-repo-credentials[^/]*\.sops\.yaml$/,
    todo: `the password of Velero's backups: ${command} --what backup-password`,
  },
  { file: /\/cloudflare-api-token\.sops\.yaml$/, todo: "the API token of Cloudflare" },
  {
    file: /^config\/argocd\/credentials\.sops\.yaml$/,
    todo: "what Argo CD reads private repositories with",
  },
];

/**
 * What to make anew once somebody who could read these files may not any more: they know what is in
 * them, and Git's history goes on showing it. The paths begin at the site's folder.
 */
export function listRenewals(files: readonly string[]): string[] {
  const known = renewals.filter(({ file }) => files.some((one) => file.test(one)));
  const others = files.filter((one) => !renewals.some(({ file }) => file.test(one)));
  return [
    ...new Set([...known.map(({ todo }) => todo), ...others.map((one) => `what is in ${one}`)]),
  ];
}
