import {
  chmodSync,
  copyFileSync,
  existsSync,
  readFileSync,
  mkdirSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import type { Test } from "tap";
import { hasCode } from "../../lib/errors.ts";
import {
  checkTokenEscrow,
  compareServerToken,
  escrowServerToken,
} from "../../lib/secrets/escrow.ts";
import { readSecret } from "../../lib/secrets/secret-file.ts";
import { loadVault } from "../../lib/secrets/vault.ts";
import { createFakeTerminal } from "./fake-terminal.ts";
import { answers, createSecretsPlace, edit, readTree, type SecretsPlace } from "./secrets-place.ts";

const velero = "kubernetes/infrastructure/velero";
const keyFile = "private/age-keys.txt";
const recoveryFile = "private/recovery-key.txt";
const passwordFile = "private/ansible-vault-pass";
const vaultFile = "inventory/group_vars/all/vault.yml";
const clusterKeyFile = "kubernetes/bootstrap/argocd/age-key.sops.yaml";
const escrowFile = "config/escrow/vault-password.sops.yaml";

/** In the order they are made. */
const made = [
  keyFile,
  recoveryFile,
  clusterKeyFile,
  ".sops.yaml",
  passwordFile,
  vaultFile,
  escrowFile,
  `${velero}/cloud-credentials.sops.yaml`,
  `${velero}/velero-repo-credentials.sops.yaml`,
  "kubernetes/infrastructure/k3s/k3s-etcd-snapshot-s3-config.sops.yaml",
  "kubernetes/infrastructure/external-dns/cloudflare-api-token.sops.yaml",
  "kubernetes/infrastructure/cert-manager/cloudflare-api-token.sops.yaml",
];

/** A mistake in a site that is there already, and what init-secrets says to it. */
interface Mistake {
  name: string;
  code: string;
  exitCode?: number;
  says?: RegExp;
  spoil(place: SecretsPlace): void;
}

const oneRule = (rule: string) => `creation_rules:\n  # mine\n  - ${rule}\n`;

const mistakes: Mistake[] = [
  {
    name: "an age key that others may read",
    code: "SECRETS_FILE_MODE",
    says: /0640.*chmod 600 \S+age-keys\.txt/s,
    spoil: ({ path }) => chmodSync(path(keyFile), 0o640),
  },
  {
    name: "a password file that Ansible would run",
    code: "SECRETS_FILE_MODE",
    spoil: ({ path }) => chmodSync(path(passwordFile), 0o700),
  },
  {
    name: "an empty password file",
    code: "SECRETS_FILE_EMPTY",
    spoil: ({ path }) => writeFileSync(path(passwordFile), "\n"),
  },
  {
    name: "something else for an age key",
    code: "SECRETS_KEY_INVALID",
    spoil: ({ path }) => writeFileSync(path(keyFile), "AGE-SECRET-KEY-1HUNTER22\n"),
  },
  {
    name: "the age key is gone",
    code: "SECRETS_KEY_LOST",
    says: /install -m 600/,
    spoil: ({ path }) => rmSync(path(keyFile)),
  },
  {
    name: "the password of the vault and its escrow are gone",
    code: "SECRETS_PASSWORD_LOST",
    spoil({ path }) {
      rmSync(path(passwordFile));
      rmSync(path(escrowFile));
    },
  },
  {
    name: "another password for the vault",
    code: "SECRETS_VAULT_PASSWORD_WRONG",
    spoil({ path }) {
      rmSync(path(escrowFile));
      writeFileSync(path(passwordFile), "hunter22-hunter22\n");
    },
  },
  {
    name: "an escrowed password that is not the one in use",
    code: "SECRETS_ESCROW_DIFFERS",
    spoil({ path }) {
      rmSync(path(vaultFile));
      writeFileSync(path(passwordFile), "hunter22-hunter22\n");
    },
    exitCode: 3,
  },
  {
    name: "a vault in clear",
    code: "SECRETS_NOT_ENCRYPTED",
    says: /vault\.yml:1:1.*ansible-vault encrypt/s,
    spoil: ({ path }) => writeFileSync(path(vaultFile), "vault_k3s_token: hunter22-hunter22\n"),
  },
  {
    name: "a Secret in clear",
    code: "SECRETS_NOT_ENCRYPTED",
    says: /cloud-credentials\.sops\.yaml:4:3.*sops encrypt/s,
    spoil: ({ path }) =>
      writeFileSync(
        path(`${velero}/cloud-credentials.sops.yaml`),
        "apiVersion: v1\nkind: Secret\nstringData:\n  cloud: hunter22\n",
      ),
  },
  {
    name: "a Secret that was changed by hand",
    code: "SECRETS_FILE_CHANGED",
    spoil: ({ path }) =>
      edit(path(escrowFile), /ENC\[AES256_GCM,data:[^,]{4}/, "ENC[AES256_GCM,data:0000"),
  },
  {
    name: "a Secret without its key",
    code: "SECRETS_SECRET_INVALID",
    spoil: ({ path }) =>
      copyFileSync(path(escrowFile), path(`${velero}/cloud-credentials.sops.yaml`)),
  },
  {
    name: "rules that do not cover one of the files",
    code: "SECRETS_RULE_MISSING",
    says: /covers .*config\/escrow/,
    spoil: ({ path }) => edit(path(".sops.yaml"), ".\\.sops", "^kubernetes/.*\\.sops"),
  },
  {
    name: "a rule with one recipient",
    code: "SECRETS_RULE_UNFIT",
    says: /\.sops\.yaml:19:5.*fewer than two/s,
    spoil: ({ path }) => edit(path(".sops.yaml"), /\n {6}- age1\w+\n$/, "\n"),
  },
  {
    name: "a rule that encrypts whole files",
    code: "SECRETS_RULE_UNFIT",
    spoil: ({ path }) => edit(path(".sops.yaml"), /^ *encrypted_regex.*\n/m, ""),
  },
  {
    name: "no rules but a number",
    code: "SECRETS_RULES_INVALID",
    spoil: ({ path }) => writeFileSync(path(".sops.yaml"), "creation_rules: 1\n"),
  },
];

/** Everything that init-secrets promises, on the programs in a folder of PATH. */
export async function checkSecrets(t: Test, programs: string): Promise<void> {
  await t.test("makes everything once", async (t) => {
    const place = await createSecretsPlace(t, programs);
    const first = await place.init(["--json"]);
    t.equal(first.exitCode, 0, first.stderr);
    const { result } = JSON.parse(first.stdout) as Result;
    t.strictSame([...new Set(result.items.map(({ state }) => state))], ["created"]);
    const tree = readTree(place.folder);
    t.strictSame(Object.keys(tree), [...made, "site.yaml"].toSorted());
    for (const file of [keyFile, recoveryFile, passwordFile]) t.match(tree[file], /^600 /, file);
    checkNoSecret(t, first.stdout + first.stderr, tree);

    const second = await place.init([], { variables: {} });
    t.equal(second.exitCode, 0, second.stderr);
    t.strictSame(second.questions, [], "asks nothing again");
    t.match(second.stdout, /^there +your age key/m);
    t.match(second.stdout, /! recovery key: \S+recovery-key\.txt/);
    t.strictSame(readTree(place.folder), tree, "and changes nothing");
    t.strictSame(readdirSync(place.env["HOME"] ?? ""), [], "the home folder is left alone");

    rmSync(place.path(recoveryFile));
    const third = await place.init([], { variables: {} });
    t.match(third.stdout, /- recovery key: .*not on this machine/);
    t.notOk(existsSync(place.path(recoveryFile)), "no second recovery key");
  });

  await t.test("what was written is what was given", async (t) => {
    const place = await createSecretsPlace(t, programs);
    await place.init();
    const { site, env } = place;
    const vault = await loadVault(site, env);
    t.match(vault, {
      vault_tailscale_authkey: answers.TS_AUTHKEY,
      vault_vultr_password: answers.INFRA_K3S_VULTR_PASSWORD,
      vault_k3s_token: /^[0-9a-f]{64}$/,
    });
    const read = (file: string) => readSecret(place.path(file), { site, env });
    t.strictSame(await read(`${velero}/cloud-credentials.sops.yaml`), {
      cloud: `[default]\naws_access_key_id = ${answers.AWS_ACCESS_KEY_ID}\naws_secret_access_key = ${answers.AWS_SECRET_ACCESS_KEY}\n`,
    });
    t.match(await read(made[9] ?? ""), {
      "etcd-s3-endpoint": "s3.example.org",
      "etcd-s3-secret-key": answers.AWS_SECRET_ACCESS_KEY,
      "etcd-s3-folder": "test",
    });
    const token = { "api-token": answers.CLOUDFLARE_API_TOKEN };
    t.strictSame([await read(made[10] ?? ""), await read(made[11] ?? "")], [token, token]);
  });

  await t.test("the recovery key alone opens everything", async (t) => {
    const place = await createSecretsPlace(t, programs);
    await place.init();
    const before = place.read(passwordFile);
    rmSync(place.path(passwordFile));
    copyFileSync(place.path(recoveryFile), place.path(keyFile));
    const { stdout, stderr } = await place.init([], { variables: {} });
    t.match(stdout, /^restored +password of Ansible's vault/m, stderr);
    t.equal(place.read(passwordFile), before);
    rmSync(place.path(passwordFile));
    const other = await createSecretsPlace(t, programs);
    await other.init();
    copyFileSync(other.path(vaultFile), place.path(vaultFile));
    const foreign = await place.init([], { variables: {} });
    t.match(foreign.stderr, /SECRETS_VAULT_PASSWORD_WRONG/, "a vault of another site");
    copyFileSync(other.path(passwordFile), place.path(passwordFile));
    t.ok(await loadVault(place.site, place.env));
  });

  await t.test("asks once for what only a person knows", async (t) => {
    const place = await createSecretsPlace(t, programs);
    const terminal = createFakeTerminal({ answers: Object.values(answers) });
    const first = await place.init([], { variables: {}, terminal });
    t.equal(first.exitCode, 0, first.stderr);
    t.equal(first.questions.length, 5);
    rmSync(place.path(vaultFile));
    const again = createFakeTerminal({ answers: ["tskey-auth-new", ""] });
    t.equal((await place.init([], { variables: {}, terminal: again })).questions.length, 2);
    t.match(await loadVault(place.site, place.env), {
      vault_tailscale_authkey: "tskey-auth-new",
      vault_vultr_password: "",
    });
  });

  await t.test("asks for a credential of Argo CD only where a repository names one", async (t) => {
    const place = await createSecretsPlace(t, programs);
    const list = (...lines: string[]) =>
      writeFileSync(place.path("repositories.yaml"), `repositories:\n${lines.join("\n")}\n`);
    edit(place.path("site.yaml"), /$/, "repositories: repositories.yaml\n");
    const byHttps = "  - { url: https://git.example.org/a.git, project: apps, credential: one }";
    list(byHttps);
    const missing = await place.init();
    t.match([missing.exitCode, missing.stderr], [2, /SECRETS_VALUE_MISSING/]);
    t.match(missing.stderr, /ARGOCD_GIT_PASSWORD/);
    const login = { ARGOCD_GIT_PASSWORD: " ghp_'a b\"#" };
    const made = await place.init([], { variables: { ...answers, ...login } });
    t.equal(made.exitCode, 0, made.stderr);
    const file = place.path("config/argocd/credentials.sops.yaml");
    t.strictSame(await readSecret(file, place), {
      "one.password": login.ARGOCD_GIT_PASSWORD,
    });
    list(byHttps, "  - { url: git@git.example.org:b.git, project: apps, credential: two }");
    const second = await place.init();
    t.match(second.stderr, /no "two\.sshPrivateKey".*SECRETS_SECRET_INVALID.*sops edit/s);
    rmSync(file);
    list("  - { url: git@git.example.org:b.git, project: apps, credential: two }");
    const half = { ...answers, ARGOCD_GIT_SSH_KEY: "-----BEGIN OPENSSH PRIVATE KEY-----" };
    const refused = await place.init([], { variables: half });
    t.match(refused.stderr, /SECRETS_VALUE_INVALID.*ARGOCD_GIT_SSH_KEY="\$\(cat FILE\)"/s);
    const key =
      "-----BEGIN OPENSSH PRIVATE KEY-----\naHVudGVyMjI=\n-----END OPENSSH PRIVATE KEY-----\n";
    const whole = { ...answers, ARGOCD_GIT_SSH_KEY: key };
    t.equal((await place.init([], { variables: whole })).exitCode, 0);
    t.strictSame(await readSecret(file, place), { "two.sshPrivateKey": key });
  });

  await t.test("a public key of somebody's is the recovery key", async (t) => {
    const other = await createSecretsPlace(t, programs);
    await other.init();
    const [recipient = ""] = /age1\w{58}/.exec(other.read(keyFile)) ?? [];
    const place = await createSecretsPlace(t, programs);
    const flag = ["--recovery-recipient", recipient];
    t.equal((await place.init(flag)).exitCode, 0);
    t.notOk(existsSync(place.path(recoveryFile)));
    t.match(place.read(".sops.yaml"), recipient);
    t.equal((await place.init(flag)).exitCode, 0);
    copyFileSync(other.path(keyFile), place.path(keyFile));
    t.equal((await place.init([])).exitCode, 0, "its owner can read everything");
    const third = ["--recovery-recipient", recipient.replace(/.{6}$/, "zzzzzz")];
    t.match((await place.init(third)).stderr, /SECRETS_RECIPIENT_OTHER/);
  });

  for (const [name, recipient] of [
    ["a private key", `AGE-SECRET-KEY-1${"Q".repeat(58)}`],
    ["half a key", "age1qqqq"],
    ["a key with a wrong sum", `age1${"q".repeat(58)}`],
  ] as const) {
    await t.test(`${name} is no recipient`, async (t) => {
      const place = await createSecretsPlace(t, programs);
      const { exitCode, stderr } = await place.init(["--recovery-recipient", recipient]);
      t.equal(exitCode, 2);
      t.match(stderr, /SECRETS_RECIPIENT_INVALID/);
      t.strictSame(Object.keys(readTree(place.folder)), ["site.yaml"], "nothing is written");
    });
  }

  await t.test("--dry-run and missing values write nothing", async (t) => {
    const place = await createSecretsPlace(t, programs);
    const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY } = answers;
    const variables = { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY };
    const planned = await place.init(["--dry-run"], { variables });
    t.equal(planned.exitCode, 0);
    t.match(planned.stdout, /^to be made +your age key/m);
    t.match(planned.stdout, /R2: from AWS_ACCESS_KEY_ID/);
    t.match(planned.stdout, /Tailscale.*: will be asked for/);
    const missing = await place.init([], { variables });
    t.equal(missing.exitCode, 2);
    t.match(missing.stderr, /SECRETS_VALUE_MISSING/);
    t.match(missing.stderr, /TS_AUTHKEY.*CLOUDFLARE_API_TOKEN/s);
    const ofAws = { ...answers, AWS_ACCESS_KEY_ID: "AKIAIOSFODNN7EXAMPLE" };
    const refused = await place.init([], { variables: ofAws });
    t.match([refused.exitCode, refused.stderr], [2, /SECRETS_VALUE_INVALID/]);
    const lines = { ...answers, INFRA_K3S_VULTR_PASSWORD: "a\nb" };
    t.equal((await place.init([], { variables: lines })).exitCode, 2);
    t.strictSame(Object.keys(readTree(place.folder)), ["site.yaml"]);
  });

  await t.test("a program that is missing is named with how to get it", async (t) => {
    const place = await createSecretsPlace(t, programs);
    const { exitCode, stderr } = await place.init([], { programs: "/nowhere" });
    t.equal(exitCode, 2);
    t.match(stderr, /age-keygen.*sops.*ansible-vault.*brew install/s);
    t.strictSame(Object.keys(readTree(place.folder)), ["site.yaml"]);
  });

  await t.test("an interruption anywhere: the next run goes on", async (t) => {
    for (const count of [1, 2, 3, 4, 6, 9]) {
      const place = await createSecretsPlace(t, programs);
      const terminal = createFakeTerminal();
      const tell = terminal.err.bind(terminal);
      let created = 0;
      terminal.err = (text) => {
        tell(text);
        if (text.startsWith("created") && ++created === count) terminal.interrupt(interrupted());
      };
      t.equal((await place.init([], { terminal })).exitCode, 70);
      const half = readTree(place.folder);
      t.strictSame(Object.keys(half), [...made.slice(0, count), "site.yaml"].toSorted());
      // What a kill in the middle of a write leaves.
      writeFileSync(place.path("private/.ansible-vault-pass.4194305.new"), "half");
      t.equal((await place.init()).exitCode, 0);
      const whole = readTree(place.folder);
      t.match(whole, half, "what was made is kept");
      const isPassed = count < made.indexOf(passwordFile) + 1;
      t.equal(Object.keys(whole).length, made.length + (isPassed ? 1 : 2), "nothing is left");
      t.ok(await loadVault(place.site, place.env), `after ${count}`);
    }
  });

  await t.test("rules of somebody's own stay, and ours comes behind them", async (t) => {
    const place = await createSecretsPlace(t, programs);
    const own = oneRule("{ path_regex: secrets/.*, pgp: ABCD }");
    writeFileSync(place.path(".sops.yaml"), own);
    t.match((await place.init()).stderr, /SECRETS_KEY_LOST/);
    mkdirSync(place.path("private"), { mode: 0o700 });
    const other = await createSecretsPlace(t, programs);
    await other.init();
    copyFileSync(other.path(keyFile), place.path(keyFile));
    const { exitCode, stderr } = await place.init();
    t.equal(exitCode, 0, stderr);
    t.match(place.read(".sops.yaml"), /# mine\n.*secrets.*ABCD.*\n.*path_regex: \^kubernetes/);
  });

  await t.test("the server's token is kept, and compared", async (t) => {
    const { site, env, init, path } = await createSecretsPlace(t, programs);
    await t.rejects(checkTokenEscrow({ site, env }), { code: "SECRETS_NOT_MADE", exitCode: 2 });
    await init();
    const token = "K10abc::server:a'b\"c: #\\\n";
    await checkTokenEscrow({ site, env });
    t.equal(await compareServerToken({ site, env }, token), "missing");
    t.equal(await escrowServerToken({ site, env }, token), "written");
    t.equal(await escrowServerToken({ site, env }, token), "there");
    t.equal(await compareServerToken({ site, env }, token.trim()), "same");
    t.equal(await compareServerToken({ site, env }, "K10abc::server:other"), "different");
    await t.rejects(escrowServerToken({ site, env }, "K10abc::server:other"), {
      code: "SECRETS_ESCROW_DIFFERS",
      exitCode: 3,
    });
    const old = readFileSync(path("config/escrow/server-token.sops.yaml"), "utf8");
    const now = new Date("2026-01-02T03:04:05Z");
    t.equal(await escrowServerToken({ site, env }, token, now), "there", "nothing to replace");
    t.equal(await escrowServerToken({ site, env }, "K10abc::server:other", now), "replaced");
    t.equal(await compareServerToken({ site, env }, "K10abc::server:other"), "same");
    const kept = path("config/escrow/server-token.until-2026-01-02T0304.sops.yaml");
    t.equal(readFileSync(kept, "utf8"), old, "the old one is kept beside");
    rmSync(path("config/escrow/server-token.sops.yaml"));
    writeFileSync(path(".sops.yaml"), oneRule("path_regex: ^kubernetes/"));
    await t.rejects(checkTokenEscrow({ site, env }), { code: "SECRETS_RULE_MISSING" });
    const failed = await escrowServerToken({ site, env }, token).catch((error: unknown) => error);
    t.ok(hasCode(failed, "SECRETS_RULE_MISSING"));
    t.notOk(existsSync(path("config/escrow/server-token.sops.yaml")));
  });

  await t.test("mistakes in a site that is there", async (t) => {
    const original = await createSecretsPlace(t, programs);
    t.equal((await original.init()).exitCode, 0);
    for (const { name, code, exitCode = 2, says, spoil } of mistakes) {
      const place = await createSecretsPlace(t, programs, original);
      spoil(place);
      const before = readTree(place.folder);
      const result = await place.init();
      t.match(result.stderr, code, name);
      t.equal(result.exitCode, exitCode, `${name}: ${result.stderr}`);
      if (says !== undefined) t.match(result.stderr, says, name);
      t.notMatch(result.stderr, /hunter22/i, "no secret is quoted");
      t.strictSame(readTree(place.folder), before, "nothing is changed");
    }
  });
}

interface Result {
  result: { items: { state: string; file: string }[] };
}

function interrupted(): Error {
  return new Error("interrupted by the test");
}

/** Neither what a person gave nor what was generated is in the output or in a file for Git. */
function checkNoSecret(t: Test, output: string, tree: Record<string, string>): void {
  const secrets = [
    ...Object.values(answers).map((value) => value.trim()),
    ...[keyFile, recoveryFile].flatMap((file) => /AGE-SECRET-KEY\S+/.exec(tree[file] ?? "") ?? []),
    (tree[passwordFile] ?? "").replace("600 ", "").trim(),
  ];
  t.equal(secrets.length, 8);
  const shown = Object.entries(tree).filter(([file]) => path.dirname(file) !== "private");
  for (const text of [output, ...shown.map(([, content]) => content)]) {
    t.notMatch(text, /AGE-SECRET-KEY-1/, "the cluster's key neither");
    for (const secret of secrets) t.notOk(text.includes(secret), "no secret in the clear");
  }
}
