import { spawnSync } from "node:child_process";
import { readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import t from "tap";
import { ensureAnsible } from "../../lab/ansible.ts";
import { buildVariables, ensureCluster, parseSums } from "../../lab/cluster.ts";
import { askHost } from "../../lab/host.ts";
import { labHosts } from "../../lab/host-list.ts";
import type { K3sRelease } from "../../lab/k3s-release.ts";
import { findPaths } from "../../lab/paths.ts";
import { runPlaybook } from "../../lab/playbook.ts";
import type { Progress } from "../../lab/progress.ts";
import { bringUp } from "../../lab/up.ts";
import { findFileUrl } from "../../lab/servers.ts";
import { prepareRelease } from "../../lab/up-cluster.ts";
import { readKubeconfig } from "../../lib/cluster/kubeconfig.ts";
import { repositoryRoot } from "../../lib/config/paths.ts";
import { loadSite } from "../../lib/config/site.ts";
import { loadInventory } from "../../lib/inventory/load.ts";
import { asOperator } from "./support/bare-hosts.ts";
import { claimLab } from "./support/own-lab.ts";

/** Needs root and a machine that fits the lab, and makes and takes down a lab of its own. */
const paths = findPaths();
const names = labHosts.map(({ name }) => name);
const [server = "", second = "", third = ""] = names;
const timeout = 600_000;

const said: string[] = [];
const progress: Progress = { say: (text) => void said.push(text), readSeconds: () => 0 };
const { signal } = new AbortController();

/** Whether k3s was started again. */
const pids = "systemctl show --property=MainPID k3s k3s-agent";

interface Node {
  metadata: { name: string; labels: Record<string, string> };
  status: { conditions: { type: string; status: string }[] };
}

async function onHost(host: string, command: string): Promise<string> {
  const { code, stdout, stderr } = await askHost(paths, host, command);
  if (code !== 0) throw new Error(`${host}: ${command}: ${stderr}`);
  return stdout.trim();
}

async function listNodes(): Promise<Node[]> {
  const list = await onHost(server, "k3s kubectl get nodes --output=json");
  return (JSON.parse(list) as { items: Node[] }).items;
}

/** As a person reads it, with the site's key. */
async function readEscrowedToken(): Promise<string> {
  const file = path.join(paths.state, "config/escrow/server-token.sops.yaml");
  const key = `SOPS_AGE_KEY_FILE=${path.join(paths.state, "private/age-keys.txt")}`;
  const sops = ["sops", "decrypt", "--extract", '["stringData"]["token"]', file];
  const { code, stdout, stderr } = await asOperator(["env", key, ...sops]);
  if (code !== 0) throw new Error(stderr);
  return stdout.trim();
}

function isReady({ status }: Node): boolean {
  return status.conditions.some((one) => one.type === "Ready" && one.status === "True");
}

function runScript(name: string, ...args: string[]) {
  const script = path.join(repositoryRoot, "scripts/lab", `${name}.ts`);
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...args], {
    encoding: "utf8",
  });
  return { code: status, stdout, stderr };
}

/** The release with a sum that is not that of its file. */
function spoil(release: K3sRelease, file: string, folder: string): K3sRelease {
  const sums = path.join(folder, "sums.txt");
  const lines = readFileSync(release.sums, "utf8").split("\n");
  const name = path.basename(file);
  const spoilt = lines.map((line) =>
    line.endsWith(`  ${name}`) ? `${"0".repeat(64)}  ${name}` : line,
  );
  writeFileSync(sums, spoilt.join("\n"));
  return { ...release, sums };
}

claimLab(t, paths);

const { components, release } = await prepareRelease({ progress, signal });
const baseUrl = findFileUrl(release.folder);
await bringUp(paths, { withMesh: true, progress, signal });

t.test("every playbook is one that Ansible can read", { timeout }, async (t) => {
  const bin = await ensureAnsible({ progress });
  for (const name of ["k3s-cluster", "k3s-master", "k3s-worker"]) {
    await runPlaybook(paths, name, { bin, args: ["--syntax-check"], progress });
  }
  t.pass();
});

t.test("a file with another sum is refused, and nothing is started", { timeout }, async (t) => {
  const spoilt = spoil(release, release.k3s, t.testdir());
  for (const from of [{}, { baseUrl }]) {
    const refused = await ensureCluster(paths, {
      components,
      release: spoilt,
      progress,
      ...from,
    }).then(
      () => undefined,
      (error: unknown) => error as { code: string; why: string },
    );
    t.equal(refused?.code, "PLAYBOOK_FAILED");
    t.match(refused?.why, /k3s has another SHA-256|checksum for .* did not match/);
  }
  for (const name of names) {
    const there = await onHost(name, "ls /usr/local/bin /etc/systemd/system; pgrep -x k3s || true");
    t.notMatch(there, /^k3s|^\d+$/m, name);
  }
});

t.test(
  "--check tells what would be done to a bare host, and does nothing",
  { timeout },
  async (t) => {
    const bin = await ensureAnsible({ progress });
    const sums = parseSums(readFileSync(release.sums, "utf8"));
    const variables = JSON.stringify(buildVariables(paths, sums, { release, baseUrl }));
    const args = ["--check", "--extra-vars", variables];
    const { changed } = await runPlaybook(paths, "k3s-cluster", { bin, args, progress });
    for (const name of names) {
      t.ok((changed[name] ?? 0) > 5, name);
      t.notMatch(await onHost(name, "ls /usr/local/bin /etc/systemd/system"), /^k3s/m, name);
    }
  },
);

t.test("a cluster from nothing, with what the hosts download", { timeout }, async (t) => {
  const cluster = await ensureCluster(paths, { components, release, baseUrl, progress });
  const nodes = await listNodes();
  t.strictSame(
    nodes
      .filter(isReady)
      .map(({ metadata }) => metadata.name)
      .toSorted(),
    names.toSorted(),
  );
  for (const { name, zone, provider, instanceType } of labHosts) {
    const labels = nodes.find(({ metadata }) => metadata.name === name)?.metadata.labels;
    t.match(
      labels,
      {
        "topology.kubernetes.io/zone": zone,
        "infra-k3s.io/provider": provider,
        "infra-k3s.io/instance-type": instanceType,
        "workload/stateful": "true",
      },
      name,
    );
    t.equal(await onHost(name, "stat -c %a /etc/rancher/k3s/config.yaml"), "600");
    const images = await onHost(name, "k3s ctr images ls");
    t.match(images, /infra-k3s\/restore:\S+ .*io\.cri-containerd\.pinned=pinned/, name);
  }
  t.equal(statSync(paths.kubeconfig).mode & 0o777, 0o600);
  const hosts = await loadInventory(paths.inventory);
  for (const { meshIp } of hosts) t.match(meshIp, /^100\.64\./);
  t.equal((await readKubeconfig(paths.kubeconfig)).server, `https://${hosts[0]?.meshIp}:6443`);
  t.match(readFileSync(paths.kubeconfig, "utf8"), /^current-context: "?lab"?$/m);
  t.equal((await loadSite({ site: paths.state, env: {} })).kubeSystemUid, cluster.uid);
  const token = await onHost(server, "cat /var/lib/rancher/k3s/server/token");
  t.equal(await readEscrowedToken(), token);
  t.notMatch(readFileSync(path.join(paths.state, "runs/k3s-cluster.log"), "utf8"), token);
});

t.test("again: it is only looked at", { timeout }, async (t) => {
  const before = await Promise.all(names.map((name) => onHost(name, pids)));
  const up = runScript("up", "--cluster", "--json");
  t.equal(up.code, 0, up.stderr);
  const { result } = JSON.parse(up.stdout) as { result: { cluster: object } };
  t.notOk("changed" in result.cluster, "Ansible had nothing to run for");
  t.strictSame(await Promise.all(names.map((name) => onHost(name, pids))), before);
});

t.test("the whole site again by Ansible: nothing changes", { timeout }, async (t) => {
  const before = await Promise.all(names.map((name) => onHost(name, pids)));
  const bin = await ensureAnsible({ progress });
  const { changed } = await runPlaybook(paths, "site", { bin, progress });
  t.strictSame(changed, Object.fromEntries(names.map((name) => [name, 0])));
  t.strictSame(await Promise.all(names.map((name) => onHost(name, pids))), before);
});

t.test("again by init-cluster.ts: nothing changes", { timeout }, async (t) => {
  const before = await Promise.all(names.map((name) => onHost(name, pids)));
  const { kubeSystemUid } = await loadSite({ site: paths.state, env: {} });
  // Else the lab would find that there is nothing to run.
  rmSync(paths.clusterRun);
  const { changed, uid } = await ensureCluster(paths, { components, release, baseUrl, progress });
  t.strictSame(changed, Object.fromEntries(names.map((name) => [name, 0])));
  t.equal(uid, kubeSystemUid);
  t.equal((await loadSite({ site: paths.state, env: {} })).kubeSystemUid, uid, "written down anew");
  t.strictSame(await Promise.all(names.map((name) => onHost(name, pids))), before);
});

t.test("validate --server tells what the cluster refuses, and keeps nothing", async (t) => {
  const service = (name: string, address: string) => `apiVersion: v1
kind: Service
metadata:
  name: ${name}
  namespace: default
spec:
  clusterIP: ${address}
  ports:
    - port: 7000
`;
  // Which addresses a cluster has is known to nobody else.
  const folder = t.testdir({
    "good.yaml": service("web-good", "None"),
    "bad.yaml": service("web-bad", "192.0.2.1"),
  });
  const script = path.join(repositoryRoot, "scripts/ci/validate.ts");
  const zx = path.join(repositoryRoot, "node_modules/.bin/zx");
  const argv = [zx, script, folder, "--server", "--site", paths.state, "--json"] as const;
  const { code, stdout, stderr } = await asOperator(argv);
  t.equal(code, 1, stderr);
  const { result } = JSON.parse(stdout) as { result: { findings: unknown[] } };
  t.match(result.findings, [
    { code: "SERVER_REFUSED", where: { file: "bad.yaml" }, why: /192\.0\.2\.1/ },
  ]);
  t.equal(result.findings.length, 1);
  t.notMatch(await onHost(server, "k3s kubectl get services"), /web-good/);
});

t.test("a setting that k3s does not know fails with its own words", { timeout }, async (t) => {
  const bin = await ensureAnsible({ progress });
  const settings = JSON.stringify({ k3s_config: { "no-such-setting": true } });
  const args = [`--limit=${third}`, "--extra-vars", settings];
  await t.rejects(runPlaybook(paths, "k3s-worker", { bin, args, progress }), {
    code: "LAB_PLAYBOOK_FAILED",
    why: /flag provided but not defined: -no-such-setting/,
  });
});

t.test("a label of the inventory and a setting reach a node that runs", { timeout }, async (t) => {
  const bin = await ensureAnsible({ progress });
  const args = [
    `--limit=${third}`,
    "--extra-vars",
    JSON.stringify({ zone: "moved", k3s_config: { debug: true } }),
  ];
  const check = await runPlaybook(paths, "k3s-worker", {
    bin,
    args: [...args, "--check"],
    progress,
  });
  t.strictSame(check.changed, { [third]: 3 }, "only told");
  const { changed } = await runPlaybook(paths, "k3s-worker", { bin, args, progress });
  t.equal((changed[third] ?? 0) > 0, true);
  const node = (await listNodes()).find(({ metadata }) => metadata.name === third);
  t.equal(node?.metadata.labels["topology.kubernetes.io/zone"], "moved");
  t.match(await onHost(third, "cat /etc/rancher/k3s/config.yaml"), /^debug: true$/m);
});

t.test("an uninstalled agent keeps its volumes, and joins again", { timeout }, async (t) => {
  await onHost(
    second,
    "mkdir /var/lib/rancher/k3s/storage/pvc-1; echo kept >/var/lib/rancher/k3s/storage/pvc-1/file",
  );
  await onHost(second, "k3s-uninstall.sh");
  const left = await onHost(
    second,
    "pgrep -l 'k3s|containerd|kubelet' || true; ip -brief link; ls /usr/local/bin /etc/systemd/system; findmnt --noheadings --output TARGET",
  );
  t.notMatch(left, /^k3s|^\d+ |\/run\/k3s|kubelet\/|cni|flannel/m);
  t.equal(await onHost(second, "cat /var/lib/rancher/k3s/storage/pvc-1/file"), "kept");
  // The other way to bring the same files.
  await ensureCluster(paths, { components, release, progress });
  t.equal((await listNodes()).filter(isReady).length, names.length);
  t.equal(await onHost(second, "cat /var/lib/rancher/k3s/storage/pvc-1/file"), "kept");
});
