import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import t from "tap";
import { readHealth } from "../../../lab/clouds/control.ts";
import { labHosts } from "../../../lab/host-list.ts";
import {
  createAuthKey,
  expireNode,
  listMeshNodes,
  removeNode,
} from "../../../lab/mesh/coordinator.ts";
import { meshTag } from "../../../lab/mesh/headscale.ts";
import { ensureOperatorMesh, operatorNode } from "../../../lab/mesh/operator.ts";
import {
  buildTailscale,
  createHostKey,
  type MeshVariables,
  planMeshVariables,
} from "../../../lab/mesh/variables.ts";
import { listNamespaceProcesses, operatorNamespace } from "../../../lab/network.ts";
import { buildOperatorEnvironment, enterOperator } from "../../../lab/operator.ts";
import { findPaths } from "../../../lab/paths.ts";
import { powerOn, readPower, shutDown } from "../../../lab/power.ts";
import type { Progress } from "../../../lab/progress.ts";
import { waitForHost } from "../../../lab/host.ts";
import { serverUrls } from "../../../lab/servers.ts";
import { repositoryRoot } from "../../../lib/config/paths.ts";
import { run } from "../../../lib/exec/run.ts";
import { compareSnapshots, readSnapshot } from "../../support/machine-snapshot.ts";

/** Needs root and a machine that fits the lab, and takes its lab down: not a part of `npm test`. */
const paths = findPaths();
const [first = "", second = "", third = ""] = labHosts.map(({ name }) => name);
const progress: Progress = { say: (text) => t.comment(text), readSeconds: () => 0 };

/** All keys that the test has made: none of them is to be found anywhere afterwards. */
const keys: string[] = [];

function runScript(name: string, ...flags: string[]): void {
  const script = path.join(repositoryRoot, "scripts/lab", `${name}.ts`);
  const { status, stderr } = spawnSync(process.execPath, [script, ...flags], { encoding: "utf8" });
  if (status !== 0) throw new Error(`${name} ended with code ${status}: ${stderr}`);
}

/** Runs a command on a host, from where the operator is. */
async function onHost(host: string, command: string, stdin = ""): Promise<string> {
  const argv = await enterOperator(paths, ["ssh", "-F", paths.sshConfig, host, command]);
  const { stdout } = await run(argv, { stdin, timeoutSeconds: 120 });
  return stdout.trim();
}

async function asOperator(...argv: [string, ...string[]]): Promise<string> {
  const env = buildOperatorEnvironment(paths, process.env);
  const { stdout } = await run(await enterOperator(paths, argv), { env, timeoutSeconds: 60 });
  return stdout.trim();
}

/** Logs in to a host by its address in the mesh, with the host key that it is known by. */
async function overMesh(host: string, address: string, command: string): Promise<string> {
  const options = ["-o", `HostName=${address}`, "-o", `HostKeyAlias=${host}`];
  return await asOperator("ssh", "-F", paths.sshConfig, ...options, host, command);
}

async function addSource(host: string, variables: MeshVariables): Promise<void> {
  const { uris, suites, components, key_url: keyUrl } = variables.tailscale_repository;
  const key = "/etc/apt/keyrings/tailscale.asc";
  const stanza = [
    "Types: deb",
    `URIs: ${uris}`,
    `Suites: ${suites}`,
    `Components: ${components}`,
    `Signed-By: ${key}`,
    "",
  ].join("\n");
  await onHost(host, `mkdir -p /etc/apt/keyrings && curl --silent --fail -o ${key} ${keyUrl}`);
  await onHost(host, "cat >/etc/apt/sources.list.d/tailscale.sources", stanza);
}

async function join(host: string, key: string): Promise<void> {
  await onHost(host, "umask 077 && cat >/run/auth-key", key);
  const flags = `--login-server=${serverUrls.mesh} --auth-key=file:/run/auth-key --accept-dns=false`;
  const rest = `--advertise-tags=${meshTag} --timeout=20s`;
  await onHost(host, `tailscale up ${flags} ${rest}; code=$?; rm /run/auth-key; exit $code`);
}

async function readState(host: string): Promise<string> {
  const text = await onHost(host, "tailscale status --json --peers=false || true");
  return (JSON.parse(text) as { BackendState: string }).BackendState;
}

async function findAddress(name: string): Promise<string> {
  const nodes = await listMeshNodes(paths);
  return nodes.find((node) => node.name === name)?.addresses[0] ?? "";
}

/** The first packet has to wait for a handshake, which is tried again after 5 s (WireGuard). */
async function ping(from: string, address: string): Promise<string> {
  return await onHost(from, `ping -q -c 1 -w 30 ${address} && ping -c 3 -i 0.2 ${address}`);
}

async function waitUntil(what: string, check: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 90_000;
  while (!(await check())) {
    if (Date.now() > deadline) throw new Error(`not within 90 s: ${what}`);
    await sleep(500);
  }
}

async function areOnline(...names: string[]): Promise<boolean> {
  const nodes = await listMeshNodes(paths);
  return names.every((name) => nodes.find((node) => node.name === name)?.isOnline);
}

t.setTimeout(0);
if (process.getuid?.() !== 0) {
  t.comment("skipped: needs root");
  process.exit(0);
}
if (existsSync(paths.state)) throw new Error(`a lab is there already: ${paths.state}`);
// What the first run installs and caches, it leaves on purpose.
runScript("up", "--mesh");
runScript("down");
const before = readSnapshot();
runScript("up", "--mesh");
t.teardown(() => runScript("down"));
const components = await buildTailscale({ progress });

t.test("hosts have what a mesh needs, and trust its coordination server", async (t) => {
  for (const { name } of labHosts) {
    t.match(await onHost(name, `curl --silent --fail ${serverUrls.mesh}/health`), "pass", name);
    t.equal(await onHost(name, "stat --format=%t,%T /dev/net/tun"), "a,c8", "10, 200");
  }
  const update = "update-ca-certificates && openssl verify -CApath /etc/ssl/certs";
  const ca = "/usr/local/share/ca-certificates/infra-k3s-lab.crt";
  t.match(await onHost(third, `${update} ${ca}`), /0 added, 0 removed[^]*: OK$/);
});

t.test("hosts install tailscale by apt, and only what the key has signed", async (t) => {
  const variables = await planMeshVariables(components);
  const key = await createHostKey(paths);
  keys.push(key);
  for (const host of [first, second]) {
    await addSource(host, variables);
    await onHost(host, "apt-get --quiet update && apt-get --quiet --yes install tailscale");
    t.equal(await onHost(host, "systemctl is-enabled tailscaled"), "enabled");
    t.equal(await onHost(host, "systemctl is-active tailscaled"), "active");
    t.match(
      await onHost(host, "tailscale version; tailscaled --version"),
      /^1\.86\.5\n[^]*\n1\.86\.5\n/,
    );
    await waitUntil("it asks for a key", async () => (await readState(host)) === "NeedsLogin");
    await join(host, key);
    t.equal(await readState(host), "Running");
  }
  await addSource(third, variables);
  const wrong = "/usr/share/keyrings/debian-archive-keyring.gpg";
  const list = "/etc/apt/sources.list.d/tailscale.sources";
  await onHost(third, `sed -i 's#^Signed-By: .*#Signed-By: ${wrong}#' ${list}`);
  await t.rejects(onHost(third, "apt-get --quiet --error-on=any update"), {
    code: "EXEC_FAILED",
    why: /NO_PUBKEY/,
  });
});

t.test("the operator joins when asked, and only once", async (t) => {
  const address = await ensureOperatorMesh(paths, { components });
  const pids = await listNamespaceProcesses(operatorNamespace);
  t.equal(await ensureOperatorMesh(paths, { components }), address);
  t.strictSame(await listNamespaceProcesses(operatorNamespace), pids, "what runs stays");
  t.notOk(existsSync(paths.operatorMesh.authKey));
  t.equal(await findAddress(operatorNode), address);
});

t.test("all reach each other by their addresses in the mesh", async (t) => {
  const [one, other, own] = await Promise.all([first, second, operatorNode].map(findAddress));
  for (const address of [one, other, own]) t.match(address, /^100\./);
  t.match(await ping(first, other ?? ""), /3 received, 0% packet loss/);
  t.match(await ping(second, own ?? ""), /3 received, 0% packet loss/);
  t.equal(await overMesh(first, one ?? "", "hostname"), first);
  t.match(await onHost(first, `ip route get ${other}`), "dev tailscale0");
  t.match(await asOperator("ip", "route", "get", one ?? ""), "dev tailscale0");
  t.match(
    await onHost(first, `tailscale ping --until-direct ${other}`),
    /via 172\.31\.0\.12:41641/,
  );
  const nodes = await listMeshNodes(paths);
  const facts = nodes.map(({ name, isOnline, tags, expiresAt }) => ({
    name,
    isOnline,
    tags,
    expiresAt,
  }));
  const forever = { isOnline: true, expiresAt: undefined };
  t.strictSame(
    facts.toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    [
      { name: operatorNode, ...forever, tags: [] },
      { name: first, ...forever, tags: [meshTag] },
      { name: second, ...forever, tags: [meshTag] },
    ].map(({ name, isOnline, tags, expiresAt }) => ({ name, isOnline, tags, expiresAt })),
  );
});

t.test("the mesh outlives its servers, and a reboot of a host", async (t) => {
  const { pid } = await readHealth(paths.servers.control);
  process.kill(pid, "SIGKILL");
  await sleep(300);
  t.match(
    await ping(first, await readMesh(second)),
    /3 received, 0% packet loss/,
    "no server is needed for it",
  );
  runScript("up", "--mesh");
  await waitUntil("all are online again", async () => await areOnline(first, second, operatorNode));
  await shutDown(paths, second);
  await powerOn(paths, second);
  await waitForHost(paths, second, async () => (await readPower(paths, second)) === "running");
  await waitUntil("it is in the mesh again", async () => (await readState(second)) === "Running");
  t.match(await ping(first, await findAddress(second)), /3 received, 0% packet loss/);
});

/** As the host itself says it: the coordination server may be away. */
async function readMesh(host: string): Promise<string> {
  return await onHost(host, "tailscale ip -4");
}

t.test("keys that are used up, expired or wrong are refused", async (t) => {
  const variables = await planMeshVariables(components);
  await addSource(third, variables);
  await onHost(third, "apt-get --quiet update && apt-get --quiet --yes install tailscale");
  const expired = await createAuthKey(paths, { expirationSeconds: 1 });
  const once = await createAuthKey(paths);
  keys.push(expired, once);
  await sleep(1500);
  await t.rejects(join(third, expired), { code: "EXEC_FAILED", why: /expired/ });
  await t.rejects(join(third, "0".repeat(48)), { code: "EXEC_FAILED", why: /not found/ });
  await join(third, once);
  // The machine that has used it may log in again for as long as it is a node.
  await onHost(third, "tailscale logout");
  await removeNode(paths, third);
  await t.rejects(join(third, once), { code: "EXEC_FAILED", why: /already used/ });
});

t.test("a node that is expired has to log in again, and one can be removed", async (t) => {
  await expireNode(paths, second);
  await waitUntil("it is told", async () => (await readState(second)) === "NeedsLogin");
  const node = (await listMeshNodes(paths)).find(({ name }) => name === second);
  t.ok((node?.expiresAt?.getTime() ?? Infinity) <= Date.now());
  await removeNode(paths, second);
  t.equal(await findAddress(second), "");
  await t.rejects(removeNode(paths, second), { code: "LAB_MESH_NODE_MISSING" });
});

t.test("no key is written anywhere", async (t) => {
  t.ok(keys.length >= 3);
  const { folder } = paths.servers.mesh;
  const logs = [paths.servers.log, paths.operatorMesh.log, paths.servers.settings];
  const texts = logs.map((file) => readFileSync(file, "utf8"));
  for (const name of readdirSync(folder).filter((one) => !one.startsWith("db.sqlite"))) {
    if (name !== "socket") texts.push(readFileSync(path.join(folder, name), "utf8"));
  }
  for (const host of [first, second, third]) {
    texts.push(await onHost(host, "journalctl --no-pager --output=cat"));
  }
  for (const key of keys) for (const text of texts) t.notOk(text.includes(key));
});

t.test("down leaves nothing of it", async (t) => {
  runScript("down");
  t.strictSame(compareSnapshots(before, readSnapshot()), []);
});
