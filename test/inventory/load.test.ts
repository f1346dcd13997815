import { homedir } from "node:os";
import path from "node:path";
import t from "tap";
import { redact } from "../../lib/cli/redact.ts";
import { showPath } from "../../lib/config/paths.ts";
import { getHost, loadInventory } from "../../lib/inventory/load.ts";
import { checkFixtures } from "../support/check-fixtures.ts";
import { listValid } from "../support/fixtures.ts";

await checkFixtures(t, "inventory", ({ text }, t) =>
  loadInventory(t.testdir({ "hosts.yml": text })),
);

function readValid(name: string): string {
  const fixture = listValid("inventory").find((one) => one.name === name);
  if (fixture === undefined) throw new Error(`no fixture ${name}`);
  return fixture.text;
}

const meshOf = (ip: string) => ({ "mesh.yml": `mesh_ip: ${ip}\n` });

t.test("hosts have what hosts.yml and their mesh files say", async (t) => {
  const folder = t.testdir({
    "hosts.yml": readValid("three-hosts"),
    host_vars: { "vps-vultr-1": meshOf("100.64.0.2") },
  });
  const file = showPath(path.join(folder, "hosts.yml"));
  t.strictSame(await loadInventory(folder), [
    {
      name: "vps-hetzner-1",
      group: "k3s_masters",
      publicIp: "192.0.2.1",
      meshIp: undefined,
      ansibleUser: "root",
      sshPrivateKeyFile: path.join(homedir(), ".ssh/id_ed25519"),
      sshPort: 22,
      sshPasswordVariable: undefined,
      provider: "hetzner",
      providerId: "4711",
      place: { file, line: 7, column: 13 },
    },
    {
      name: "vps-vultr-1",
      group: "k3s_workers",
      publicIp: "198.51.100.6",
      meshIp: "100.64.0.2",
      ansibleUser: "ubuntu",
      sshPrivateKeyFile: undefined,
      sshPort: 22,
      sshPasswordVariable: "vault_vultr_password",
      provider: "vultr",
      providerId: "cb676a46-66fd-4dfb-b839-443f2e6c0b60",
      place: { file, line: 15, column: 13 },
    },
    {
      name: "vps-home-1",
      group: "k3s_workers",
      publicIp: "2001:db8::9",
      meshIp: undefined,
      ansibleUser: "admin",
      sshPrivateKeyFile: undefined,
      sshPort: 2222,
      sshPasswordVariable: undefined,
      provider: "manual",
      providerId: undefined,
      place: { file, line: 21, column: 13 },
    },
  ]);
});

t.test("what a host takes over with << is its own", async (t) => {
  const hosts = await loadInventory(t.testdir({ "hosts.yml": readValid("shared-settings") }));
  t.match(getHost(hosts, "vps-home-1"), { ansibleUser: "admin", provider: "manual" });
});

t.test("a mesh address is checked where it stands", async (t) => {
  const cases = [
    { ip: "100.64.0.1.5", code: "INVENTORY_ADDRESS_INVALID" },
    { ip: "192.0.2.1", code: "INVENTORY_ADDRESS_TWICE" },
  ];
  for (const { ip, code } of cases) {
    const folder = t.testdir({
      "hosts.yml": readValid("three-hosts"),
      host_vars: { "vps-vultr-1": meshOf(ip) },
    });
    const file = showPath(path.join(folder, "host_vars/vps-vultr-1/mesh.yml"));
    await t.rejects(loadInventory(folder), { code, where: { file, line: 1, column: 10 } });
  }
});

t.test("a misspelt key in a mesh file is told", async (t) => {
  const folder = t.testdir({
    "hosts.yml": readValid("three-hosts"),
    host_vars: { "vps-vultr-1": { "mesh.yml": "mesh_ib: 100.64.0.2\n" } },
  });
  await t.rejects(loadInventory(folder), {
    code: "CONFIG_KEY_UNKNOWN",
    fix: 'Did you mean "mesh_ip"?',
  });
});

const sshOf = (text: string) => ({ "vps-vultr-1": { "ssh.yml": text } });

t.test("the key that took the place of a password is the host's", async (t) => {
  const text = 'ansible_ssh_private_key_file: "~/.ssh/id_ed25519"\nansible_ssh_pass: ""\n';
  const folder = t.testdir({ "hosts.yml": readValid("three-hosts"), host_vars: sshOf(text) });
  const host = getHost(await loadInventory(folder), "vps-vultr-1");
  t.equal(host.sshPrivateKeyFile, path.join(homedir(), ".ssh/id_ed25519"));
  t.equal(host.sshPasswordVariable, undefined, "the password is off");
});

t.test("an ssh file with a password, another key or no key is refused", async (t) => {
  const key = "ansible_ssh_private_key_file: ~/.ssh/id\n";
  for (const { text, code } of [
    { text: `${key}ansible_ssh_pass: plain-text-2\n`, code: "CONFIG_VALUE_INVALID" },
    { text: `${key}ansible_user: root\n`, code: "CONFIG_KEY_UNKNOWN" },
    { text: "ansible_ssh_private_key_file: id\n", code: "CONFIG_VALUE_INVALID" },
    { text: 'ansible_ssh_pass: ""\n', code: "CONFIG_KEY_MISSING" },
  ]) {
    const folder = t.testdir({ "hosts.yml": readValid("three-hosts"), host_vars: sshOf(text) });
    const error = await loadInventory(folder).then(
      () => undefined,
      (thrown: unknown) => thrown as { code: string; message: string },
    );
    t.equal(error?.code, code, `${text}: ${error?.message}`);
    t.notMatch(JSON.stringify(error), "plain-text-2");
  }
});

t.test("no inventory at all", async (t) => {
  await t.rejects(loadInventory(t.testdir({})), { code: "CONFIG_FILE_MISSING", exitCode: 2 });
});

t.test("an unknown host is told with the nearest one", async (t) => {
  const folder = t.testdir({ "hosts.yml": readValid("three-hosts") });
  const hosts = await loadInventory(folder);
  t.equal(getHost(hosts, "vps-vultr-1").publicIp, "198.51.100.6");
  t.throws(() => getHost(hosts, "vps-vultr-2"), {
    code: "INVENTORY_HOST_UNKNOWN",
    exitCode: 2,
    why: "known hosts: vps-hetzner-1, vps-vultr-1, vps-home-1",
    fix: 'Did you mean "vps-vultr-1"?',
  });
  t.throws(() => getHost([], "a"), { code: "INVENTORY_HOST_UNKNOWN" });
});

t.test("a password that is written out is kept out of all output", async (t) => {
  const text = readValid("three-hosts").replace('"{{ vault_vultr_password }}"', "plain-text-1");
  await loadInventory(t.testdir({ "hosts.yml": text }));
  t.equal(redact("it is plain-text-1"), "it is [secret]");
  t.equal(redact("{{ vault_vultr_password }}"), "{{ vault_vultr_password }}");
});
