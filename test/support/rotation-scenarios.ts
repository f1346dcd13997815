import { copyFileSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import type { Test } from "tap";
import { readSecret } from "../../lib/secrets/secret-file.ts";
import { createFakeTerminal } from "./fake-terminal.ts";
import { createSecretsPlace, edit, readTree, type SecretsPlace } from "./secrets-place.ts";

const rulesFile = ".sops.yaml";
const keyFile = "private/age-keys.txt";
const recoveryFile = "private/recovery-key.txt";
const escrowFile = "config/escrow/vault-password.sops.yaml";
const confirmed = ["--confirm", "test"];

/** A mistake in a site whose .sops.yaml was edited, and what rotate-secrets says to it. */
interface Mistake {
  name: string;
  code: string;
  says?: RegExp;
  args?: string[];
  spoil(place: SecretsPlace, other: SecretsPlace): void;
}

const mistakes: Mistake[] = [
  {
    name: "the own key is in no list any more",
    code: "SECRETS_RULE_UNFIT",
    says: /you could not read what you encrypt/,
    spoil: (place, other) => swap(place, readOwn(place), readOwn(other)),
  },
  {
    name: "one recipient is left",
    code: "SECRETS_RULE_UNFIT",
    says: /fewer than two/,
    spoil: (place) => takeOut(place, readRecovery(place)),
  },
  {
    name: "the recovery key that is at hand is in no list any more",
    code: "SECRETS_RECOVERY_LOCKED_OUT",
    says: /recovery-key\.txt.*if it is an old one, remove its file/s,
    spoil: (place, other) => swap(place, readRecovery(place), readOwn(other)),
  },
  {
    name: "somebody goes, and nobody says which one the recovery key is",
    code: "SECRETS_RECOVERY_UNKNOWN",
    says: /--recovery-recipient AGE1/,
    spoil(place, other) {
      swap(place, readRecovery(place), readOwn(other));
      rmSync(place.path(recoveryFile));
    },
  },
  {
    name: "the recovery key that is said is in no list",
    code: "SECRETS_RECOVERY_LOCKED_OUT",
    says: /give the recovery key that you have now/,
    args: ["--recovery-recipient", `age1${"z".repeat(58)}`],
    spoil: (place, other) => add(place, readOwn(other)),
  },
  {
    name: "a private key in the lists",
    code: "SECRETS_RECIPIENT_INVALID",
    says: /it is a private key/,
    spoil: (place) => add(place, `AGE-SECRET-KEY-1${"Q".repeat(58)}`),
  },
  {
    name: "a public key with a wrong sum",
    code: "SECRETS_RECIPIENT_INVALID",
    says: /is it whole/,
    spoil: (place) => add(place, `age1${"q".repeat(58)}`),
  },
  {
    name: "no key",
    code: "SECRETS_NOT_MADE",
    spoil: (place) => rmSync(place.path(keyFile)),
  },
  {
    name: "no rules",
    code: "SECRETS_NOT_MADE",
    spoil: (place) => rmSync(place.path(rulesFile)),
  },
  {
    name: "a file that is in clear",
    code: "SECRETS_NOT_ENCRYPTED",
    spoil: (place) => writeFileSync(place.path("config/a.sops.yaml"), "a: hunter22\n"),
  },
  {
    name: "a file that no rule covers",
    code: "SECRETS_RULE_MISSING",
    spoil: (place) => edit(place.path(rulesFile), ".\\.sops", "^kubernetes/.*\\.sops"),
  },
  {
    name: "a file that was changed by hand",
    code: "SECRETS_FILE_CHANGED",
    spoil(place, other) {
      edit(place.path(escrowFile), /ENC\[AES256_GCM,data:[^,]{4}/, "ENC[AES256_GCM,data:0000");
      add(place, readOwn(other));
    },
  },
  {
    name: "a file that is not for the own key yet",
    code: "SECRETS_KEY_WRONG",
    spoil: (place, other) => copyFileSync(other.path(escrowFile), place.path(escrowFile)),
  },
  {
    name: "a key of the cluster that the rules do not name",
    code: "SECRETS_CLUSTER_CANNOT_READ",
    spoil: (place) => takeOut(place, readCluster(place)),
  },
];

/** Everything that rotate-secrets promises of readers and data keys, on programs in a folder of PATH. */
export async function checkReaders(t: Test, programs: string): Promise<void> {
  const original = await createSecretsPlace(t, programs);
  await original.init();
  const other = await createSecretsPlace(t, programs);
  await other.init();
  const copy = async () => await createSecretsPlace(t, programs, original);

  await t.test("without a change of the rules there is nothing to do", async (t) => {
    const place = await copy();
    const before = readTree(place.folder);
    const { exitCode, stdout, questions } = await place.rotate();
    t.strictSame([exitCode, questions], [0, []]);
    t.match(stdout, /^Nothing to do: 7 encrypted files/);
    t.strictSame(readTree(place.folder), before);
  });

  await t.test("somebody comes, and goes again", async (t) => {
    const place = await copy();
    const values = await readAll(place);
    const newcomer = readOwn(other);
    add(place, newcomer);
    const before = readTree(place.folder);
    const planned = await place.rotate(["--dry-run"]);
    t.equal(planned.exitCode, 0, planned.stderr);
    t.match(planned.stdout, `+ ${newcomer}: can read it from then on`);
    t.match(planned.stdout, /cloud-credentials\.sops\.yaml +age1\w{8}…\n/);
    t.equal((await place.rotate()).exitCode, 3, "without consent");
    t.strictSame(readTree(place.folder), before, "nothing is changed by either");

    const typed = createFakeTerminal({ answers: ["test"] });
    const come = await place.rotate([], typed);
    t.equal(come.exitCode, 0, come.stderr);
    t.match(come.stdout, /^7 files were encrypted anew\n.*commit and push/s);
    t.notMatch(come.stdout, /make anew/);
    t.match((await place.rotate()).stdout, /^Nothing to do/);
    t.strictSame(await readAll(place), values, "what is in the files is the same");
    t.strictSame(await readAll(place, other.path(keyFile)), values, "for the newcomer, too");
    t.strictSame(await readAll(place, place.path(recoveryFile)), values);

    const known = readValues(place);
    takeOut(place, newcomer);
    const go = await place.rotate(confirmed);
    t.equal(go.exitCode, 0, go.stderr);
    t.match(go.stderr, `- ${newcomer}: has seen it`);
    t.match(go.stdout, /make anew: the cluster's age key, before everything else.*make anew: /s);
    t.notMatch(go.stdout, /what is in \S+\.sops/, "of each file it is known what");
    t.strictSame(await readAll(place), values);
    await t.rejects(readAll(place, other.path(keyFile)), { code: "SECRETS_KEY_WRONG" });
    // With a data key that is known, what is in Git's history would open these, too.
    t.strictSame(
      readValues(place).filter((value) => known.includes(value)),
      [],
    );
    t.match((await place.init([], { variables: {} })).stdout, /^there +your age key/m);
  });

  await t.test("somebody goes, with the recovery key kept elsewhere", async (t) => {
    const place = await copy();
    const recovery = readRecovery(place);
    add(place, readOwn(other));
    await place.rotate(confirmed);
    rmSync(place.path(recoveryFile));
    takeOut(place, readOwn(other));
    const said = ["--recovery-recipient", recovery];
    t.equal((await place.rotate([...confirmed, ...said])).exitCode, 0);
    const values = await readAll(place, original.path(recoveryFile));
    t.strictSame(values, await readAll(place));
  });

  await t.test("a new data key for every file", async (t) => {
    const place = await copy();
    const [values, hidden] = [await readAll(place), readValues(place)];
    const { exitCode, stdout, stderr } = await place.rotate(["--what", "data-keys", ...confirmed]);
    t.equal(exitCode, 0, stderr);
    t.match(stdout, /^7 files were encrypted anew/);
    t.strictSame(await readAll(place), values);
    t.strictSame(
      readValues(place).filter((value) => hidden.includes(value)),
      [],
    );
    t.match((await place.rotate()).stdout, /^Nothing to do/, "the readers are the same");
  });

  await t.test("an interruption anywhere: the next run goes on", async (t) => {
    for (const count of [1, 4, 7]) {
      const place = await copy();
      add(place, readOwn(other));
      const terminal = interruptAfter(count, /^encrypted anew/);
      const half = await place.rotate(confirmed, terminal);
      t.equal(half.exitCode, count === 7 ? 0 : 70);
      const rest = await place.rotate(confirmed);
      t.equal(rest.exitCode, 0, rest.stderr);
      if (count < 7) t.match(rest.stdout, new RegExp(`^${7 - count} files? w`));
      await readAll(place, other.path(keyFile));
    }
  });

  await t.test("a file with other keys than age's is left to a person, and told", async (t) => {
    const place = await copy();
    const file = place.path("config/mine.sops.yaml");
    const text =
      'data: { a: "ENC[AES256_GCM,data:00]" }\nsops: { mac: "ENC[a]", pgp: [{ fp: AB }] }\n';
    writeFileSync(file, text);
    const { stdout } = await place.rotate();
    t.match(stdout, /mine\.sops\.yaml has keys of other kinds/);
    add(place, readOwn(other));
    t.equal((await place.rotate(confirmed)).exitCode, 0);
    t.equal(place.read("config/mine.sops.yaml"), text);
  });

  await t.test("a file that cannot be written: the next run goes on", async (t) => {
    const place = await copy();
    add(place, readOwn(other));
    const inTheWay = place.path(`config/escrow/.vault-password.sops.yaml.${process.pid}.new`);
    mkdirSync(inTheWay);
    const { exitCode, stderr } = await place.rotate(confirmed);
    t.match([exitCode, stderr], [4, /SECRETS_WRITE_FAILED.*the same command again/s]);
    rmSync(inTheWay, { recursive: true });
    t.equal((await place.rotate(confirmed)).exitCode, 0);
    await readAll(place, other.path(keyFile));
  });

  await t.test("mistakes", async (t) => {
    for (const { name, code, says, args = [], spoil } of mistakes) {
      const place = await copy();
      spoil(place, other);
      const before = readTree(place.folder);
      const { exitCode, stderr } = await place.rotate([...confirmed, ...args]);
      t.equal(exitCode, 2, `${name}: ${stderr}`);
      t.match(stderr, code, name);
      if (says !== undefined) t.match(stderr, says, name);
      t.notMatch(stderr, /hunter22|QQQQ/, name);
      t.strictSame(readTree(place.folder), before, `${name}: nothing is changed`);
    }
  });
}

/** A terminal whose person presses Ctrl-C at the n-th line that fits. */
export function interruptAfter(count: number, line: RegExp) {
  const terminal = createFakeTerminal();
  const tell = terminal.err.bind(terminal);
  let seen = 0;
  terminal.err = (text) => {
    tell(text);
    if (line.test(text) && ++seen === count) terminal.interrupt(new Error("by the test"));
  };
  return terminal;
}

/** The values of every file that is for people, by the key in a file: the operator's when left out. */
async function readAll(place: SecretsPlace, ageKeyFile = place.path(keyFile)) {
  const files = listEncrypted(place);
  const other = { ...place, site: { ...place.site, ageKeyFile } };
  const values = files.map(async (file) => [file, await readSecret(place.path(file), other)]);
  return Object.fromEntries(await Promise.all(values)) as Record<string, unknown>;
}

/** What stands in the files in place of values. */
function readValues(place: SecretsPlace): string[] {
  return listEncrypted(place).flatMap(
    (file) => place.read(file).match(/ENC\[[^\]]+,type:str\]/g) ?? [],
  );
}

function listEncrypted(place: SecretsPlace): string[] {
  return Object.keys(readTree(place.folder)).filter((file) => /.\.sops\.yaml$/.test(file));
}

/** Adds a public key behind the recovery key, in every list of .sops.yaml. */
function add(place: SecretsPlace, recipient: string): void {
  const recovery = readRecovery(place);
  edit(place.path(rulesFile), new RegExp(`^( +- )${recovery}\n`, "gm"), `$&$1${recipient}\n`);
}

function takeOut(place: SecretsPlace, recipient: string): void {
  edit(place.path(rulesFile), new RegExp(`^ +- ${recipient}\n`, "gm"), "");
}

function swap(place: SecretsPlace, recipient: string, by: string): void {
  edit(place.path(rulesFile), new RegExp(recipient, "g"), by);
}

/** The public half of the operator's key. */
export function readOwn(place: SecretsPlace): string {
  return readPublic(place.read(keyFile));
}

function readRecovery(place: SecretsPlace): string {
  return readPublic(place.read(recoveryFile));
}

/** The public half of the cluster's key, that it is to go on with. */
export function readCluster(place: SecretsPlace): string {
  const [, recipient = ""] =
    /age-recipient: (\w+)/.exec(place.read("kubernetes/bootstrap/argocd/age-key.sops.yaml")) ?? [];
  return recipient;
}

function readPublic(text: string): string {
  const [recipient = ""] = /age1\w{58}/.exec(text) ?? [];
  return recipient;
}
