import { spawn } from "node:child_process";
import { cpSync, existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import t from "tap";
import { buildComponents } from "../../lab/build-components.ts";
import { repositoryRoot } from "../../lib/config/paths.ts";
import { run } from "../../lib/exec/run.ts";
import { checkPlan } from "../../lib/tofu/check-plan.ts";
import { connectStack, initStack } from "../../lib/tofu/connect-stack.ts";
import type { ResourceChange, StackPlan } from "../../lib/stack.ts";
import { makeOwnCa } from "../support/own-ca.ts";
import { startOwnStore } from "./support/own-store.ts";

/** Needs Go and openssl, and builds tofu and versitygw the first time; no hosts, and nothing of the lab. */
t.setTimeout(1_800_000);

const { programs } = await buildComponents({ only: ["opentofu", "versitygw"] });
const tofu = programs["tofu"] ?? "";
const folder = t.testdir({
  site: {},
  inventory: {},
  home: {},
  tls: {},
  buckets: { "infra-k3s-state": {} },
});
const bucketsFolder = path.join(folder, "buckets");
const own = makeOwnCa(path.join(folder, "tls"));
if (own === undefined) throw new Error("there is no openssl program to make certificates with");
const store = await startOwnStore(t, programs["versitygw"] ?? "", own, bucketsFolder);

const tofuFolder = path.join(repositoryRoot, "tofu");
const fixture = path.join(repositoryRoot, "test/fixtures/tofu/stack");
const stackFolder = path.join(folder, "stack");
cpSync(fixture, stackFolder, { recursive: true });
cpSync(path.join(tofuFolder, "backend.tf"), path.join(stackFolder, "backend.tf"));
cpSync(path.join(tofuFolder, "modules"), path.join(stackFolder, "modules"), { recursive: true });

const passphrase = "a passphrase of the tests alone";
const env = {
  PATH: `${path.dirname(tofu)}:${process.env["PATH"]}`,
  HOME: path.join(folder, "home"),
  TF_VAR_state_passphrase: passphrase,
  ...store.keys,
};
const site = {
  folder: path.join(folder, "site"),
  inventoryFolder: path.join(folder, "inventory"),
  cloudflare: undefined,
  objectStore: { url: store.url, caFile: own.caFile },
};
const options = { folder: stackFolder };
/** For tofu without the library around it. */
const ownEnv = { ...env, TF_DATA_DIR: path.join(site.folder, ".terraform") };
const stack = connectStack(site, env, options);
const stateFile = path.join(bucketsFolder, "infra-k3s-state/infra-k3s/main.tfstate");

writeFileSync(
  path.join(site.inventoryFolder, "hosts.yml"),
  `all:
  children:
    k3s_cluster:
      children:
        k3s_masters: { hosts: { vps-1: { public_ip: 203.0.113.1 } } }
        k3s_workers: { hosts: { vps-2: { public_ip: 203.0.113.2 } } }
`,
);

/** The static records, with what www and status point to. */
function writeRecords({ www = "vps-1", status = "vps-1" } = {}): string {
  const file = path.join(folder, "records.yaml");
  const records = [
    { name: "www.example.com", type: "A", node: www },
    { name: "status.example.com", type: "A", node: status },
    { name: "example.com", type: "TXT", content: "not to be read in the bucket" },
  ];
  writeFileSync(file, JSON.stringify({ zone: "example.com", records }));
  return file;
}

/** What the plan of the main stack would be: OpenTofu's own resource has what it holds in its input. */
function asRecords({ changes }: StackPlan): { changes: ResourceChange[] } {
  const take = (all: ResourceChange["before"]) => all?.["input"] as ResourceChange["before"];
  return {
    changes: changes.map((change) => ({
      ...change,
      type: "cloudflare_dns_record",
      before: take(change.before),
      after: take(change.after),
      unknown: [],
    })),
  };
}

const moved = { name: "www.example.com", type: "A", from: "203.0.113.1", to: "203.0.113.2" };

await t.test("what is written is formatted", async (t) => {
  for (const place of [tofuFolder, fixture]) {
    const { stdout } = await run([tofu, "fmt", "-check", "-recursive", place], { env });
    t.equal(stdout, "", place);
  }
});

await t.test("a folder that is not ready is told, with how to make it so", async (t) => {
  await t.rejects(stack.plan(writeRecords()), {
    code: "TOFU_NOT_INITIALIZED",
    fix: /init -backend-config=backends\/r2\.s3\.tfbackend$/,
  });
});

await t.test(
  "the state goes to R2's stand-in, encrypted, and nothing is refused there",
  async (t) => {
    await initStack(site, env, options);
    await initStack(site, env, options);
    const plan = await stack.plan(writeRecords());
    t.strictSame(
      plan.changes.map(({ address, actions }) => `${address} ${actions.join()}`),
      [
        'terraform_data.record["A status.example.com"] create',
        'terraform_data.record["A www.example.com"] create',
        'terraform_data.record["TXT example.com dd5cc43e"] create',
      ],
    );
    t.equal(statSync(plan.file).mode & 0o777, 0o600);
    t.equal(statSync(path.dirname(plan.file)).mode & 0o777, 0o700);
    const shown = await run([tofu, "show", "-json", plan.file], { cwd: stackFolder, env: ownEnv });
    t.notMatch(shown.stdout, passphrase, "it is not in the plan, even for who can read it");
    await stack.apply(plan);
    t.throws(() => statSync(plan.file), "it is gone");
    t.strictSame((await stack.plan(writeRecords())).changes, []);

    const state = readFileSync(stateFile, "utf8");
    t.match(JSON.parse(state), { encrypted_data: String, encryption_version: "v0" });
    for (const text of ["example.com", "203.0.113", "not to be read", passphrase]) {
      t.notMatch(state, text);
    }
    t.strictSame(store.proxy.counters.refusals, {});
    t.equal(store.proxy.counters.failures, 0);
    t.match(store.proxy.counters.requests, {
      PutObject: Number,
      GetObject: Number,
      DeleteObject: Number,
    });
  },
);

await t.test(
  "a record that moves to another node is changed where it is, by that plan",
  async (t) => {
    const plan = await stack.plan(writeRecords({ www: "vps-2" }));
    t.match(plan.changes, [
      { address: 'terraform_data.record["A www.example.com"]', actions: ["update"] },
    ]);
    t.doesNotThrow(() => checkPlan(asRecords(plan), [moved]));
    // What is declared by now does not matter: the plan is carried out as it was judged.
    writeRecords({ www: "vps-1", status: "vps-2" });
    await stack.apply(plan);
    t.strictSame((await stack.plan(writeRecords({ www: "vps-2" }))).changes, []);
    await stack.apply(await stack.plan(writeRecords()));
  },
);

await t.test("a plan with a surprise is stopped, and changes nothing", async (t) => {
  const before = readFileSync(stateFile, "utf8");
  const plan = await stack.plan(writeRecords({ www: "vps-2", status: "vps-2" }));
  t.throws(() => checkPlan(asRecords(plan), [moved]), {
    code: "TOFU_PLAN_SURPRISE",
    why: /^terraform_data\.record\["A status\.example\.com"\]: it is not to be changed: content "203\.0\.113\.1" → "203\.0\.113\.2"$/,
  });
  t.equal(readFileSync(stateFile, "utf8"), before);
});

await t.test("of two runs at once the second is refused, and changes nothing", async (t) => {
  const before = readFileSync(stateFile, "utf8");
  const records = writeRecords({ www: "vps-2" });
  const judged = await stack.plan(records);
  const inventory = path.join(site.inventoryFolder, "hosts.yml");
  const argv = [
    "apply",
    "-no-color",
    `-var=records_file=${records}`,
    `-var=inventory_file=${inventory}`,
  ];
  const first = spawn(tofu, argv, {
    cwd: stackFolder,
    env: ownEnv,
    stdio: ["pipe", "pipe", "inherit"],
  });
  // It waits for a person's yes, and holds the lock.
  let says = "";
  first.stdout.on("data", (part: Buffer) => (says += part.toString()));
  while (!says.includes("Enter a value")) {
    if (first.exitCode !== null) throw new Error(`it ended with code ${first.exitCode}: ${says}`);
    await sleep(20);
  }
  const refusal = {
    code: "TOFU_STATE_LOCKED",
    why: /^\S+@\S+ has held it since \d{4}-\d\d-\d\d .* for OperationTypeApply$/,
    fix: /force-unlock [0-9a-f-]{36}$/,
  };
  await t.rejects(stack.plan(records), refusal);
  await t.rejects(stack.apply(judged), refusal);
  t.equal(readFileSync(stateFile, "utf8"), before);
  const ended = new Promise((resolve) => first.once("exit", resolve));
  first.stdin.end("yes\n");
  t.equal(await ended, 0);
  await t.rejects(stack.apply(judged), { code: "TOFU_PLAN_STALE" });
});

await t.test("another passphrase opens nothing, and a state in clear is not read", async (t) => {
  const before = readFileSync(stateFile, "utf8");
  const records = writeRecords();
  const other = { ...env, TF_VAR_state_passphrase: "another passphrase of the tests" };
  await t.rejects(connectStack(site, other, options).plan(records), { code: "TOFU_STATE_KEY" });
  const none = { ...env, TF_VAR_state_passphrase: undefined };
  await t.rejects(connectStack(site, none, options).plan(records), {
    code: "TOFU_STATE_KEY",
    why: "TF_VAR_state_passphrase is not set",
  });
  t.equal(readFileSync(stateFile, "utf8"), before);
  const clear = { version: 4, terraform_version: "1.12.6", serial: 9, lineage: "x", resources: [] };
  writeFileSync(stateFile, JSON.stringify(clear));
  await t.rejects(stack.plan(records), { code: "TOFU_STATE_KEY", message: /is not encrypted/ });
});

await t.test("the static records, of all types", async (t) => {
  const module = path.join(stackFolder, "modules/static-records");
  await run([tofu, "init", "-no-color"], { cwd: module, env });
  const { stdout } = await run([tofu, "test", "-no-color"], { cwd: module, env });
  t.match(stdout, /Success! 5 passed, 0 failed\./);
});

/** Tofu's own settings, with a mirror that the provider can be fetched from. */
const mirror = process.env["TF_CLI_CONFIG_FILE"] ?? "";
const skip = !existsSync(mirror) && "TF_CLI_CONFIG_FILE names no settings with a mirror";

await t.test(
  "what needs Cloudflare's provider is valid, and its tests pass",
  { skip },
  async (t) => {
    const withProvider = { ...env, TF_CLI_CONFIG_FILE: mirror };
    const copy = path.join(folder, "tofu");
    cpSync(tofuFolder, copy, { recursive: true });
    for (const [part, passed] of [
      [".", 0],
      ["bootstrap", 0],
      ["modules/cloudflare-dns", 7],
      ["modules/r2-bucket", 5],
    ] as const) {
      const at = { cwd: path.join(copy, part), env: withProvider };
      await run([tofu, "init", "-no-color", "-backend=false"], at);
      await run([tofu, "validate", "-no-color"], at);
      if (passed === 0) continue;
      const { stdout } = await run([tofu, "test", "-no-color"], at);
      t.match(stdout, `Success! ${passed} passed, 0 failed.`, part);
    }
  },
);
