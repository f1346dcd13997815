import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import t from "tap";
import { stringify } from "yaml";
import { ensureAnsible } from "../../../lab/ansible.ts";
import { ensureCluster } from "../../../lab/cluster.ts";
import { labHosts } from "../../../lab/host-list.ts";
import { createAuthKey, listMeshNodes } from "../../../lab/mesh/coordinator.ts";
import { meshTag } from "../../../lab/mesh/headscale.ts";
import { createHostKey, planMeshVariables } from "../../../lab/mesh/variables.ts";
import { enterOperator } from "../../../lab/operator.ts";
import { findPaths } from "../../../lab/paths.ts";
import { runPlaybook } from "../../../lab/playbook.ts";
import type { Progress } from "../../../lab/progress.ts";
import { findFileUrl } from "../../../lab/servers.ts";
import { bringUp } from "../../../lab/up.ts";
import { prepareRelease } from "../../../lab/up-cluster.ts";
import { readKubeconfig } from "../../../lib/cluster/kubeconfig.ts";
import { run } from "../../../lib/exec/run.ts";
import { loadInventory } from "../../../lib/inventory/load.ts";
import { claimLab } from "../support/own-lab.ts";

/** Needs root and a machine that fits the lab, and makes and takes down a lab of its own. */
const paths = findPaths();
const names = labHosts.map(({ name }) => name);
const [server = "", second = "", third = ""] = names;
const timeout = 600_000;
const unchanged = Object.fromEntries(names.map((name) => [name, 0]));
const progress: Progress = { say: (text) => t.comment(text), readSeconds: () => 0 };
const { signal } = new AbortController();

/** All keys that the test has made: none of them is to be found anywhere afterwards. */
const keys: string[] = [];

/** What every run has said. */
const logs: string[] = [];

/** Runs a command on a host, from where the operator is; `stdin` may hold a secret. */
async function onHost(host: string, command: string, stdin = ""): Promise<string> {
  const argv = await enterOperator(paths, ["ssh", "-F", paths.sshConfig, host, command]);
  const { stdout } = await run(argv, { stdin, timeoutSeconds: 60 });
  return stdout.trim();
}

interface Status {
  BackendState: string;
  TailscaleIPs: string[];
}

async function readStatus(host: string): Promise<Status> {
  return JSON.parse(await onHost(host, "tailscale status --json --peers=false")) as Status;
}

async function readPreferences(host: string): Promise<Record<string, unknown>> {
  return JSON.parse(await onHost(host, "tailscale debug prefs")) as Record<string, unknown>;
}

async function runNetworking(...args: string[]): Promise<Record<string, number>> {
  const bin = await ensureAnsible({ progress });
  // Every word that Ansible can say is in the log.
  const all = ["-vvv", ...args];
  try {
    return (await runPlaybook(paths, "networking", { bin, args: all, progress })).changed;
  } finally {
    logs.push(readFileSync(path.join(paths.ansible, "networking.log"), "utf8"));
  }
}

/** A key, or a template of one. */
function giveKey(key: string): void {
  const file = path.join(paths.inventory, "group_vars/k3s_cluster/mesh.yml");
  const given = { ...variables, tailscale_auth_key: key, tailscale_login_timeout_seconds: 30 };
  writeFileSync(file, stringify(given), { mode: 0o600 });
}

function readAddresses(): Promise<(string | undefined)[]> {
  return loadInventory(paths.inventory).then((hosts) => hosts.map(({ meshIp }) => meshIp));
}

claimLab(t, paths);

const { components, release } = await prepareRelease({ progress, signal });
await bringUp(paths, { withMesh: true, progress, signal });
const variables = await planMeshVariables(components);
const goodKey = await createHostKey(paths);
keys.push(goodKey);

t.test(
  "--check tells what would be done to a bare host, and does nothing",
  { timeout },
  async (t) => {
    giveKey(goodKey);
    const changed = await runNetworking("--check");
    for (const name of names) {
      t.ok((changed[name] ?? 0) >= 3, name);
      t.equal(await onHost(name, "command -v tailscale || echo none"), "none");
    }
    t.strictSame(await readAddresses(), [undefined, undefined, undefined]);
  },
);

t.test("auth keys that are no good: each host says soon what is wrong", { timeout }, async (t) => {
  const expired = await createAuthKey(paths, { expirationSeconds: 1, tags: [meshTag] });
  const unknown = "0123456789abcdef0123456789abcdef0123456789abcdef";
  await sleep(2000);
  const given = JSON.stringify({ [server]: unknown, [second]: expired, [third]: "" });
  giveKey(`{{ ${given}[inventory_hostname] }}`);
  keys.push(unknown, expired);
  const startedAt = Date.now();
  const error = await runNetworking().then(
    () => undefined,
    (error: unknown) => error as { code: string; why: string },
  );
  t.ok(Date.now() - startedAt < 300_000, "a bound that nothing slow reaches");
  t.equal(error?.code, "LAB_PLAYBOOK_FAILED");
  const lines = error?.why.split("\n") ?? [];
  const findLine = (host: string) => lines.find((line) => line.startsWith(`${host}: `));
  const fix = "write it into the vault as vault_tailscale_authkey";
  t.match(findLine(server), /the login at https:\/\/\S+ failed: .*AuthKey not found/);
  t.match(findLine(second), /the login at https:\/\/\S+ failed: .*authkey expired/);
  t.match(findLine(third), /there is no auth key/);
  for (const name of names) {
    t.match(findLine(name), fix, name);
    t.equal((await readStatus(name)).BackendState, "NeedsLogin", name);
  }
  t.strictSame(await readAddresses(), [undefined, undefined, undefined]);
});

t.test("three hosts join the mesh, and reach one another over it", { timeout }, async (t) => {
  giveKey(goodKey);
  const changed = await runNetworking();
  for (const name of names) t.ok((changed[name] ?? 0) > 0, name);
  const addresses = await readAddresses();
  for (const [index, name] of names.entries()) {
    const { BackendState, TailscaleIPs } = await readStatus(name);
    t.equal(BackendState, "Running", name);
    t.equal(addresses[index], TailscaleIPs[0], name);
    t.match(await readPreferences(name), { Hostname: name, CorpDNS: false, RunSSH: false }, name);
    for (const address of addresses) await onHost(name, `ping -c 1 -w 8 ${address}`);
  }
  const nodes = await listMeshNodes(paths);
  for (const name of names) {
    const node = nodes.find((one) => one.name === name);
    t.strictSame(node?.tags, [meshTag], name);
    t.equal(node?.expiresAt, undefined, `${name}: the key of a tagged host does not expire`);
  }
});

t.test("again, over the mesh: nothing changes", { timeout }, async (t) => {
  t.strictSame(await runNetworking("--extra-vars", "via=mesh"), unchanged);
  const log = logs.at(-1) ?? "";
  for (const address of await readAddresses()) t.match(log, `<${address}> SSH:`);
  for (const { address } of labHosts) t.notMatch(log, `<${address}> SSH:`);
});

t.test("a cluster over the mesh: its nodes, its pods and its API", { timeout }, async (t) => {
  const baseUrl = findFileUrl(release.folder);
  await ensureCluster(paths, { components, release, baseUrl, progress });
  const text = await onHost(server, "k3s kubectl get nodes --output=json");
  const { items } = JSON.parse(text) as {
    items: {
      metadata: { name: string };
      status: { addresses: { type: string; address: string }[] };
    }[];
  };
  const addresses = await readAddresses();
  for (const [index, name] of names.entries()) {
    const node = items.find(({ metadata }) => metadata.name === name);
    const internal = node?.status.addresses.filter(({ type }) => type === "InternalIP");
    t.strictSame(
      internal?.map(({ address }) => address),
      [addresses[index]],
      name,
    );
    const link = await onHost(name, "ip -details link show flannel.1");
    t.match(link, / mtu 1230 /, name);
    t.match(link, /vxlan .* dev tailscale0 /, name);
  }
  const endpoints =
    "k3s kubectl get endpoints kubernetes --output=jsonpath='{.subsets[*].addresses[*].ip}'";
  t.equal(await onHost(server, endpoints), addresses[0]);
  t.equal((await readKubeconfig(paths.kubeconfig)).server, `https://${addresses[0]}:6443`);
  const bin = await ensureAnsible({ progress });
  t.strictSame((await runPlaybook(paths, "k3s-cluster", { bin, progress })).changed, unchanged);
});

t.test("the pod network comes back after a restart of tailscaled", { timeout }, async (t) => {
  const podRange = `k3s kubectl get node ${second} --output=jsonpath='{.spec.podCIDR}'`;
  // The far end of flannel has the first address of the node's own range.
  const far = (await onHost(server, podRange)).replace(/\/\d+$/, "");
  const ping = `ping -c 3 -i 0.5 -w 10 ${far}`;
  await onHost(server, ping);
  const before = await onHost(second, "ip route show dev flannel.1");
  await onHost(second, "systemctl restart tailscaled");
  const again = `for i in $(seq 45); do ${ping} && exit; sleep 1; done; exit 1`;
  await onHost(server, `timeout 55 bash -c '${again}'`);
  t.equal(await onHost(second, "ip route show dev flannel.1"), before);
  t.not(before, "");
  t.equal((await readStatus(second)).BackendState, "Running");
  const order = await onHost(second, "systemctl show --property=After --value k3s-agent");
  t.match(order, /\binfra-k3s-mesh\.service\b/);
});

t.test("what was changed by hand is put right, and no more", { timeout }, async (t) => {
  await onHost(second, "tailscale set --hostname=other --accept-dns=true");
  await onHost(third, "tailscale down");
  const before = await readAddresses();
  const changed = await runNetworking("--extra-vars", "via=public");
  t.strictSame(changed, { [server]: 0, [second]: 1, [third]: 1 });
  t.match(await readPreferences(second), { Hostname: second, CorpDNS: false });
  t.equal((await readStatus(third)).BackendState, "Running");
  t.strictSame(await readAddresses(), before);
});

t.test("the interface has the MTU that was asked for, and back", { timeout }, async (t) => {
  const readMtu = () => onHost(second, "cat /sys/class/net/tailscale0/mtu");
  const limit = `--limit=${second}`;
  t.equal(await readMtu(), "1280");
  await runNetworking(limit, "--extra-vars", "tailscale_mtu=1350");
  t.equal(await readMtu(), "1350");
  t.strictSame(await runNetworking(limit), { [second]: 2 });
  t.equal(await readMtu(), "1280");
});

t.test("no key is left on a host or in a log", { timeout }, async (t) => {
  const log = logs.join("\n");
  t.match(log, /censored/, "what is not to be said was left out");
  for (const key of keys) {
    t.notMatch(log, key);
    const places = "/etc /root /run /tmp /var/log /var/tmp";
    const grep = `grep -rIlFf - ${places} 2>/dev/null || true`;
    const inJournal = "key=$(cat); journalctl --no-pager | grep -cF -- $key || true";
    for (const name of names) {
      t.equal(await onHost(name, grep, key), "", name);
      t.equal(await onHost(name, inJournal, key), "0", name);
    }
  }
});
