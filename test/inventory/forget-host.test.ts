import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import t from "tap";
import { forgetHost, removeFromHosts } from "../../lib/inventory/forget-host.ts";
import { loadCluster } from "../../lib/inventory/load-cluster.ts";

const head = `# Our hosts
all:
  children:
    k3s_cluster:
      children:
        k3s_masters:
          hosts:
            a-1: { public_ip: 192.0.2.1, ansible_user: root, provider: manual } # the server
        k3s_workers:
          hosts:
`;
const second = `            # rented in May
            b-1:
              public_ip: 192.0.2.2
              ansible_user: root # its only user
              provider: manual
`;
const third = `            # the one that goes
            c-1:
              public_ip: "192.0.2.3" # behind NAT
              ansible_user: ubuntu
              ansible_ssh_pass: "{{ vault_vultr_password }}"
              provider: manual
`;
const hosts = head + second + third;

t.test("the host goes with its own comments; all the rest stays", async (t) => {
  t.equal(await removeFromHosts(hosts, "c-1", "hosts.yml"), head + second);
  // What stands above the first one may be about all of them.
  const kept = `${head}            # the one that goes\n${second}`;
  t.equal(await removeFromHosts(head + third + second, "c-1", "hosts.yml"), kept);
});

t.test("one that is not there changes nothing, not even how it is written", async (t) => {
  const text = "all: {children:   {k3s_cluster: {children: {k3s_workers: {hosts: {}}}}}}\n";
  t.equal(await removeFromHosts(text, "c-1", "hosts.yml"), text);
  t.equal(await removeFromHosts(hosts, "k3s_workers", "hosts.yml"), hosts);
});

t.test("the last one of a group leaves an inventory that can be loaded", async (t) => {
  const folder = t.testdir({ "hosts.yml": head + second });
  t.match(await forgetHost(folder, "b-1"), { left: [] });
  const { hosts: left } = await loadCluster(folder);
  t.strictSame(
    left.map(({ name }) => name),
    ["a-1"],
  );
});

t.test("an anchor that others use, and a host behind an alias, are left to a person", async (t) => {
  const anchored = second.replace("b-1:", "b-1: &small");
  const user = "            d-1: { <<: *small, public_ip: 192.0.2.4 }\n";
  const behind = `x: &all
  b-1: { public_ip: 192.0.2.2, ansible_user: root, provider: manual }
all:
  children:
    k3s_cluster:
      children:
        k3s_workers:
          hosts: *all
`;
  for (const text of [head + anchored + user, behind]) {
    await t.rejects(removeFromHosts(text, "b-1", "hosts.yml"), {
      code: "INVENTORY_HOST_SHARED",
      where: { file: "hosts.yml" },
      exitCode: 2,
    });
  }
  t.match(await removeFromHosts(head + anchored + user, "d-1", "hosts.yml"), "&small");
});

t.test("what the plays have written goes, and what a person has written stays", async (t) => {
  const folder = t.testdir({
    "hosts.yml": hosts,
    host_vars: {
      "b-1": { "mesh.yml": "mesh_ip: 100.64.0.2\n" },
      "c-1": {
        "mesh.yml": "mesh_ip: 100.64.0.3\n",
        "ssh.yml": "ansible_ssh_private_key_file: ~/.ssh/id\n",
        "main.yml": "firewall_public_ssh: true\n",
      },
    },
  });
  const own = path.join(folder, "host_vars/c-1");
  const { changed, left } = await forgetHost(folder, "c-1");
  t.strictSame(
    changed.map((file) => path.basename(file)),
    ["hosts.yml", "mesh.yml", "ssh.yml"],
  );
  t.strictSame(
    left.map((file) => path.basename(file)),
    ["c-1"],
  );
  t.equal(readFileSync(path.join(own, "main.yml"), "utf8"), "firewall_public_ssh: true\n");
  t.ok(existsSync(path.join(folder, "host_vars/b-1/mesh.yml")));
  await t.rejects(loadCluster(folder), { code: "INVENTORY_HOST_UNKNOWN" });
  t.match(await forgetHost(folder, "b-1"), { left: [] });
  t.notOk(existsSync(path.join(folder, "host_vars/b-1")), "an empty folder is no use to anybody");
});

t.test("a second time is fine", async (t) => {
  const folder = t.testdir({ "hosts.yml": hosts });
  await forgetHost(folder, "c-1");
  t.strictSame(await forgetHost(folder, "c-1"), { changed: [], left: [] });
});
