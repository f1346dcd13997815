import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import t, { type Test } from "tap";
import { runCommand } from "../../lib/cli/run-command.ts";
import { drStatus } from "../../lib/commands/dr-status.ts";
import { failover } from "../../lib/commands/failover.ts";
import { type FakeKubeApi, renderKubeconfig, startFakeKubeApi } from "../support/fake-kube-api.ts";
import { createFakeTerminal } from "../support/fake-terminal.ts";

const hosts = `all:
  children:
    k3s_cluster:
      children:
        k3s_masters:
          hosts:
            vps-hetzner-1: { public_ip: 192.0.2.1, ansible_user: root, provider: hetzner, provider_id: 1 }
        k3s_workers:
          hosts:
            vps-vultr-1: { public_ip: 192.0.2.2, ansible_user: root, provider: hetzner, provider_id: 2 }
            vps-aws-1: { public_ip: 192.0.2.3, ansible_user: root, provider: hetzner, provider_id: 3 }
`;

interface Place {
  folder: string;
  fake: FakeKubeApi;
}

/** A site whose cluster is a stand-in on loopback that holds only kube-system. */
async function createPlace(t: Test): Promise<Place> {
  const fake = await startFakeKubeApi();
  t.teardown(() => fake.close());
  const name = "kube-system";
  await fake.cluster.create({ apiVersion: "v1", kind: "Namespace", metadata: { name } });
  const { uid } = fake.cluster.peek({ kind: "Namespace", name })?.metadata ?? {};
  const folder = t.testdir({ inventory: { "hosts.yml": hosts } });
  writeSite(folder, uid);
  writeFileSync(path.join(folder, "kubeconfig"), renderKubeconfig({ server: fake.url }));
  return { folder, fake };
}

function writeSite(folder: string, uid: string | undefined): void {
  const lines = [
    "name: test",
    "clusterName: test",
    ...(uid === undefined ? [] : [`clusterUid: ${uid}`]),
  ];
  writeFileSync(path.join(folder, "site.yaml"), `${lines.join("\n")}\n`);
}

async function run(args: string[]): Promise<{ exitCode: number; stdout: string; stderr: string }> {
  const terminal = createFakeTerminal();
  const exitCode = await runCommand(failover, args, terminal);
  // The exit code of the test file is not the command's.
  process.exitCode = 0;
  return { exitCode, stdout: terminal.stdout, stderr: terminal.stderr };
}

function nodes(source: string, target: string): string[] {
  return ["--source-node", source, "--target-node", target];
}

const good = nodes("vps-aws-1", "vps-vultr-1");

interface Mistake {
  name: string;
  args: string[];
  code: string;
  says?: RegExp;
  prepare?(place: Place): void | Promise<void>;
}

const mistakes: Mistake[] = [
  {
    name: "a flag that does not exist",
    args: [...good, "--dryrun"],
    code: "CLI_FLAG_UNKNOWN",
    says: /--dry-run/,
  },
  { name: "no target", args: ["--source-node", "vps-aws-1"], code: "CLI_FLAG_MISSING" },
  {
    name: "a node that is not in the inventory",
    args: nodes("vps-aws-2", "vps-vultr-1"),
    code: "INVENTORY_HOST_UNKNOWN",
    says: /"vps-aws-1"/,
  },
  {
    name: "source and target are one",
    args: nodes("vps-aws-1", "vps-aws-1"),
    code: "RECOVERY_SAME_NODE",
  },
  {
    name: "no kubeconfig",
    args: good,
    code: "CLUSTER_KUBECONFIG_MISSING",
    prepare: ({ folder }) => writeFileSync(path.join(folder, "site.yaml"), "kubeconfig: nowhere\n"),
  },
  {
    name: "another cluster than the site's",
    args: good,
    code: "SITE_WRONG_CLUSTER",
    prepare: ({ folder }) => writeSite(folder, "11111111-0000-4000-8000-000000000001"),
  },
  {
    name: "a site that does not say which cluster",
    args: good,
    code: "SITE_CLUSTER_UNKNOWN",
    says: /clusterUid: /,
    prepare: ({ folder }) => writeSite(folder, undefined),
  },
  {
    name: "an API server that is down",
    args: good,
    code: "CLUSTER_UNREACHABLE",
    says: /nothing was changed/,
    prepare: ({ fake }) => fake.close(),
  },
  {
    name: "an inventory that is not there",
    args: good,
    code: "CONFIG_FILE_MISSING",
    prepare: ({ folder }) => writeFileSync(path.join(folder, "site.yaml"), "inventory: nowhere\n"),
  },
  {
    name: "a node of the inventory that is not in the cluster",
    args: good,
    code: "CLUSTER_NODE_UNKNOWN",
  },
];

for (const { name, args, code, says, prepare } of mistakes) {
  t.test(`exit code 2 and nothing changed: ${name}`, async (t) => {
    const place = await createPlace(t);
    await prepare?.(place);
    const { exitCode, stdout, stderr } = await run([
      ...args,
      "--site",
      place.folder,
      "--confirm",
      "vps-aws-1",
    ]);
    t.equal(exitCode, 2, stderr);
    t.match(stderr, `[${code}]`);
    if (says !== undefined) t.match(stderr, says);
    t.match(stderr, /^ {2}fix /m);
    t.equal(stdout, "");
    t.strictSame(
      place.fake.requests.filter((request) => request.method !== "GET"),
      [],
      "only reads reached the cluster",
    );
  });
}

t.test("with --json a mistake is one document on stdout", async (t) => {
  const { folder } = await createPlace(t);
  const { exitCode, stdout } = await run([
    ...nodes("vps-aws-1", "vps-aws-1"),
    "--site",
    folder,
    "--json",
  ]);
  t.equal(exitCode, 2);
  t.match(JSON.parse(stdout), { ok: false, error: { code: "RECOVERY_SAME_NODE" } });
});

t.test("what belongs to another place stays unread and unchanged", async (t) => {
  const { folder } = await createPlace(t);
  const poison = await startFakeKubeApi();
  t.teardown(() => poison.close());
  const home = path.join(folder, "home");
  mkdirSync(path.join(home, ".kube"), { recursive: true });
  const planted = renderKubeconfig({ server: poison.url });
  writeFileSync(path.join(home, ".kube/config"), planted);
  const variables = { KUBECONFIG: path.join(home, ".kube/config"), HOME: home };
  for (const [name, value] of Object.entries(variables)) {
    const before = process.env[name];
    process.env[name] = value;
    t.teardown(() => {
      if (before === undefined) delete process.env[name];
      else process.env[name] = before;
    });
  }
  const terminal = createFakeTerminal();
  t.equal(await runCommand(drStatus, ["--site", folder], terminal), 0, terminal.stderr);
  t.match(terminal.stderr, `Site test (${folder})`);
  t.match(terminal.stdout, /^Nothing is open/);
  t.strictSame(poison.requests, []);
  t.equal(readFileSync(path.join(home, ".kube/config"), "utf8"), planted);
});
