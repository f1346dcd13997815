import { globSync, readFileSync } from "node:fs";
import path from "node:path";
import t from "tap";
import { parse } from "yaml";
import { buildVariables } from "../../lab/cluster.ts";
import { renderVariables } from "../../lab/site.ts";
import { repositoryRoot } from "../../lib/config/paths.ts";
import { versionsSchema } from "../../lib/config/versions.schema.ts";
import { inventorySchema } from "../../lib/inventory/inventory.schema.ts";
import { groupNames, loadInventory } from "../../lib/inventory/load.ts";

const folder = path.join(repositoryRoot, "ansible");
const list = (...patterns: string[]) => globSync(patterns, { cwd: folder }).toSorted();
const read = (file: string) => readFileSync(path.join(folder, file), "utf8");
const load = (file: string): unknown => parse(read(file));

type Task = Record<string, unknown>;

/** What a task may say beside its one action. */
const keywords = new Set(
  `name tags when loop loop_control vars register become delegate_to changed_when failed_when check_mode
  diff no_log until delay retries timeout`.split(/\s+/),
);

const taskFiles = list("roles/*/tasks/*.yml");
const tasks = taskFiles.flatMap((file) =>
  flatten(load(file) as Task[]).map((task) => ({ file, task })),
);
const declared = {
  defaults: list("roles/*/defaults/main.yml").flatMap((file) => Object.keys(load(file) as object)),
  vars: list("roles/*/vars/main.yml").flatMap((file) => Object.keys(load(file) as object)),
};
const text = list("roles/**/*.{yml,j2}", "playbooks/*.yml").map(read).join("\n");

function flatten(all: Task[]): Task[] {
  return all.flatMap((task) => {
    const inner = ["block", "rescue", "always"].flatMap((part) => (task[part] as Task[]) ?? []);
    return inner.length === 0 ? [task] : flatten(inner);
  });
}

t.test("every task has a name and one action in full, none of them a shell", async (t) => {
  t.ok(tasks.length > 25, `${tasks.length} tasks`);
  for (const { file, task } of tasks) {
    const where = `${file}: ${String(task["name"])}`;
    t.match(task["name"], /^[A-Z]/, where);
    const actions = Object.keys(task).filter((key) => !keywords.has(key));
    t.equal(actions.length, 1, `${where}: ${actions.join(", ")}`);
    t.match(actions[0], /^ansible\.builtin\.(?!shell|raw)[a-z_]+$/, where);
  }
});

t.test("a command says when it has changed something", async (t) => {
  for (const { file, task } of tasks) {
    if (task["ansible.builtin.command"] === undefined) continue;
    t.match(typeof task["changed_when"], /boolean|string/, `${file}: ${String(task["name"])}`);
  }
});

t.test("what holds a secret is not logged", async (t) => {
  const secret =
    /tailscale_auth_key|k3s_token|k3s_node_token|k3s_secret_files|k3s_kubeconfig|node-token|k3s\.yaml/;
  const holders = tasks.filter(({ task }) => secret.test(JSON.stringify({ ...task, vars: {} })));
  t.ok(holders.length >= 3);
  for (const { file, task } of holders) {
    if ("ansible.builtin.include_role" in task) continue;
    t.equal(task["no_log"], true, `${file}: ${String(task["name"])}`);
  }
});

t.test("what a secret hides of a failure, another task tells", async (t) => {
  const [work] = load("roles/k3s-agent/tasks/main.yml") as [Task & Record<string, Task[]>];
  const [read, ...others] = work["block"] ?? [];
  t.match(read, { no_log: true, when: undefined }, "and it is read in check mode too");
  t.equal(others.length, 0);
  const [tell] = work["rescue"] ?? [];
  t.match(tell?.["ansible.builtin.fail"], { msg: /run k3s-master\.yml first/ });
});

t.test(
  "every variable of the roles is declared, and every one that is declared is used",
  async (t) => {
    const own =
      /(?<![\w./-])(?:k3s_|node_agent_|kubeconfig_|mesh_|tailscale_|zerotier_|common_|firewall_)[a-z0-9_]+/g;
    const used = new Set(text.replaceAll(/^\s*#.*$/gm, "").match(own));
    const made = tasks.flatMap(({ task }) => [
      String(task["register"]),
      ...Object.keys((task["vars"] as object) ?? {}),
      ...Object.keys((task["ansible.builtin.set_fact"] as object) ?? {}),
    ]);
    const groups = ["k3s_cluster", ...groupNames];
    const known = new Set([...declared.defaults, ...declared.vars, ...made, ...groups]);
    t.strictSame([...used].filter((name) => !known.has(name)).toSorted(), []);
    for (const name of [...declared.defaults, ...declared.vars]) {
      t.ok(text.split(new RegExp(`\\b${name}\\b`)).length > 2, `${name} is used`);
    }
  },
);

t.test("a variable has one default", async (t) => {
  const all = [...declared.defaults, ...declared.vars];
  t.equal(new Set(all).size, all.length);
});

t.test("playbooks name roles and groups that are there", async (t) => {
  const roles = new Set(list("roles/*").map((one) => path.basename(one)));
  const groups = ["k3s_cluster", ...groupNames];
  for (const file of list("playbooks/*.yml")) {
    for (const play of load(file) as Task[]) {
      const imported = play["ansible.builtin.import_playbook"];
      if (typeof imported === "string") {
        t.ok(list("playbooks/*.yml").includes(`playbooks/${imported}`), `${file}: ${imported}`);
        continue;
      }
      t.ok(groups.includes(String(play["hosts"])), `${file}: ${String(play["hosts"])}`);
      t.equal(play["vars_files"], "../../config/versions.yaml", file);
      const named = (play["roles"] ?? []) as string[];
      const included = flatten((play["tasks"] ?? []) as Task[]).map(
        (task) => (task["ansible.builtin.include_role"] as { name: string }).name,
      );
      t.ok(named.length + included.length > 0, file);
      for (const role of [...named, ...included]) t.ok(roles.has(role), `${file}: ${role}`);
    }
  }
});

t.test("what the roles read of the inventory is what an inventory may have", async (t) => {
  const { k3s_masters: group } =
    inventorySchema.properties.all.properties.children.properties.k3s_cluster.properties.children
      .properties;
  const keys = Object.keys(group.properties.hosts.additionalProperties.properties);
  const read = ["public_ip", "zone", "provider", "instance_type", "stateful", "edge"];
  for (const key of [...read, "ansible_ssh_pass", "ansible_ssh_private_key_file"]) {
    t.ok(keys.includes(key), key);
    t.match(text, new RegExp(`\\b${key}\\b`));
  }
});

t.test("what the roles read of config/versions.yaml is what it may have", async (t) => {
  const known = Object.keys(versionsSchema.properties.versions.properties.k3s.properties);
  const read = [...text.matchAll(/\bversions\.k3s\.([A-Za-z0-9]+)/g)].map(([, key = ""]) => key);
  t.ok(read.length > 0);
  for (const key of read) t.ok(known.includes(key), key);
});

t.test("the lab gives only variables that a person could give, too", async (t) => {
  const sum = "a".repeat(64);
  const release = {
    folder: "/r",
    version: "v1.36.3+k3s1",
    k3s: "/r/k3s",
    images: "/r/images.tar",
    restoreImage: "/r/restore.tar",
    sums: "/r/sums.txt",
  };
  const sums = new Map(["k3s", "images.tar", "restore.tar"].map((name) => [name, sum]));
  for (const baseUrl of [undefined, "http://x"]) {
    const given = buildVariables({ kubeconfig: "/s/kubeconfig", privateKey: "/s/key" }, sums, {
      release,
      baseUrl,
    });
    for (const name of Object.keys(given)) t.ok(declared.defaults.includes(name), name);
  }
});

t.test("the inventory that the README shows can be loaded", async (t) => {
  const [, example = ""] = /```yaml\n(.*?)```/s.exec(read("README.md")) ?? [];
  const hosts = await loadInventory(t.testdir({ "hosts.yml": example }));
  t.strictSame(
    hosts.map(({ name, group }) => [name, group]),
    [
      ["vps-hetzner-1", "k3s_masters"],
      ["vps-vultr-1", "k3s_workers"],
    ],
  );
});

t.test("a host is reached over its mesh, unless it is said otherwise", async (t) => {
  const general = load("inventory/group_vars/k3s_cluster/main.yml") as Record<string, string>;
  t.match(general, { via: "auto", mesh: "tailscale" });
  t.equal(
    general["ansible_host"],
    "{{ mesh_ip if via == 'mesh' else public_ip if via == 'public' else mesh_ip | default(public_ip) }}",
  );
  t.match(general["ansible_ssh_common_args"], "-o HostKeyAlias={{ public_ip");
});

t.test("the lab says of its hosts what the project's inventory says, and more", async (t) => {
  const text = read("inventory/group_vars/k3s_cluster/main.yml");
  const given = parse(renderVariables({ knownHosts: "/k" }, text)) as Record<string, string>;
  const general = parse(text) as Record<string, string>;
  const args = `${general["ansible_ssh_common_args"]} -o UserKnownHostsFile=/k`;
  t.match(given["ansible_ssh_common_args"], args);
  t.match(given, { ansible_host: general["ansible_host"], mesh: "tailscale", via: "auto" });
});

t.test("a login takes the key from stdin, and its failure is told without the key", async (t) => {
  const [, work] = load("roles/tailscale/tasks/login.yml") as (Task & Record<string, Task[]>)[];
  const [login] = work?.["block"] ?? [];
  t.match(login, { no_log: true });
  t.match(login?.["ansible.builtin.command"], { stdin: "{{ tailscale_auth_key | trim }}" });
  const flags = (load("roles/tailscale/vars/main.yml") as Record<string, string[]>)[
    "tailscale_login_flags"
  ];
  t.ok(flags?.includes("--auth-key=file:/dev/stdin"));
  t.ok(
    flags?.some((flag) => flag.startsWith("--timeout=")),
    "it does not wait for ever",
  );
  const tell = work?.["rescue"]?.at(-1);
  t.match(tell, { vars: { said: /replace\(tailscale_auth_key \| trim,/ } });
});

t.test("both meshes give their address back, and k3s waits for either", async (t) => {
  for (const role of ["tailscale", "zerotier"]) {
    const facts = tasks.flatMap(({ file, task }) =>
      file.startsWith(`roles/${role}/`) ? Object.keys(task["ansible.builtin.set_fact"] ?? {}) : [],
    );
    t.strictSame(facts, [`${role}_address`]);
    t.match(read(`roles/${role}/templates/infra-k3s-mesh.service.j2`), /^TimeoutStartSec=\d+$/m);
  }
  t.match(read("roles/k3s-prereq/templates/k3s.service.j2"), /^Wants=.*infra-k3s-mesh\.service$/m);
  t.match(read("roles/k3s-prereq/templates/k3s.service.j2"), /^After=.*infra-k3s-mesh\.service$/m);
});
