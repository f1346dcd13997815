import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import t, { type Test } from "tap";
import { type DoctorReport, doctorReportSchema } from "../../lib/bootstrap/check.schema.ts";
import { runCommand } from "../../lib/cli/run-command.ts";
import { doctor } from "../../lib/commands/doctor.ts";
import { getValidator } from "../../lib/schema/ajv.ts";
import { setVariables } from "../support/environment.ts";
import { createFakeTerminal } from "../support/fake-terminal.ts";
import { facts, print } from "../support/memory/fleet.ts";

const hosts = `all:
  children:
    k3s_cluster:
      children:
        k3s_masters:
          hosts:
            vps-1: { public_ip: 192.0.2.1, ansible_user: root, provider: hetzner, provider_id: 1 }
        k3s_workers:
          hosts:
            vps-2: { public_ip: 192.0.2.2, ansible_user: root, provider: manual }
`;

/** Tells its version, answers for 192.0.2.1, and cannot reach another host. */
const fakeSsh = `#!/bin/sh
if [ "$1" = -V ]; then echo OpenSSH_9.2p1 >&2; exit 0; fi
echo "$@" >>"$FAKE_LOG"
case "$*" in
  *192.0.2.1*) case $(cat) in *server/token*) exit 1 ;; *) cat "$FAKE_FACTS" ;; esac ;;
  *) echo 'ssh: connect to host 192.0.2.2 port 22: Connection timed out' >&2; exit 255 ;;
esac
`;

const versions: Record<string, string> = {
  node: "v24.21.0",
  "ansible-playbook": "ansible-playbook [core 2.19.14]",
  sops: "sops 3.11.0",
  age: "v1.2.1",
  direnv: "2.36.0",
  tofu: "OpenTofu v1.12.6",
  tailscale: "1.94.1",
};

/** Of a machine on which all is well, but that values of variables must not be shown. */
const secret = "a-value-that-nobody-may-see";

interface Place {
  site: string;
  readLog(): string;
}

/** A site, a home and a PATH of stand-ins, as this process's own environment. */
function setUp(t: Test, files: { hosts?: string; groupVars?: string } = {}): Place {
  const programs = Object.entries(versions).map(([name, version]) => [
    name,
    `#!/bin/sh\necho '${version}'\n`,
  ]);
  const folder = t.testdir({
    bin: { ...Object.fromEntries(programs), ssh: fakeSsh },
    home: { vault: "x", age: "y" },
    site: {
      "site.yaml": "name: test\nvaultPassword: ../home/vault\nageKey: ../home/age\n",
      kubeconfig: "",
      inventory: {
        "hosts.yml": files.hosts ?? hosts,
        group_vars: { "all.yml": files.groupVars ?? "" },
      },
    },
    facts: print(facts({ clock: [{ seconds: Math.floor(Date.now() / 1000) }] })),
    log: "",
  });
  const at = (name: string) => path.join(folder, name);
  for (const name of [...Object.keys(versions), "ssh"]) chmodSync(at(`bin/${name}`), 0o755);
  for (const name of ["home/vault", "home/age", "site/kubeconfig"]) chmodSync(at(name), 0o600);
  const env: Record<string, string> = {
    PATH: `${at("bin")}:/usr/bin:/bin`,
    HOME: at("home"),
    ANSIBLE_VAULT_PASSWORD_FILE: at("home/vault"),
    CLOUDFLARE_API_TOKEN: secret,
    CLOUDFLARE_ZONE_ID: secret,
    AWS_ACCESS_KEY_ID: secret,
    AWS_SECRET_ACCESS_KEY: secret,
    HCLOUD_TOKEN: secret,
    FAKE_LOG: at("log"),
    FAKE_FACTS: at("facts"),
  };
  setVariables(t, env);
  return { site: at("site"), readLog: () => readFileSync(at("log"), "utf8") };
}

async function run(...args: string[]) {
  const terminal = createFakeTerminal();
  const exitCode = await runCommand(doctor, args, terminal);
  // The exit code of the test file is not the command's.
  process.exitCode = 0;
  t.notMatch(terminal.stdout + terminal.stderr, secret);
  return { exitCode, stdout: terminal.stdout, stderr: terminal.stderr };
}

async function readReport(...args: string[]): Promise<DoctorReport & { exitCode: number }> {
  const { exitCode, stdout, stderr } = await run(...args, "--json");
  if (stdout === "") throw new Error(stderr);
  const { result } = JSON.parse(stdout) as { result: DoctorReport };
  const validate = await getValidator(doctorReportSchema);
  t.ok(validate(result), "it fits its schema");
  return { ...result, exitCode };
}

function findCodes({ checks }: DoctorReport): [string, string | undefined][] {
  return checks
    .filter(({ state }) => state === "finding")
    .map(({ about, code }) => [about, code] as const)
    .map(([about, code]) => [about, code]);
}

t.test("one host is down, all else is well: exit code 1 and one line with its fix", async (t) => {
  const { site } = setUp(t);
  const { exitCode, stdout, stderr } = await run("--site", site);
  t.equal(exitCode, 1, stderr);
  t.match(stderr, `Site test (${site})`);
  t.match(stdout, /^FIX +vps-2 +nobody answers at 192\.0\.2\.2 port 22: the host is down.* Fix: /m);
  t.match(stdout, /^ok +vps-1 +clock within/m);
  t.match(stdout, /\n1 to fix\n$/);
});

t.test("nothing to fix: exit code 0", async (t) => {
  const { site, readLog } = setUp(t);
  const report = await readReport("--site", site, "--no-hosts");
  t.strictSame(findCodes(report), []);
  t.equal(report.exitCode, 0);
  t.equal(readLog(), "", "no host was asked");
});

t.test("mistakes of this machine and of the inventory, all at once", async (t) => {
  const misspelt = hosts.replace("192.0.2.2", "192.0.2.1");
  const { site } = setUp(t, { hosts: misspelt, groupVars: "cluster_cidr: 10.43.0.0/16\n" });
  chmodSync(path.join(site, "../home/vault"), 0o644);
  chmodSync(path.join(site, "../bin/sops"), 0o644);
  writeFileSync(path.join(site, "../bin/age"), "#!/bin/sh\nexit 3\n");
  process.env["HCLOUD_TOKEN"] = "";
  rmSync(path.join(site, "../home/age"));
  const report = await readReport("--site", site, "--no-hosts");
  t.equal(report.exitCode, 1);
  t.strictSame(findCodes(report), [
    ["this machine", "TOOL_MISSING"],
    ["this machine", "TOOL_BROKEN"],
    ["this machine", "FILE_OPEN"],
    ["this machine", "FILE_MISSING"],
    ["this machine", "VARIABLE_MISSING"],
    ["inventory", "INVENTORY_ADDRESS_TWICE"],
    ["inventory", "INVENTORY_NETWORKS_OVERLAP"],
  ]);
  const [address, network] = report.checks.filter(({ about }) => about === "inventory");
  t.match(address?.where, { file: /hosts\.yml$/, line: 10, column: 33 });
  t.match(network?.where, { file: /all\.yml$/, line: 1, column: 15 });
});

t.test("an inventory that cannot be read is a finding, and no host is asked", async (t) => {
  const { site, readLog } = setUp(t, { hosts: "all: [" });
  const report = await readReport("--site", site);
  t.strictSame(findCodes(report), [["inventory", "CONFIG_SYNTAX"]]);
  t.equal(readLog(), "");
});

t.test("a host whose address is none is not asked, and the others are", async (t) => {
  const { site, readLog } = setUp(t, { hosts: hosts.replace("192.0.2.2", "vps-2.example") });
  const report = await readReport("--site", site);
  t.strictSame(findCodes(report), [["inventory", "INVENTORY_ADDRESS_INVALID"]]);
  t.match(readLog(), "192.0.2.1");
  t.notMatch(readLog(), "vps-2.example");
});

t.test("a vault in clear is one finding, and one that cannot be opened another", async (t) => {
  const { site } = setUp(t);
  const all = path.join(site, "inventory/group_vars/all");
  rmSync(`${all}.yml`);
  mkdirSync(all);
  const vault = path.join(all, "vault.yml");
  writeFileSync(vault, `vault_k3s_token: ${secret}\n`);
  t.strictSame(findCodes(await readReport("--site", site, "--no-hosts")), [
    ["inventory", "INVENTORY_SECRET_PLAIN"],
  ]);
  writeFileSync(vault, "$ANSIBLE_VAULT;1.1;AES256\n3132\n");
  const program = path.join(site, "../bin/ansible-vault");
  writeFileSync(program, "#!/bin/sh\necho 'ERROR! Decryption failed' >&2\nexit 1\n", {
    mode: 0o755,
  });
  const [[about, code] = [], ...others] = findCodes(await readReport("--site", site, "--no-hosts"));
  t.strictSame(others, []);
  t.match([about, code], ["inventory", /^(SECRETS|EXEC)_/]);
  rmSync(program);
  const without = await readReport("--site", site, "--no-hosts");
  t.strictSame(findCodes(without), [], "that there is no Ansible is told by its own line");
});

t.test("bad input has exit code 2", async (t) => {
  const { site } = setUp(t);
  const empty = path.join(site, "empty");
  mkdirSync(empty);
  for (const [args, code] of [
    [["--site", empty], "SITE_MISSING"],
    [["--no-host"], "CLI_FLAG_UNKNOWN"],
    [["--site", site, "vps-1"], "CLI_ARGUMENT_UNEXPECTED"],
  ] as const) {
    const { exitCode, stdout, stderr } = await run(...args);
    t.equal(exitCode, 2, stderr);
    t.match(stderr, `[${code}]`);
    t.match(stderr, /^ {2}fix /m);
    t.equal(stdout, "");
  }
});

t.test("help begins with what to type", async (t) => {
  const { exitCode, stdout } = await run("--help");
  t.equal(exitCode, 0);
  t.match(stdout, /^Check tools.*\n\nExamples:\n {2}zx scripts\/setup\/doctor\.ts\n/);
  t.match(stdout, /--no-hosts +log in to no host/);
});
