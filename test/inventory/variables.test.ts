import { cpSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import t, { type Test } from "tap";
import { redact } from "../../lib/cli/redact.ts";
import { listMistakes } from "../../lib/config/load-yaml.ts";
import { repositoryRoot, showPath } from "../../lib/config/paths.ts";
import { InfraError } from "../../lib/errors.ts";
import { loadCluster } from "../../lib/inventory/load-cluster.ts";
import { checkFixtures } from "../support/check-fixtures.ts";
import { listValid } from "../support/fixtures.ts";

const hosts = listValid("inventory").find(({ name }) => name === "three-hosts")?.text ?? "";

interface Tree {
  [name: string]: string | Tree;
}

function layOut(t: Test, groupVars: Tree, others: Tree = {}): string {
  return t.testdir({ "hosts.yml": hosts, group_vars: groupVars, ...others });
}

await checkFixtures(t, "variables", ({ text }, t) =>
  loadCluster(layOut(t, { k3s_cluster: { "main.yml": text } })),
);

t.test("variables win as Ansible lets them win", async (t) => {
  const folder = layOut(
    t,
    {
      "all.yml": "k3s_images: a\nk3s_min_free_gb: 1\nmesh: tailscale\n",
      k3s_cluster: {
        "a.yml": "k3s_images: b\nk3s_min_free_gb: 2\n",
        "b.json": '{"k3s_images": "c"}',
      },
      k3s_workers: { nested: { plain: "k3s_images: d\n" } },
    },
    {
      host_vars: {
        "vps-home-1": { "mesh.yml": "mesh_ip: 100.64.0.9\n", "x.yaml": "k3s_images: e\n" },
      },
    },
  );
  const { findVariable, hosts, networks } = await loadCluster(folder);
  const read = (name: string) => hosts.map((host) => findVariable(host.name, name));
  t.strictSame(read("k3s_images"), ["c", "d", "e"]);
  t.strictSame(read("k3s_min_free_gb"), [2, 2, 2]);
  t.strictSame(read("mesh"), ["tailscale", "tailscale", "tailscale"]);
  t.equal(findVariable("vps-home-1", "mesh_ip"), undefined, "it is the host's own");
  t.strictSame(
    networks.map(({ name, network }) => `${name} ${network.text}`),
    ["cluster_cidr 10.42.0.0/16", "service_cidr 10.43.0.0/16"],
  );
});

t.test("what Ansible passes over is not read here either", async (t) => {
  const folder = layOut(t, {
    k3s_cluster: {
      ".hidden.yml": "via: a\n",
      "main.yml~": "via: b\n",
      "main.yml.orig": "via: c\n",
      "folder.d": { "main.yml": "via: d\n" },
    },
    ".all.yml": "via: e\n",
  });
  t.equal((await loadCluster(folder)).findVariable("vps-home-1", "via"), undefined);
});

/** The single mistakes of an inventory folder. */
async function findMistakes(folder: string): Promise<InfraError[]> {
  try {
    await loadCluster(folder);
    return [];
  } catch (error) {
    if (error instanceof InfraError) return listMistakes(error);
    throw error;
  }
}

const placements: { name: string; groupVars?: Tree; others?: Tree; code: string; file: string }[] =
  [
    {
      name: "a file beside a folder of its name",
      groupVars: { "all.yml": "via: mesh\n", all: { "main.yml": "mesh: tailscale\n" } },
      code: "INVENTORY_VARIABLES_UNREAD",
      file: "group_vars/all.yml",
    },
    {
      name: "two endings of one name",
      groupVars: { "k3s_masters.yml": "", "k3s_masters.yaml": "" },
      code: "INVENTORY_VARIABLES_UNREAD",
      file: "group_vars/k3s_masters.yaml",
    },
    {
      name: "a host's file beside its folder",
      others: {
        host_vars: { "vps-home-1": { "mesh.yml": "mesh_ip: 100.64.0.9\n" }, "vps-home-1.yml": "" },
      },
      code: "INVENTORY_VARIABLES_UNREAD",
      file: "host_vars/vps-home-1.yml",
    },
    {
      name: "a misspelt group",
      groupVars: { "k3s_master.yml": "via: mesh\n" },
      code: "INVENTORY_GROUP_UNKNOWN",
      file: "group_vars/k3s_master.yml",
    },
    {
      name: "a host that has gone",
      others: { host_vars: { "vps-home-2": { "mesh.yml": "mesh_ip: 100.64.0.9\n" } } },
      code: "INVENTORY_HOST_UNKNOWN",
      file: "host_vars/vps-home-2",
    },
  ];

for (const { name, groupVars = {}, others, code, file } of placements) {
  t.test(name, async (t) => {
    const folder = layOut(t, groupVars, others);
    const mistakes = await findMistakes(folder);
    t.equal(mistakes.length, 1);
    t.match(mistakes[0], { code, where: { file: showPath(path.join(folder, file)) }, exitCode: 2 });
    t.match(mistakes[0]?.fix, /^(Move|Did you mean|Remove)/);
  });
}

t.test("the networks are those that k3s will get", async (t) => {
  const config = "k3s_config: { cluster-cidr: 10.60.0.0/16 }\n";
  const folder = layOut(t, {
    "all.yml": "service_cidr: 10.61.0.0/16\n",
    "k3s_cluster.yml": `${config}cluster_cidr: 10.43.0.0/16\n`,
    // Agents are told by their server.
    "k3s_workers.yml": "service_cidr: 10.60.0.0/16\n",
  });
  const { networks } = await loadCluster(folder);
  t.strictSame(
    networks.map(({ name, network }) => `${name} ${network.text}`),
    ["cluster_cidr 10.60.0.0/16", "service_cidr 10.61.0.0/16"],
  );
});

t.test("the role of the server reads them", (t) => {
  const tasks = readFileSync(
    path.join(repositoryRoot, "ansible/roles/k3s-server/tasks/main.yml"),
    "utf8",
  );
  for (const name of ["cluster_cidr", "service_cidr"]) {
    t.match(tasks, `{'${name.replace("_", "-")}': ${name}} if ${name} is defined`);
  }
  t.end();
});

t.test("what the project's own inventory says is fit for any hosts", async (t) => {
  const folder = layOut(t, {});
  cpSync(path.join(repositoryRoot, "ansible/inventory"), folder, { recursive: true });
  writeFileSync(path.join(folder, "hosts.yml"), hosts);
  t.strictSame(await findMistakes(folder), []);
});

t.test("what the plays write down of a host is no variable of a person", async (t) => {
  const host_vars = { "vps-home-1": { "ssh.yml": "ansible_ssh_private_key_file: ~/.ssh/id\n" } };
  t.strictSame(await findMistakes(layOut(t, {}, { host_vars })), []);
});

t.test("a mesh address in the pods' network", async (t) => {
  const folder = layOut(
    t,
    {},
    { host_vars: { "vps-home-1": { "mesh.yml": "mesh_ip: 10.42.3.4\n" } } },
  );
  const [mistake, ...others] = await findMistakes(folder);
  t.strictSame(others, []);
  t.match(mistake, {
    code: "INVENTORY_NETWORKS_OVERLAP",
    where: { file: /vps-home-1\/mesh\.yml$/, line: 1, column: 10 },
    message: /which k3s takes when it is not set/,
  });
});

t.test("all mistakes of all files at once, each with its place", async (t) => {
  const folder = t.testdir({
    "hosts.yml": hosts.replace("2001:db8::9", "192.0.2.1"),
    group_vars: { "all.yml": "viia: mesh\n", "k3s_worker.yml": "", "k3s_cluster.yml": "- a\n" },
  });
  const mistakes = await findMistakes(folder);
  t.strictSame(mistakes.map(({ code }) => code).toSorted(), [
    "CONFIG_KEY_UNKNOWN",
    "CONFIG_VALUE_INVALID",
    "INVENTORY_ADDRESS_TWICE",
    "INVENTORY_GROUP_UNKNOWN",
  ]);
  const error: unknown = await loadCluster(folder).catch((thrown: unknown) => thrown);
  t.match(error, { code: "CONFIG_INVALID", message: /has 4 mistakes$/ });
  t.notMatch((error as InfraError).why, /undefined/);
  t.match((error as InfraError).why, /all\.yml:1:1 unknown key "viia" \(Did you mean "via"\?\)/);
});

t.test("a secret in clear is kept out of all output", async (t) => {
  const text = "vault_vultr_password: plain-vault-1\n";
  await findMistakes(layOut(t, { all: { "vault.yml": text } }));
  t.equal(redact("it is plain-vault-1"), "it is [secret]");
});
