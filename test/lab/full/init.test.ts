import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import t, { type Test } from "tap";
import { parseDocument, stringify } from "yaml";
import { prepareSite } from "../../../lab/cluster.ts";
import { labHosts } from "../../../lab/host-list.ts";
import { createAuthKey, listMeshNodes } from "../../../lab/mesh/coordinator.ts";
import { meshTag } from "../../../lab/mesh/headscale.ts";
import { findPaths } from "../../../lab/paths.ts";
import type { Progress } from "../../../lab/progress.ts";
import { runScript, type ScriptEnd } from "../../../lab/run-script.ts";
import { findFileUrl } from "../../../lab/servers.ts";
import { bringUp } from "../../../lab/up.ts";
import { prepareRelease } from "../../../lab/up-cluster.ts";
import { onHost } from "../support/bare-hosts.ts";
import { changeHost, fullFolder, noSudo, offClock } from "../support/inventory.ts";
import { claimLab } from "../support/own-lab.ts";

/** Needs root and a machine that fits the lab, and makes and takes down a lab of its own. */
const paths = findPaths();
const names = labHosts.map(({ name }) => name);
const [server = "", second = "", third = ""] = names;
const timeout = 900_000;
const progress: Progress = { say: (text) => t.comment(text), readSeconds: () => 0 };
const { signal } = new AbortController();
/** Nothing that is wrong is waited for longer. */
const patience = 300;

const hostsFile = path.join(paths.inventory, "hosts.yml");
const testVariables = path.join(paths.inventory, "group_vars/k3s_cluster/test.yml");

interface Phase {
  id: string;
  seconds: number;
  facts: { changed?: Record<string, number>; via?: string; nodes?: number };
}

type Init = ScriptEnd & { phases: Phase[]; told: string; seconds: number };

async function init(...flags: string[]): Promise<Init> {
  const startedAt = performance.now();
  const argv = [
    "scripts/setup/init-cluster.ts",
    "--nodes-only",
    "--confirm",
    "lab",
    ...flags,
  ] as const;
  const env = { ANSIBLE_HOME: paths.ansible };
  const end = await runScript(paths, argv, { home: paths.ansible, env, signal });
  const { phases = [] } = (end.document.result ?? {}) as { phases?: Phase[] };
  const seconds = (performance.now() - startedAt) / 1000;
  return { ...end, phases, told: JSON.stringify(end.document), seconds };
}

/** Runs `work` with another hosts.yml, and puts the old one back. */
async function withHosts<T>(change: (text: string) => string, work: () => Promise<T>): Promise<T> {
  const before = readFileSync(hostsFile, "utf8");
  writeFileSync(hostsFile, change(before));
  try {
    return await work();
  } finally {
    writeFileSync(hostsFile, before);
  }
}

/** The inventory with the server alone. */
function keepServer(text: string): string {
  const inventory = parseDocument(text);
  inventory.deleteIn(["all", "children", "k3s_cluster", "children", "k3s_workers"]);
  return inventory.toString();
}

/** The one line of each host in an error that tells of several. */
function findLines(run: Init, host: string): string[] {
  const { why } = (run.document.error ?? {}) as { why?: string };
  return (why ?? "").split("\n").filter((line) => line.startsWith(`${host}: `));
}

async function isBare(t: Test): Promise<void> {
  for (const name of names) {
    const there = await onHost(name, "ls /usr/local/bin; command -v tailscale; ufw status || true");
    t.notMatch(there, /k3s|tailscale|Status: active/, name);
    t.match(await onHost(name, "sshd -T"), /^passwordauthentication yes$/m);
  }
}

async function listNodes(): Promise<string[]> {
  const lines = await onHost(server, "k3s kubectl get nodes --no-headers");
  return lines
    .split("\n")
    .filter((line) => / Ready /.test(line))
    .map((line) => line.split(" ")[0] ?? "")
    .toSorted();
}

claimLab(t, paths);

const { components, release } = await prepareRelease({ progress, signal });
await bringUp(paths, { withMesh: true, progress, signal });
const baseUrl = findFileUrl(release.folder);
await prepareSite(paths, { components, release, baseUrl, progress });

t.test("hosts that are not fit: a line for each finding, and nothing is changed", async (t) => {
  await onHost(server, noSudo.make);
  await onHost(second, offClock.make);
  await onHost(second, fullFolder.make);
  const run = await withHosts(
    (text) => {
      const changed = changeHost(
        text,
        server,
        /ansible_user: root/,
        `ansible_user: ${noSudo.user}`,
      );
      const key = /ansible_ssh_private_key_file: \S+/;
      return changeHost(changed, third, key, `ansible_ssh_private_key_file: ${paths.privateKey}`);
    },
    async () => await init(),
  );
  await onHost(server, noSudo.remove);
  await onHost(second, `${fullFolder.remove}; ${offClock.remove}`);
  t.equal(run.exitCode, 2, run.told);
  t.match(run.told, "HOSTS_UNFIT");
  t.match(findLines(run, server), [/sudo.* Fix: /]);
  t.match(findLines(run, second), [
    /clock is (59\d|600) s ahead.* Fix: /,
    /only 0 MB free on \/tmp/,
  ]);
  t.match(findLines(run, third), [/does not let "ec2-user" in .* Fix: .*ssh-copy-id/]);
  t.ok(run.seconds < patience);
  await isBare(t);
});

t.test("a host that is down, and two hosts of one name", async (t) => {
  const down = await withHosts(
    (text) => changeHost(text, third, /public_ip: \S+/, "public_ip: 172.31.0.99"),
    async () => await init(),
  );
  t.equal(down.exitCode, 2, down.told);
  t.match(findLines(down, third), [/172\.31\.0\.99.* Fix: /]);
  t.ok(down.seconds < patience);
  const twice = await withHosts(
    (text) => text.replace(`${third}:`, `${second}:`),
    async () => await init(),
  );
  t.equal(twice.exitCode, 2, twice.told);
  t.match(twice.told, second);
  await isBare(t);
});

t.test("an auth key that has expired: each host says so, and how to mend it", async (t) => {
  const expired = await createAuthKey(paths, { expirationSeconds: 1, tags: [meshTag] });
  await sleep(2000);
  writeFileSync(
    testVariables,
    stringify({ tailscale_auth_key: expired, tailscale_login_timeout_seconds: 20 }),
    { mode: 0o600 },
  );
  const run = await init();
  rmSync(testVariables);
  t.equal(run.exitCode, 4, run.told);
  t.match(run.told, "PLAYBOOK_FAILED");
  const { why = "" } = (run.document.error ?? {}) as { why?: string };
  // Hosts that say the same have one line.
  for (const name of names) {
    const line = why.split("\n").find((one) => one.split(":")[0]?.includes(name));
    t.match(line, /authkey expired.* vault_tailscale_authkey/, name);
  }
  t.notMatch(run.told, expired);
  t.ok(run.seconds < patience);
});

t.test("one host alone is a cluster", { timeout }, async (t) => {
  // The run before has written down keys of hosts that are not in this inventory.
  const aside = t.testdir({});
  const written = [second, third].filter((name) =>
    existsSync(path.join(paths.inventory, "host_vars", name)),
  );
  for (const name of written) {
    cpSync(path.join(paths.inventory, "host_vars", name), path.join(aside, name), {
      recursive: true,
    });
    rmSync(path.join(paths.inventory, "host_vars", name), { recursive: true });
  }
  const run = await withHosts(keepServer, async () => await init());
  t.equal(run.exitCode, 0, run.told);
  t.strictSame(await listNodes(), [server]);
  t.match(
    run.phases.map(({ id }) => id),
    ["bootstrap", "k3s-cluster", "verify-nodes", "escrow-token"],
  );
  const again = await withHosts(keepServer, async () => await init());
  for (const { facts } of again.phases.slice(0, 2)) t.strictSame(facts.changed, { [server]: 0 });
  for (const name of written) {
    cpSync(path.join(aside, name), path.join(paths.inventory, "host_vars", name), {
      recursive: true,
    });
  }
});

t.test("an agent with a wrong token says so, and no run waits for it for ever", async (t) => {
  await onHost(third, "echo K10wrong::server:wrong >/root/wrong-token");
  mkdirSync(path.join(paths.inventory, "host_vars", third), { recursive: true });
  const file = path.join(paths.inventory, "host_vars", third, "test.yml");
  writeFileSync(
    file,
    stringify({
      k3s_config: { "token-file": "/root/wrong-token" },
      k3s_start_timeout_seconds: 30,
    }),
  );
  const run = await init();
  rmSync(file);
  t.equal(run.exitCode, 4, run.told);
  t.match(findLines(run, third), [/k3s-agent did not start.*/]);
  t.match(run.told, /token/i);
  t.ok(run.seconds < patience);
});

t.test("the other two join, and the server is left as it is", { timeout }, async (t) => {
  const before = await onHost(server, "systemctl show --property=MainPID k3s");
  const run = await init();
  t.equal(run.exitCode, 0, run.told);
  t.strictSame(await listNodes(), names.toSorted());
  t.equal(await onHost(server, "systemctl show --property=MainPID k3s"), before);
});

t.test("a host whose mesh is down is reached in public, and put right", { timeout }, async (t) => {
  for (const [flags, via] of [
    [[], "public"],
    [["--via", "public"], "public"],
  ] as const) {
    await onHost(third, "tailscale down");
    const run = await init(...flags);
    t.equal(run.exitCode, 0, run.told);
    t.equal(run.phases[0]?.facts.via, via);
    t.strictSame(run.phases[0]?.facts.changed, { [server]: 0, [second]: 0, [third]: 1 });
    t.strictSame(await listNodes(), names.toSorted());
  }
  await onHost(third, "tailscale down");
  const refused = await init("--via", "mesh");
  t.equal(refused.exitCode, 4, refused.told);
  t.match(findLines(refused, third), [/.+/]);
  t.equal((await init()).exitCode, 0);
  const nodes = await listMeshNodes(paths);
  t.strictSame(
    nodes
      .filter(({ isOnline }) => isOnline)
      .map(({ name }) => name)
      .toSorted(),
    ["operator", ...names].toSorted(),
  );
});

t.test("the dry run shows who would be what, and changes nothing", async (t) => {
  const run = await init("--dry-run");
  t.equal(run.exitCode, 0, run.told);
  t.match(run.document.result, {
    cluster: "lab",
    nodes: [{ name: server, group: "k3s_masters" }, {}, {}],
    links: [{ from: server }, {}, {}],
  });
});
