import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import t from "tap";
import { repositoryRoot } from "../lib/config/paths.ts";

/** Whether Git would ignore the file, whether or not it is there or tracked. */
function isIgnored(file: string): boolean {
  const argv = ["check-ignore", "--quiet", "--no-index", file];
  const { status, stderr } = spawnSync("git", argv, { cwd: repositoryRoot, encoding: "utf8" });
  if (status === 0 || status === 1) return status === 0;
  throw new Error(`git check-ignore ${file}: ${stderr}`);
}

const ignored = [
  ".envrc",
  "sites/prod/private/age-keys.txt",
  "kubeconfig",
  "kubeconfig-lab",
  "sites/prod/kubeconfig",
  "reports/x",
  "runs/abc123.ndjson",
  ".cache/x",
  "terraform.tfstate",
  "tofu/terraform.tfstate",
  "tofu/plan",
  "tofu/bootstrap/terraform.tfstate.backup",
  "x.tfstate.backup",
  ".terraform/x",
  "prod.auto.tfvars",
  "node_modules/x",
];
for (const file of ignored) t.ok(isIgnored(file), `${file} stays out of Git`);

const kept = [
  ".envrc.example",
  "terraform.tfvars",
  "tofu/terraform.tfvars",
  "tofu/bootstrap/terraform.tfvars",
  "tofu/backends/r2.s3.tfbackend",
  "tofu/.terraform.lock.hcl",
  "site.yaml",
  // A pattern for secrets must not swallow code.
  "lib/cluster/kubeconfig.ts",
  "test/cluster/kubeconfig.test.ts",
  "lab/k3s/pki/kubeconfig.go",
  "ansible/roles/k3s-server/templates/kubeconfig.j2",
];
for (const file of kept) t.notOk(isIgnored(file), `${file} is committed`);

t.test("no source file is left out of Git", async (t) => {
  const folders = ["lib", "lab", "scripts", "test", "ansible", "config", "docs", "tofu"];
  const argv = ["ls-files", "--others", "--ignored", "--exclude-standard", "--", ...folders];
  const { status, stdout } = spawnSync("git", argv, { cwd: repositoryRoot, encoding: "utf8" });
  t.equal(status, 0);
  t.strictSame(stdout.split("\n").filter(Boolean), []);
});

t.test(".envrc.example names every variable and holds no value of a secret", async (t) => {
  const text = readFileSync(path.join(repositoryRoot, ".envrc.example"), "utf8");
  const names = [
    "CLOUDFLARE_API_TOKEN",
    "CLOUDFLARE_ZONE_ID",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "TF_VAR_state_passphrase",
    "HCLOUD_TOKEN",
    "VULTR_API_KEY",
    "INFRA_K3S_EC2_PROFILE",
    "INFRA_K3S_SITE",
  ];
  for (const name of names) t.match(text, new RegExp(`^# export ${name}=$`, "m"), name);
  t.match(text, /^# export ANSIBLE_VAULT_PASSWORD_FILE=~\/\.ansible-vault-pass$/m);
  t.match(text, /^PATH_add node_modules\/\.bin$/m);
  t.match(text, /^export NODE_COMPILE_CACHE="\$PWD\/\.cache\/node"$/m);
});
