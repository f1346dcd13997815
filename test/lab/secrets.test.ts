import { execFileSync, spawnSync } from "node:child_process";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import t, { type Test } from "tap";
import { ensureAnsible } from "../../lab/ansible.ts";
import { buildComponents } from "../../lab/build-components.ts";
import { startProgress } from "../../lab/progress.ts";
import { repositoryRoot } from "../../lib/config/paths.ts";
import { answers, createSecretsPlace, edit, readTree } from "../support/secrets-place.ts";
import { checkClusterKey } from "../support/cluster-key-scenarios.ts";
import { checkClusterRotation } from "../support/cluster-rotation-scenarios.ts";
import { checkReaders } from "../support/rotation-scenarios.ts";
import { checkSecrets } from "../support/secrets-scenarios.ts";

/** Needs Go, and builds sops and age-keygen the first time; no hosts. */
const timeout = 1_800_000;

const { folders } = await buildComponents({ only: ["sops"] });
const ansible = await ensureAnsible({ progress: startProgress(() => undefined) });
const programs = `${folders["sops"]}:${ansible}`;

await t.test("with the real age-keygen, sops and ansible-vault", { timeout }, async (t) => {
  await checkSecrets(t, programs);
});

await t.test("the cluster's key, with the same programs", { timeout }, async (t) => {
  await checkClusterKey(t, programs);
});

await t.test("readers come and go, with the same programs", { timeout }, async (t) => {
  await checkReaders(t, programs);
});

await t.test("a new key for the cluster, with the same programs", { timeout }, async (t) => {
  await checkClusterRotation(t, programs);
});

await t.test("Ansible takes the values as they were given", { timeout }, async (t) => {
  const place = await createSecretsPlace(t, programs);
  await place.init();
  writeFileSync(place.path("inventory/hosts.yml"), "all: { hosts: { a: } }\n");
  const where = ["-i", place.path("inventory"), "--vault-password-file"];
  const argv = [...where, place.site.vaultPasswordFile, "--host", "a"];
  const text = execFileSync("ansible-inventory", argv, { env: place.env, encoding: "utf8" });
  t.match(JSON.parse(text), {
    vault_tailscale_authkey: answers.TS_AUTHKEY,
    vault_vultr_password: answers.INFRA_K3S_VULTR_PASSWORD,
  });
});

await t.test("a file shows what it is for, and nothing of its values", { timeout }, async (t) => {
  const place = await createSecretsPlace(t, programs);
  await place.init();
  const text = place.read("kubernetes/infrastructure/velero/cloud-credentials.sops.yaml");
  t.match(text, /^kind: Secret$/m);
  t.match(text, /^ +name: cloud-credentials$/m);
  t.match(text, /^ +mac_only_encrypted: true$/m);
  t.equal(text.match(/recipient: age1/g)?.length, 3);
  // A comment or a label may change without a key: only what is encrypted is under the seal.
  const file = place.path("kubernetes/infrastructure/velero/cloud-credentials.sops.yaml");
  edit(file, "namespace: velero", "namespace: velero\n    labels: { a: b }");
  t.equal((await place.init([], { variables: {} })).exitCode, 0);
});

await t.test("docs/how-to/setup.md, steps 3 to 6, in an empty home", { timeout }, async (t) => {
  const guide = readFileSync(path.join(repositoryRoot, "docs/how-to/setup.md"), "utf8");
  const clone = copyClone(t);
  const steps = [3, 4, 5, 6].map((number) => readCommands(guide, number));
  for (const commands of [steps.join("\n"), [steps[1], steps[3]].join("\n")]) {
    rmSync(clone.home, { recursive: true, force: true });
    mkdirSync(clone.home);
    clone.reset();
    const script = `set -euo pipefail\n${commands}`;
    const run = spawnSync("bash", ["-c", script], { cwd: clone.folder, env: clone.env });
    t.equal(run.status, 0, String(run.stderr));
    for (const file of [".config/sops/age/keys.txt", ".ansible-vault-pass"]) {
      t.equal(statSync(path.join(clone.home, file)).mode & 0o777, 0o600, file);
    }
    const others = Object.keys(readTree(clone.home)).filter(
      (file) => !/^\.(config\/sops|ansible-vault-pass|npm)/.test(file),
    );
    t.strictSame(others, [], "nothing else is put into the home folder");
    const again = spawnSync("bash", ["-c", readCommands(guide, 6)], {
      cwd: clone.folder,
      env: { PATH: clone.env.PATH, HOME: clone.home },
    });
    t.equal(again.status, 0, String(again.stderr));
    t.match(String(again.stdout), /^there +Ansible's vault/m);
    t.ok(existsSync(path.join(clone.folder, ".sops.yaml")));
    t.strictSame(clone.listUntracked(), [
      ".sops.yaml",
      "ansible/inventory/group_vars/all/vault.yml",
      "config/escrow/vault-password.sops.yaml",
      "kubernetes/bootstrap/argocd/age-key.sops.yaml",
      "kubernetes/infrastructure/cert-manager/cloudflare-api-token.sops.yaml",
      "kubernetes/infrastructure/external-dns/cloudflare-api-token.sops.yaml",
      "kubernetes/infrastructure/k3s/k3s-etcd-snapshot-s3-config.sops.yaml",
      "kubernetes/infrastructure/velero/cloud-credentials.sops.yaml",
      "kubernetes/infrastructure/velero/velero-repo-credentials.sops.yaml",
    ]);
  }
});

await t.test("on a terminal it asks, and shows nothing of the answers", { timeout }, async (t) => {
  const place = await createSecretsPlace(t, programs);
  const script = path.join(repositoryRoot, "scripts/setup/init-secrets.ts");
  const line = `'${process.execPath}' '${script}' --site '${place.folder}'`;
  // The terminal's own echo is off only once the question is there.
  const typed = Object.values(answers).map(
    (answer) => `sleep 2; printf '%s\\r' "${answer.trim().replaceAll(/["$`\\]/g, "\\$&")}"`,
  );
  const shell = `(sleep 1; ${typed.join("; ")}; sleep 8) | script -qec "${line}" /dev/null`;
  const run = spawnSync("bash", ["-c", shell], { env: place.env, encoding: "utf8" });
  t.match(run.stdout, /auth key of Tailscale.*: \r\n.*API token of Cloudflare, for DNS: \r\n/s);
  t.match(run.stdout, /^created +your age key/m);
  for (const answer of Object.values(answers)) t.notOk(run.stdout.includes(answer.trim()));
});

/** The commands of a step of the guide, as they stand there. */
function readCommands(guide: string, step: number): string {
  const [, section = ""] = new RegExp(`^## ${step}\\. .*?\\n(.*?)^## `, "ms").exec(guide) ?? [];
  const [, commands] = /```sh\n(.*?)```/s.exec(section) ?? [];
  if (commands === undefined) throw new Error(`step ${step} has no commands`);
  return commands;
}

/** The files of this repository somewhere else, with an account's id where the guide wants one. */
function copyClone(t: Test) {
  const parent = t.testdir({ clone: {}, bin: {} });
  const folder = path.join(parent, "clone");
  const home = path.join(parent, "home");
  const git = (...args: string[]) => execFileSync("git", args, { cwd: folder, encoding: "utf8" });
  const list = ["ls-files", "--cached", "--others", "--exclude-standard"];
  const files = execFileSync("git", list, { cwd: repositoryRoot, encoding: "utf8" });
  for (const file of files.trim().split("\n")) {
    const from = path.join(repositoryRoot, file);
    if (existsSync(from)) cpSync(from, path.join(folder, file));
  }
  edit(path.join(folder, "config/velero/backup-locations.yaml"), /ACCOUNT_ID/g, "0123abcd");
  git("init", "--quiet");
  git("add", "--all");
  symlinkSync(path.join(repositoryRoot, "node_modules"), path.join(folder, "node_modules"));
  // A stand-in: it would ask whether .envrc may be loaded, and load it into this shell.
  writeFileSync(path.join(parent, "bin/direnv"), '#!/bin/sh\n[ "$*" = allow ] && [ -f .envrc ]\n');
  chmodSync(path.join(parent, "bin/direnv"), 0o755);
  const PATH = `${path.join(parent, "bin")}:${programs}:${path.dirname(process.execPath)}:${process.env["PATH"]}`;
  return {
    folder,
    home,
    env: { PATH, HOME: home, ...answers },
    listUntracked: () => git("ls-files", "--others", "--exclude-standard").trim().split("\n"),
    reset: () => git("clean", "-fdxq", "--exclude=node_modules"),
  };
}
