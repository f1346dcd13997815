import { copyFileSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { Test } from "tap";
import { parse } from "yaml";
import { exitCodes } from "../../lib/errors.ts";
import { readRecipients } from "../../lib/exec/age-keygen.ts";
import { checkClusterSecrets } from "../../lib/secrets/check-cluster-secrets.ts";
import { readClusterKey } from "../../lib/secrets/cluster-key.ts";
import { readSecret, writeSecret } from "../../lib/secrets/secret-file.ts";
import { createFakeTerminal } from "./fake-terminal.ts";
import { createSecretsPlace, edit, readTree, type SecretsPlace } from "./secrets-place.ts";

const clusterKeyFile = "kubernetes/bootstrap/argocd/age-key.sops.yaml";
const veleroFile = "kubernetes/infrastructure/velero/cloud-credentials.sops.yaml";
const escrowFile = "config/escrow/vault-password.sops.yaml";
const keyFile = "private/age-keys.txt";
const recoveryFile = "private/recovery-key.txt";

/** A mistake in a site that is there already: what init-secrets says to it, and who gives the key. */
interface Mistake {
  name: string;
  /** Of init-secrets; undefined where it finds nothing to say. */
  code?: string;
  says?: RegExp;
  /** Of readClusterKey, which looks at more, before Argo CD would. */
  preflight: { code: string; fix?: RegExp; why?: RegExp };
  spoil(place: SecretsPlace): void;
}

const mistakes: Mistake[] = [
  {
    name: "the rule for the cluster has lost its key",
    code: "SECRETS_CLUSTER_CANNOT_READ",
    says: /sops\.yaml:12:5.*Add age1\w{58} to its list, then run .*sops updatekeys/s,
    preflight: { code: "SECRETS_CLUSTER_CANNOT_READ", fix: /updatekeys/ },
    spoil: (place) => edit(place.path(".sops.yaml"), new RegExp(` +- ${readOwn(place)}\n`), ""),
  },
  {
    name: "one rule for all, as an earlier version wrote it",
    code: "SECRETS_CLUSTER_CANNOT_READ",
    says: /Put these rules before it.*sops updatekeys.*path_regex: '\^kubernetes/s,
    preflight: { code: "SECRETS_CLUSTER_CANNOT_READ", fix: /path_regex/ },
    spoil: (place) => writeRules(place, ([, , forPeople]) => [forPeople]),
  },
  {
    name: "the cluster's key in a rule for people",
    code: "SECRETS_CLUSTER_CAN_READ",
    says: /Take that key out/,
    preflight: { code: "SECRETS_CLUSTER_CAN_READ" },
    spoil: (place) =>
      writeRules(place, ([, forCluster]) => [{ ...forCluster, path_regex: "\\.sops\\.yaml$" }]),
  },
  {
    name: "the file with the key is gone",
    code: "SECRETS_CLUSTER_KEY_LOST",
    says: /names age1\w{58}, and.*git checkout HEAD/s,
    preflight: { code: "SECRETS_CLUSTER_KEY_MISSING", fix: /init-secrets/ },
    spoil: ({ path }) => rmSync(path(clusterKeyFile)),
  },
  {
    name: "another public half beside the key",
    code: "SECRETS_CLUSTER_KEY_DIFFERS",
    preflight: { code: "SECRETS_CLUSTER_KEY_DIFFERS" },
    spoil: (place) => edit(place.path(clusterKeyFile), readOwn(place), `age1${"z".repeat(58)}`),
  },
  {
    name: "no public half beside the key",
    code: "SECRETS_CLUSTER_KEY_INVALID",
    preflight: { code: "SECRETS_CLUSTER_KEY_INVALID" },
    spoil: ({ path }) => edit(path(clusterKeyFile), "age-recipient", "age-receiver"),
  },
  {
    name: "a file that updatekeys was not run on",
    preflight: {
      code: "SECRETS_CLUSTER_CANNOT_READ",
      why: /cloud-credentials\.sops\.yaml$/,
      fix: /^sops updatekeys \S+cloud-credentials\.sops\.yaml$/,
    },
    spoil: ({ path }) => {
      mkdirSync(path("kubernetes/apps"));
      copyFileSync(path(veleroFile), path("kubernetes/apps/a.sops.yml"));
      copyFileSync(path(escrowFile), path(veleroFile));
    },
  },
];

/** Everything that is promised of the cluster's own key, on the programs in a folder of PATH. */
export async function checkClusterKey(t: Test, programs: string): Promise<void> {
  await t.test("opens what is for the cluster, and nothing else", async (t) => {
    const place = await createSecretsPlace(t, programs);
    t.equal((await place.init()).exitCode, 0);
    const identity = await readClusterKey(place);
    const [recipient] = await readRecipients(identity, "it", place.env);
    t.match(place.read(clusterKeyFile), `infra-k3s.io/age-recipient: ${recipient}`);
    const asCluster = await takeKey(place, identity);
    t.match(await readSecret(place.path(veleroFile), asCluster), { cloud: /aws_access_key_id/ });
    for (const file of [escrowFile, clusterKeyFile]) {
      const open = readSecret(place.path(file), asCluster);
      await t.rejects(open, { code: "SECRETS_KEY_WRONG" }, file);
    }
    await t.rejects(readClusterKey(asCluster), {
      code: "SECRETS_KEY_WRONG",
      why: /it was encrypted for age1\w{58}, age1\w{58}$/,
    });
  });

  await t.test("another machine has it from the recovery key and the repository", async (t) => {
    const first = await createSecretsPlace(t, programs);
    await first.init();
    const second = await createSecretsPlace(t, programs, first);
    rmSync(second.path("private"), { recursive: true });
    await t.rejects(readClusterKey(second), { code: "SECRETS_KEY_MISSING", why: /age1/ });
    mkdirSync(second.path("private"), { mode: 0o700 });
    copyFileSync(first.path(recoveryFile), second.path(keyFile));
    const { exitCode, stderr } = await second.init([], { variables: {} });
    t.equal(exitCode, 0, stderr);
    t.equal(await readClusterKey(second), await readClusterKey(first));
  });

  await t.test(
    "is kept where the run ended before the rules, with those who can read it",
    async (t) => {
      const place = await createSecretsPlace(t, programs);
      const terminal = createFakeTerminal();
      const tell = terminal.err.bind(terminal);
      terminal.err = (text) => {
        tell(text);
        if (text.includes("age-key.sops.yaml")) terminal.interrupt(new Error("by the test"));
      };
      await place.init([], { terminal });
      const half = readTree(place.folder);
      t.notOk(half[".sops.yaml"], "the rules are not there yet");
      // Moved away already, as it should be.
      rmSync(place.path(recoveryFile));
      const { exitCode, stderr } = await place.init();
      t.equal(exitCode, 0, stderr);
      t.notOk(readTree(place.folder)[recoveryFile], "no second recovery key");
      t.equal(readTree(place.folder)[clusterKeyFile], half[clusterKeyFile]);
      const people = parsePeople(place.read(clusterKeyFile));
      t.strictSame(readRules(place)[0]?.age, people);
      await readClusterKey(place);
    },
  );

  await t.test("is made for a site that has none, which then says what to do", async (t) => {
    const place = await createSecretsPlace(t, programs);
    await place.init();
    rmSync(place.path(clusterKeyFile));
    writeRules(place, ([, , forPeople]) => [forPeople]);
    const { exitCode, stderr } = await place.init();
    t.equal(exitCode, exitCodes.badInput);
    t.match(stderr, /SECRETS_CLUSTER_CANNOT_READ.*Put these rules before it/s);
    t.strictSame(parsePeople(place.read(clusterKeyFile)), readRules(place)[0]?.age);
  });

  await t.test("mistakes in a site that is there", async (t) => {
    const original = await createSecretsPlace(t, programs);
    t.equal((await original.init()).exitCode, 0);
    await readClusterKey(original);
    for (const { name, code, says, preflight, spoil } of mistakes) {
      const place = await createSecretsPlace(t, programs, original);
      spoil(place);
      const before = readTree(place.folder);
      const { stderr } = await place.init();
      if (code !== undefined) t.match(stderr, code, name);
      if (says !== undefined) t.match(stderr, says, name);
      await t.rejects(readClusterKey(place), preflight, name);
      t.strictSame(readTree(place.folder), before, "nothing is changed");
    }
  });

  await t.test("the look before Argo CD needs no key, and names every file", async (t) => {
    const place = await createSecretsPlace(t, programs);
    await t.rejects(checkClusterSecrets(place.site), { code: "SECRETS_CLUSTER_KEY_MISSING" });
    await place.init();
    const rules = place.read(".sops.yaml");
    writeRules(place, ([, , forPeople]) => [forPeople]);
    rmSync(place.path(clusterKeyFile));
    const secret = { name: "a", namespace: "a", values: { a: "hunter22" } };
    for (const file of ["kubernetes/apps/a.sops.yaml", "kubernetes/apps/b.sops.yaml"]) {
      await writeSecret(place.path(file), secret, place);
    }
    await place.init();
    const newOwn = readOwn(place);
    writeFileSync(place.path(".sops.yaml"), rules);
    edit(place.path(".sops.yaml"), readRules(place)[1]?.age.at(-1) ?? "", newOwn);
    rmSync(place.path("private"), { recursive: true });
    await t.rejects(checkClusterSecrets(place.site), {
      code: "SECRETS_CLUSTER_CANNOT_READ",
      message: /^7 encrypted files are/,
      why: /apps\/a\.sops\.yaml\n.*apps\/b\.sops\.yaml\n/,
      fix: /^(sops updatekeys \S+\n?){7}$/,
    });
  });
}

/** A site's place in which the operator has the cluster's key and no other. */
async function takeKey(place: SecretsPlace, identity: string): Promise<SecretsPlace> {
  const file = path.join(place.folder, "../cluster-key.txt");
  writeFileSync(file, identity, { mode: 0o600 });
  return { ...place, site: { ...place.site, ageKeyFile: file } };
}

interface Rule {
  path_regex: string;
  age: string[];
}

function readRules(place: SecretsPlace): Rule[] {
  return (parse(place.read(".sops.yaml")) as { creation_rules: Rule[] }).creation_rules;
}

/** JSON is YAML, too. */
function writeRules(place: SecretsPlace, choose: (rules: Rule[]) => unknown[]): void {
  const text = JSON.stringify({ creation_rules: choose(readRules(place)) });
  writeFileSync(place.path(".sops.yaml"), text);
}

/** The public half of the cluster's key. */
function readOwn(place: SecretsPlace): string {
  const [, recipient = ""] = /age-recipient: (\w+)/.exec(place.read(clusterKeyFile)) ?? [];
  return recipient;
}

function parsePeople(text: string): string[] {
  const { sops } = parse(text) as { sops: { age: { recipient: string }[] } };
  return sops.age.map(({ recipient }) => recipient);
}
