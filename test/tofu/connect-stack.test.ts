import { chmodSync, existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import t, { type Test } from "tap";
import { repositoryRoot } from "../../lib/config/paths.ts";
import { connectStack, initStack } from "../../lib/tofu/connect-stack.ts";

const passphrase = "a passphrase of the tests alone";
const shown = path.join(repositoryRoot, "test/fixtures/tofu/plans/move.json");

/** A site with a stand-in for tofu, which notes how it was called and then does as told. */
function start(t: Test, then = "") {
  const folder = t.testdir({ bin: {}, stack: {}, site: {}, "records.yaml": "zone: example.com" });
  const at = (name: string) => path.join(folder, name);
  const script = `#!/bin/sh
echo "$@" >>${at("called")}
env | sort >${at("env")}
${then}
case $1 in
  plan) for arg; do case $arg in -out=*) echo plan >"\${arg#-out=}"; esac; done ;;
  show) cat ${shown} ;;
esac
`;
  writeFileSync(at("bin/tofu"), script);
  chmodSync(at("bin/tofu"), 0o755);
  const env = {
    PATH: `${at("bin")}:${process.env["PATH"]}`,
    TF_VAR_state_passphrase: passphrase,
    TF_VAR_records_file: "/another",
    TF_CLI_ARGS_plan: "-destroy",
    TF_LOG: "trace",
    TF_ENCRYPTION: "key_provider {}",
    TF_WORKSPACE: "other",
    CLOUDFLARE_API_TOKEN: "token-of-the-tests",
  };
  const site = {
    folder: at("site"),
    inventoryFolder: "/site/inventory",
    cloudflare: { url: "https://127.0.0.1:1/client/v4", caFile: "/site/ca.pem" },
    objectStore: { url: "https://127.0.0.1:2", caFile: "/site/ca.pem" },
  };
  const options = { folder: at("stack") };
  const read = (name: string) => readFileSync(at(name), "utf8");
  return {
    env,
    site,
    options,
    stack: connectStack(site, env, options),
    records: at("records.yaml"),
    read,
  };
}

t.test("a plan is saved for this user alone, shown, and carried out as it is", async (t) => {
  const { stack, records, read } = start(t);
  const plan = await stack.plan(records);
  t.match(plan.changes, [{ address: /"A www\.example\.com"/, actions: ["update"] }]);
  t.equal(statSync(plan.file).mode & 0o777, 0o600);
  const beside = (name: string) => path.join(path.dirname(plan.file), name);
  t.equal(readFileSync(beside("records.yaml"), "utf8"), "zone: example.com");
  await stack.apply(plan);
  t.notOk(existsSync(path.dirname(plan.file)), "nothing is left of it");
  t.strictSame(read("called").trim().split("\n"), [
    `plan -out=${plan.file} -var=records_file=${beside("records.yaml")} -var=inventory_file=${beside("hosts.yml")} -input=false -no-color`,
    `show -json ${plan.file}`,
    `apply -input=false -no-color ${plan.file}`,
  ]);
});

t.test(
  "secrets come by the environment, and nothing else there changes what is planned",
  async (t) => {
    const { stack, site, records, read } = start(t);
    await stack.plan(records);
    t.notMatch(read("called"), passphrase);
    const env = read("env");
    t.match(env, `TF_VAR_state_passphrase=${passphrase}\n`);
    t.match(env, `TF_DATA_DIR=${site.folder}/.terraform\n`);
    t.match(env, "CLOUDFLARE_BASE_URL=https://127.0.0.1:1/client/v4\n");
    t.match(env, "SSL_CERT_FILE=/site/ca.pem\n");
    t.match(env, "TF_WORKSPACE=default\n");
    for (const name of ["TF_LOG", "TF_ENCRYPTION", "TF_CLI_ARGS_plan", "TF_VAR_records_file"]) {
      t.notMatch(env, `${name}=`);
    }
  },
);

t.test("a site with a store of its own has its state there", async (t) => {
  const { env, site, options, read } = start(
    t,
    `cp "\${4#-backend-config=}" $(dirname $0)/../given`,
  );
  await initStack(site, env, options);
  t.match(
    read("called"),
    /^init -reconfigure -backend-config=\S+\/r2\.s3\.tfbackend -backend-config=/,
  );
  t.equal(
    read("given"),
    'endpoints = { s3 = "https://127.0.0.1:2" }\ncustom_ca_bundle = "/site/ca.pem"\n',
  );
});

t.test("without the program, or a passphrase, nothing is tried", async (t) => {
  const { env, site, options, records } = start(t);
  const nowhere = { ...env, PATH: "/nowhere", XDG_CACHE_HOME: "/nowhere" };
  await t.rejects(connectStack(site, nowhere, options).plan(records), {
    code: "TOFU_MISSING",
    fix: /opentofu/,
  });
  for (const [given, why] of [
    [undefined, "TF_VAR_state_passphrase is not set"],
    ["short", "TF_VAR_state_passphrase has fewer than 16 characters"],
  ] as const) {
    const other = { ...env, TF_VAR_state_passphrase: given };
    await t.rejects(connectStack(site, other, options).plan(records), {
      code: "TOFU_STATE_KEY",
      why,
    });
  }
});

t.test("what tofu complains about is told without secrets", async (t) => {
  const { stack, records } = start(t, `echo "Error: ${passphrase} is bad" >&2; exit 1`);
  await t.rejects(stack.plan(records), {
    code: "TOFU_FAILED",
    message: "tofu plan has failed; nothing was changed",
    why: "Error: [secret] is bad",
  });
  await t.rejects(stack.apply({ file: "/plan", changes: [] }), {
    code: "TOFU_FAILED",
    message: "tofu apply has failed; some of the plan may be done",
  });
});
