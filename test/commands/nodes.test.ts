import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import t, { type Test } from "tap";
import { runCommand } from "../../lib/cli/run-command.ts";
import { joinNode } from "../../lib/commands/join-node.ts";
import { removeNode } from "../../lib/commands/remove-node.ts";
import { createRun, ensureOwnNamespace } from "../../lib/steps/runs.ts";
import { type FakeKubeApi, renderKubeconfig, startFakeKubeApi } from "../support/fake-kube-api.ts";
import { setVariables } from "../support/environment.ts";
import { createFakeTerminal } from "../support/fake-terminal.ts";
import { facts, print } from "../support/memory/fleet.ts";

const commands = { join: joinNode, remove: removeNode };
type Name = keyof typeof commands;

const hosts = `all:
  children:
    k3s_cluster:
      children:
        k3s_masters:
          hosts:
            vps-hetzner-1: { public_ip: 192.0.2.1, ansible_user: root, provider: manual }
        k3s_workers:
          hosts:
            vps-vultr-1: { public_ip: 192.0.2.2, ansible_user: root, provider: manual } # kept
            vps-aws-1: { public_ip: 192.0.2.3, ansible_user: root, provider: manual }
            vps-dead-1: { public_ip: 192.0.2.4, ansible_user: root, provider: manual }
`;

/** All hosts answer but 192.0.2.4: with facts, and that k3s is there. */
const fakeSsh = `#!/bin/sh
case "$*" in *192.0.2.4*)
  echo 'ssh: connect to host 192.0.2.4 port 22: Connection timed out' >&2; exit 255 ;;
esac
case $(cat) in *k3s-uninstall.sh*) exit 0 ;; *) cat "$FAKE_FACTS" ;; esac
`;

const fakeAnsible = `#!/bin/sh
echo "$@" >>"$FAKE_LOG"
echo 'vps-aws-1 : ok=3 changed=2 unreachable=0 failed=0 skipped=0 rescued=0 ignored=0'
`;

interface Place {
  folder: string;
  fake: FakeKubeApi;
  /** The runs of playbooks, without what is the same in each of them. */
  readRuns(): string[];
}

/** A site without a mesh, its cluster a stand-in on loopback, and stand-ins for ssh and Ansible. */
async function createPlace(t: Test): Promise<Place> {
  const fake = await startFakeKubeApi();
  t.teardown(() => fake.close());
  const { cluster } = fake;
  const name = "kube-system";
  await cluster.create({ apiVersion: "v1", kind: "Namespace", metadata: { name } });
  for (const node of ["vps-hetzner-1", "vps-vultr-1", "vps-aws-1"]) {
    await cluster.create({
      apiVersion: "v1",
      kind: "Node",
      metadata: { name: node },
      status: { conditions: [{ type: "Ready", status: "True" }] },
    } as never);
  }
  const folder = t.testdir({
    bin: { ssh: fakeSsh, "ansible-playbook": fakeAnsible },
    facts: print(facts({ clock: [{ seconds: Math.floor(Date.now() / 1000) }] })),
    log: "",
    site: {
      kubeconfig: renderKubeconfig({ server: fake.url }),
      inventory: {
        "hosts.yml": hosts,
        group_vars: { "k3s_cluster.yml": "mesh: none\n" },
      },
    },
  });
  const at = (file: string) => path.join(folder, file);
  for (const program of ["ssh", "ansible-playbook"]) chmodSync(at(`bin/${program}`), 0o755);
  const { uid } = cluster.peek({ kind: "Namespace", name })?.metadata ?? {};
  writeSite(at("site"), uid);
  setVariables(t, {
    PATH: `${at("bin")}:/usr/bin:/bin`,
    FAKE_LOG: at("log"),
    FAKE_FACTS: at("facts"),
  });
  return {
    folder: at("site"),
    fake,
    readRuns: () =>
      readFileSync(at("log"), "utf8")
        .trim()
        .split("\n")
        .map((line) => line.replace(/^--inventory=\S+ /, "")),
  };
}

function writeSite(folder: string, uid: string | undefined): void {
  const clusterUid = uid === undefined ? "" : `clusterUid: ${uid}\n`;
  writeFileSync(path.join(folder, "site.yaml"), `name: test\nclusterName: one\n${clusterUid}`);
}

async function run(name: Name, { folder }: Place, ...args: string[]) {
  const terminal = createFakeTerminal();
  const exitCode = await runCommand(commands[name], ["--site", folder, ...args], terminal);
  // The exit code of the test file is not the command's.
  process.exitCode = 0;
  return { exitCode, stdout: terminal.stdout, stderr: terminal.stderr };
}

/** What is not read from the cluster; the lock and its namespace are not what a command is for. */
function listWrites({ fake }: Place): string[] {
  return fake.requests
    .filter(({ method, path }) => method !== "GET" && !/\/leases|\/namespaces$/.test(path))
    .map(({ method, path }) => `${method} ${path}`);
}

async function addClaim({ fake: { cluster } }: Place): Promise<void> {
  const inAws = [{ key: "kubernetes.io/hostname", operator: "In", values: ["vps-aws-1"] }];
  await cluster.create({
    apiVersion: "v1",
    kind: "PersistentVolume",
    metadata: { name: "pvc-1" },
    spec: {
      capacity: { storage: "8Gi" },
      local: { path: "/x" },
      nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: inAws }] } },
    },
  } as never);
  await cluster.create({
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    metadata: { name: "data", namespace: "shop" },
    spec: { volumeName: "pvc-1" },
  } as never);
}

interface Mistake {
  name: string;
  command?: Name;
  args?: string[];
  code: string;
  says?: RegExp;
  exitCode?: number;
  prepare?(place: Place): void | Promise<void>;
}

const typed = ["--confirm", "vps-aws-1"];

const mistakes: Mistake[] = [
  {
    name: "a flag that does not exist",
    args: ["--node", "vps-aws-1", "--dryrun"],
    code: "CLI_FLAG_UNKNOWN",
    says: /--dry-run/,
  },
  { name: "no node", args: [], code: "CLI_FLAG_MISSING", says: /--node NODE/ },
  {
    name: "a host that is not in the inventory",
    args: ["--node", "vps-aws-2"],
    code: "INVENTORY_HOST_UNKNOWN",
    says: /"vps-aws-1"/,
  },
  {
    name: "a host to join that is not in the inventory: the lines to add",
    command: "join",
    args: ["--node", "vps-aws-2"],
    code: "INVENTORY_HOST_UNKNOWN",
    says: /k3s_workers:\n +hosts:\n +vps-aws-2:\n/,
  },
  { name: "the server", args: ["--node", "vps-hetzner-1"], code: "NODE_IS_SERVER" },
  {
    name: "a host in both groups",
    code: "INVENTORY_HOST_TWICE",
    prepare: ({ folder }) =>
      writeFileSync(
        path.join(folder, "inventory/hosts.yml"),
        `${hosts}            vps-hetzner-1: { public_ip: 192.0.2.1, ansible_user: root, provider: manual }\n`,
      ),
  },
  {
    name: "no kubeconfig",
    args: ["--node", "vps-aws-1", "--kubeconfig", "/nowhere"],
    code: "CLUSTER_KUBECONFIG_MISSING",
  },
  {
    name: "another cluster than the site's",
    code: "SITE_WRONG_CLUSTER",
    prepare: ({ folder }) => writeSite(folder, "11111111-0000-4000-8000-000000000001"),
  },
  {
    name: "a site that does not say which cluster",
    code: "SITE_CLUSTER_UNKNOWN",
    says: /clusterUid: /,
    prepare: ({ folder }) => writeSite(folder, undefined),
  },
  {
    name: "an API server that is down",
    command: "remove",
    code: "CLUSTER_UNREACHABLE",
    says: /nothing was changed/,
    prepare: ({ fake }) => fake.close(),
  },
  {
    name: "a host that is not fit to join",
    command: "join",
    args: ["--node", "vps-dead-1"],
    code: "HOSTS_UNFIT",
    says: /vps-dead-1: nobody answers at 192\.0\.2\.4 port 22/,
  },
  {
    name: "a mesh that the cluster is not in",
    command: "join",
    code: "NODE_MESH_DIFFERS",
    prepare: ({ folder }) =>
      writeFileSync(path.join(folder, "inventory/group_vars/k3s_cluster.yml"), "mesh: tailscale\n"),
  },
  {
    name: "a host that has the data of a claim",
    command: "remove",
    code: "NODE_HAS_VOLUMES",
    says: /shop\/data: 8Gi in pvc-1.*\n.*failover\.ts --source-node vps-aws-1/s,
    prepare: addClaim,
  },
  {
    name: "a host to remove that does not answer",
    command: "remove",
    args: ["--node", "vps-dead-1"],
    code: "NODE_HOST_UNREACHABLE",
    says: /--host-gone/,
  },
  {
    name: "a host that is said to be gone and is not",
    command: "remove",
    args: ["--node", "vps-aws-1", "--host-gone"],
    code: "PLAN_BLOCKED",
    says: /its node is Ready.*\n.*it lets somebody in, and has k3s/,
  },
  {
    name: "a host that others are written by way of",
    command: "remove",
    code: "INVENTORY_HOST_SHARED",
    prepare: ({ folder }) => {
      const small = hosts.replace("vps-aws-1: {", "vps-aws-1: &small {");
      const text = small.replace(
        /vps-dead-1: .*/,
        "vps-dead-1: { <<: *small, public_ip: 192.0.2.4 }",
      );
      writeFileSync(path.join(folder, "inventory/hosts.yml"), text);
    },
  },
  {
    name: "a failover that is not finished",
    command: "remove",
    code: "RUN_OTHER_OPEN",
    exitCode: 3,
    says: /zx scripts\/dr\/failover\.ts --source-node a --site/,
    async prepare({ fake: { cluster, requests } }) {
      await ensureOwnNamespace(cluster);
      await createRun(cluster, {
        id: "run1",
        command: "scripts/dr/failover.ts",
        arguments: { "source-node": "a" },
        state: "open",
        irreversible: true,
        startedAt: "2026-01-01T00:00:00Z",
        plan: {},
      });
      requests.length = 0;
    },
  },
];

for (const { name, command, args, code, says, exitCode = 2, prepare } of mistakes) {
  for (const one of command === undefined ? (["join", "remove"] as const) : [command]) {
    t.test(`${one}: exit code ${exitCode} and nothing changed: ${name}`, async (t) => {
      const place = await createPlace(t);
      await prepare?.(place);
      const file = path.join(place.folder, "inventory/hosts.yml");
      const before = readFileSync(file, "utf8");
      const ended = await run(one, place, ...(args ?? ["--node", "vps-aws-1"]), ...typed);
      t.equal(ended.exitCode, exitCode, ended.stderr);
      t.match(ended.stderr, `[${code}]`);
      if (says !== undefined) t.match(ended.stderr, says);
      t.match(ended.stderr, /^ {2}fix /m);
      t.equal(ended.stdout, "");
      t.strictSame(listWrites(place), []);
      t.strictSame(place.readRuns(), [""], "no playbook was run");
      t.equal(readFileSync(file, "utf8"), before);
    });
  }
}

t.test("without the typed name nothing is done: exit code 3", async (t) => {
  for (const name of ["join", "remove"] as const) {
    const place = await createPlace(t);
    for (const args of [[], ["--confirm", "vps-vultr-1"]]) {
      const { exitCode, stderr } = await run(name, place, "--node", "vps-aws-1", ...args);
      t.equal(exitCode, 3, stderr);
      t.match(stderr, /\[RUN_NOT_CONFIRMED\][^]*--confirm vps-aws-1/);
    }
    t.strictSame(place.readRuns(), [""]);
  }
});

t.test("a dry run is the plan on stdout, with code 2 when it is blocked", async (t) => {
  const place = await createPlace(t);
  const join = await run("join", place, "--node", "vps-aws-1", "--dry-run");
  t.match(join, { exitCode: 0, stdout: /^Join vps-aws-1 to cluster one\n/ });
  const remove = await run("remove", place, "--node", "vps-aws-1", "--dry-run");
  t.match(remove, { exitCode: 0, stdout: /^Remove vps-aws-1 from cluster one\n/ });
  await addClaim(place);
  const blocked = await run("remove", place, "--node", "vps-aws-1", "--dry-run", "--json");
  t.equal(blocked.exitCode, 2);
  t.match(JSON.parse(blocked.stdout), {
    result: { plan: { blockers: [{ code: "NODE_HAS_VOLUMES" }] } },
  });
  t.strictSame(place.readRuns(), [""]);
  t.strictSame(listWrites(place), []);
});

t.test("a host joins: its playbooks, and the others' firewalls", async (t) => {
  const place = await createPlace(t);
  const { exitCode, stdout, stderr } = await run("join", place, "--node", "vps-aws-1", ...typed);
  t.equal(exitCode, 0, stderr);
  t.match(stdout, /\nvps-aws-1 is a Ready node of cluster one\n$/);
  t.strictSame(place.readRuns(), [
    "--limit=vps-aws-1 --extra-vars {} playbooks/bootstrap.yml",
    "--limit=vps-hetzner-1,vps-vultr-1 --extra-vars {} playbooks/firewall.yml",
    '--limit=vps-aws-1 --extra-vars {"k3s_absent_hosts":["vps-dead-1"]} playbooks/k3s-worker.yml',
  ]);
});

t.test("a host goes: playbooks, node and inventory", async (t) => {
  const place = await createPlace(t);
  const { exitCode, stdout, stderr } = await run("remove", place, "--node", "vps-aws-1", ...typed);
  t.equal(exitCode, 0, stderr);
  t.match(stdout, /\nvps-aws-1 is no node of cluster one any more, and not in its inventory\n/);
  t.match(stdout, /\nLeft for you:\n {2}- commit the inventory: .*hosts\.yml\n$/);
  t.strictSame(place.readRuns(), [
    "--limit=vps-aws-1 --extra-vars {} playbooks/k3s-drain.yml",
    '--limit=vps-aws-1 --extra-vars {"confirm":"vps-aws-1"} playbooks/k3s-uninstall.yml',
    '--limit=vps-hetzner-1,vps-vultr-1 --extra-vars {"firewall_former_hosts":["vps-aws-1"]} playbooks/firewall.yml',
  ]);
  t.strictSame(listWrites(place), ["DELETE /api/v1/nodes/vps-aws-1"]);
  const text = readFileSync(path.join(place.folder, "inventory/hosts.yml"), "utf8");
  t.equal(text, hosts.replace(/.*vps-aws-1.*\n/, ""));
  const again = await run("remove", place, "--node", "vps-aws-1", ...typed);
  t.match(again, { exitCode: 2, stderr: /INVENTORY_HOST_UNKNOWN/ });
});

t.test("a playbook that fails after k3s is gone is half done: exit code 5", async (t) => {
  const place = await createPlace(t);
  const program = path.join(place.folder, "../bin/ansible-playbook");
  writeFileSync(program, `${fakeAnsible}case "$*" in *firewall.yml) exit 2 ;; esac\n`);
  const { exitCode, stderr } = await run("remove", place, "--node", "vps-aws-1", ...typed);
  t.equal(exitCode, 5, stderr);
  t.match(stderr, /\[PLAYBOOK_FAILED\][^]*done so far: .*; Remove k3s from the host.*; Delete the/);
  writeFileSync(program, fakeAnsible);
  t.equal((await run("remove", place, "--node", "vps-aws-1", ...typed)).exitCode, 0);
  t.ok(existsSync(path.join(place.folder, "runs/k3s-uninstall.log")));
});
