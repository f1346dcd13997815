import { rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { Test } from "tap";
import { parse } from "yaml";
import { checkClusterSecrets } from "../../lib/secrets/check-cluster-secrets.ts";
import { readClusterIdentities, readClusterKey } from "../../lib/secrets/cluster-key.ts";
import { readClusterKeyState, withdrawClusterKey } from "../../lib/secrets/rotate-cluster-key.ts";
import { readSecret } from "../../lib/secrets/secret-file.ts";
import { interruptAfter, readCluster, readOwn } from "./rotation-scenarios.ts";
import { createSecretsPlace, edit, readTree, type SecretsPlace } from "./secrets-place.ts";

const rotation = ["--what", "cluster-key", "--confirm", "test"];
const clusterKeyFile = "kubernetes/bootstrap/argocd/age-key.sops.yaml";
const escrowFile = "config/escrow/vault-password.sops.yaml";
const quiet = { signal: new AbortController().signal, say: () => undefined };

/** What is promised of a new key for the cluster, as far as files go, on programs in a folder of PATH. */
export async function checkClusterRotation(t: Test, programs: string): Promise<void> {
  const original = await createSecretsPlace(t, programs);
  await original.init();
  const copy = async () => await createSecretsPlace(t, programs, original);
  const old = readCluster(original);
  const [oldIdentity] = await readClusterIdentities(original);

  await t.test("the first run: a second key, and everything for both", async (t) => {
    const place = await copy();
    const before = readTree(place.folder);
    const planned = await place.rotate([...rotation, "--dry-run"]);
    t.equal(planned.exitCode, 0, planned.stderr);
    t.match(planned.stdout, `in place of ${old}`);
    t.match(planned.stdout, /the 5 files that the cluster reads are encrypted for both/);
    t.strictSame(readTree(place.folder), before);
    const { exitCode, stdout, stderr } = await place.rotate(rotation);
    t.equal(exitCode, 0, stderr);
    t.match(stdout, /commit and push.*the same command again/s);
    t.notMatch(stdout + stderr, /AGE-SECRET-KEY/);

    const made = readCluster(place);
    t.not(made, old);
    const { age } = readRule(place);
    t.strictSame(age.slice(-2), [old, made], "the rule for the cluster names both");
    t.notOk(readRecipients(place, clusterKeyFile).includes(made), "it does not open itself");
    t.strictSame(
      readTree(place.folder)[escrowFile],
      before[escrowFile],
      "what only people read is as it was",
    );
    await checkClusterSecrets(place.site);
    const identities = await readClusterIdentities(place);
    t.strictSame(
      identities.map(({ recipient }) => recipient),
      [made, old],
    );
    for (const { text } of identities)
      t.strictSame(await readAs(place, text), await readAll(place));
    t.match(
      await readClusterKey(place),
      /(AGE-SECRET-KEY-1\w{58}\n[^A]*){2}/,
      "init-cluster gives both",
    );
    t.match((await place.init([], { variables: {} })).stdout, /^there +the cluster's age key/m);
    t.match((await place.rotate()).stdout, /^Nothing to do/);
  });

  await t.test("the second run: the old one goes out of everything", async (t) => {
    const place = await copy();
    const values = await readAll(place);
    await place.rotate(rotation);
    const made = readCluster(place);
    const state = await readClusterKeyState(place);
    t.equal(state.stage, "withdraw");
    await withdrawClusterKey(place, state, quiet);
    t.notMatch(place.read(".sops.yaml"), old);
    t.equal(readRule(place).age.at(-1), made);
    t.strictSame(await readAll(place), values);
    await checkClusterSecrets(place.site);
    const [identity, ...others] = await readClusterIdentities(place);
    t.strictSame([identity?.recipient, others], [made, []]);
    t.strictSame(await readAs(place, identity?.text ?? ""), values);
    await t.rejects(readAs(place, oldIdentity?.text ?? ""), { code: "SECRETS_KEY_WRONG" });
    t.equal((await readClusterKeyState(place)).stage, "begin");
  });

  await t.test("an interruption anywhere in either run: the next one goes on", async (t) => {
    for (const count of [1, 2, 5]) {
      const place = await copy();
      t.equal(
        (await place.rotate(rotation, interruptAfter(count, /^(changed|encr)/))).exitCode,
        70,
      );
      const made = readCluster(place);
      t.equal((await readClusterKeyState(place)).stage, "spread");
      const rest = await place.rotate(rotation);
      t.match(rest.stderr, /the rest of the first run/);
      t.equal(rest.exitCode, 0, rest.stderr);
      t.equal(readCluster(place), made, "with the key of the first run");
      const state = await readClusterKeyState(place);
      t.equal(state.stage, "withdraw");

      const stop = new AbortController();
      let seen = 0;
      const say = () => void (++seen === count && stop.abort(new Error("by the test")));
      const half = withdrawClusterKey(place, state, { signal: stop.signal, say });
      await t.rejects(half, /by the test/);
      const open = await readClusterKeyState(place);
      t.equal(open.stage, "withdraw");
      await withdrawClusterKey(place, open, quiet);
      t.equal((await readClusterKeyState(place)).stage, "begin");
      t.strictSame(await readAs(place, state.newer.text), await readAll(place));
    }
  });

  await t.test("is refused, with nothing changed", async (t) => {
    const other = await createSecretsPlace(t, programs);
    await other.init();
    for (const [code, spoil] of [
      ["SECRETS_READERS_OPEN", (place) => addReader(place, readOwn(other))],
      ["SECRETS_CLUSTER_KEY_MISSING", ({ path }) => rmSync(path(clusterKeyFile))],
      ["SECRETS_KEY_MISSING", ({ path }) => rmSync(path("private/age-keys.txt"))],
      [
        "SECRETS_CLUSTER_CANNOT_READ",
        (place) => edit(place.path(".sops.yaml"), `- ${old}\n`, "\n"),
      ],
    ] as [string, (place: SecretsPlace) => void][]) {
      const place = await copy();
      spoil(place);
      const before = readTree(place.folder);
      const { exitCode, stderr } = await place.rotate(rotation);
      t.match([exitCode, stderr], [2, new RegExp(code)]);
      t.strictSame(readTree(place.folder), before, code);
    }
    const place = await copy();
    await place.rotate(rotation);
    const before = readTree(place.folder);
    const { exitCode, stderr } = await place.rotate(rotation);
    t.match([exitCode, stderr], [2, /CLUSTER_KUBECONFIG_MISSING/]);
    t.strictSame(readTree(place.folder), before, "the second run needs the cluster");
  });
}

/** Both halves of what each file of the cluster says, opened with the operator's key. */
async function readAll(place: SecretsPlace) {
  return await readWith(place, place.site.ageKeyFile);
}

/** The same with a key of the cluster. */
async function readAs(place: SecretsPlace, identity: string) {
  const file = path.join(place.folder, "../cluster-key.txt");
  writeFileSync(file, identity, { mode: 0o600 });
  return await readWith(place, file);
}

async function readWith(place: SecretsPlace, ageKeyFile: string) {
  const files = Object.keys(readTree(place.folder)).filter(
    (file) => /^kubernetes\/.*\.sops\.yaml$/.test(file) && file !== clusterKeyFile,
  );
  const other = { ...place, site: { ...place.site, ageKeyFile } };
  return await Promise.all(files.map(async (file) => await readSecret(place.path(file), other)));
}

function readRule(place: SecretsPlace): { age: string[] } {
  const { creation_rules: rules } = parse(place.read(".sops.yaml")) as {
    creation_rules: { age: string[] }[];
  };
  return rules[1] ?? { age: [] };
}

function readRecipients(place: SecretsPlace, file: string): string[] {
  const { sops } = parse(place.read(file)) as { sops: { age: { recipient: string }[] } };
  return sops.age.map(({ recipient }) => recipient);
}

function addReader(place: SecretsPlace, recipient: string): void {
  edit(place.path(".sops.yaml"), /^( +- )age1\w+\n/gm, `$&$1${recipient}\n`);
}
