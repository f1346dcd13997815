import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import t from "tap";
import { parse, parseDocument, stringify } from "yaml";
import { ensureAnsible } from "../../../lab/ansible.ts";
import { parseSums } from "../../../lab/cluster.ts";
import { labHosts } from "../../../lab/host-list.ts";
import { getProgram } from "../../../lab/image-recipes.ts";
import type { K3sRelease } from "../../../lab/k3s-release.ts";
import { openCluster } from "../../../lab/kubectl.ts";
import { findPaths } from "../../../lab/paths.ts";
import { runPlaybook } from "../../../lab/playbook.ts";
import type { Progress } from "../../../lab/progress.ts";
import { findFileUrl } from "../../../lab/servers.ts";
import { bringUpCluster, prepareRelease } from "../../../lab/up-cluster.ts";
import { versionsFile } from "../../../lib/config/versions.ts";
import { run } from "../../../lib/exec/run.ts";
import { onHost } from "../support/bare-hosts.ts";
import { claimLab } from "../support/own-lab.ts";

/** Needs root and a machine that fits the lab, and makes and takes down a lab of its own. */
const paths = findPaths();
const names = labHosts.map(({ name }) => name);
const [server = "", second = "", third = ""] = names;
const timeout = 600_000;
const none = Object.fromEntries(names.map((name) => [name, 0]));
const progress: Progress = { say: (text) => t.comment(text), readSeconds: () => 0 };
const { signal } = new AbortController();

/** Where the server keeps its snapshots, as this machine sees it. */
const snapshots = path.join(paths.host(server).data, "rancher/k3s/server/db/snapshots");

interface Node {
  status: { nodeInfo: { kubeletVersion: string } };
}

interface Pod {
  metadata: { name: string; uid: string };
  spec: { nodeName: string };
  status: {
    containerStatuses: {
      containerID: string;
      restartCount: number;
      state: { running: { startedAt: string } };
    }[];
  };
}

/**
 * Gives Ansible what a person would have after an edit: config/versions.yaml with other words about
 * k3s, in a copy, since the project's own names no release of the lab. Returns the flag for it.
 */
async function editVersions(
  release: K3sRelease,
  k3s: Readonly<Record<string, unknown>> = {},
): Promise<string> {
  const sums = parseSums(await readFile(release.sums, "utf8"));
  const architecture = process.arch === "arm64" ? "arm64" : "amd64";
  const document = parseDocument(await readFile(versionsFile, "utf8"));
  const given = {
    version: release.version,
    sha256: { [architecture]: sums.get(path.basename(release.k3s)) },
    imagesSha256: { [architecture]: sums.get(path.basename(release.images)) },
    ...k3s,
  };
  for (const [name, value] of Object.entries(given)) {
    document.setIn(["versions", "k3s", name], value);
  }
  // The lab's inventory would win over the file.
  const cluster = path.join(paths.inventory, "group_vars/k3s_cluster/cluster.yml");
  const {
    k3s_version: _version,
    k3s_sha256: _sum,
    k3s_images_sha256: _imagesSum,
    ...variables
  } = parse(await readFile(cluster, "utf8")) as Record<string, unknown>;
  await writeFile(
    cluster,
    stringify({ ...variables, k3s_base_url: findFileUrl(release.folder) }, { lineWidth: 0 }),
  );
  const file = path.join(paths.state, "versions.yaml");
  await writeFile(file, document.toString());
  return `--extra-vars=@${file}`;
}

async function upgrade(...args: string[]): Promise<Record<string, number>> {
  return (await runPlaybook(paths, "upgrade", { bin, args, progress })).changed;
}

async function listVersions(): Promise<string[]> {
  const all = names.map(async (name) => await cluster.get<Node>("node", name));
  return (await Promise.all(all)).map(({ status }) => status.nodeInfo.kubeletVersion);
}

/** The versions that the nodes have had at the same time, in their order, while `work` goes on. */
async function watchVersions(work: Promise<unknown>): Promise<string[][]> {
  const seen: string[][] = [];
  const over = new AbortController();
  const end = (): void => over.abort();
  work.then(end, end);
  while (!over.signal.aborted) {
    // While the server starts there is nobody to ask.
    const now = await listVersions().catch(() => undefined);
    if (now !== undefined && now.join() !== seen.at(-1)?.join()) seen.push(now);
    await sleep(1000);
  }
  return seen;
}

/** What an upgrade would change of a host first: its program, and whether k3s was started again. */
async function readHost(host: string): Promise<string> {
  return await onHost(
    host,
    "sha256sum /usr/local/bin/k3s; systemctl show --property=MainPID k3s k3s-agent",
  );
}

async function listPods(): Promise<Pod[]> {
  return (await cluster.get<{ items: Pod[] }>("pods", "--selector=app=beat")).items;
}

function listSnapshots(): string[] {
  return existsSync(snapshots) ? readdirSync(snapshots).toSorted() : [];
}

/** One pod on each host, which writes the time down every second. */
function planBeat(image: string): unknown {
  const labels = { app: "beat" };
  const command = ["sh", "-c", "while date +%s >>/beats; do sleep 1; done"];
  return {
    apiVersion: "apps/v1",
    kind: "DaemonSet",
    metadata: { name: "beat", namespace: "default" },
    spec: {
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: { containers: [{ name: "beat", image, imagePullPolicy: "Never", command }] },
      },
    },
  };
}

claimLab(t, paths);

const { release, components } = await prepareRelease({ progress, signal });
const kubernetesVersion = release.version.replace(/\d+$/, (revision) => `${Number(revision) + 1}`);
const { release: next } = await prepareRelease({ kubernetesVersion, progress, signal });
const upgraded = names.map(() => next.version);
const bin = await ensureAnsible({ progress });
await bringUpCluster(paths, { progress, signal });
const cluster = openCluster(paths, components.programs);
const [image = ""] = (await onHost(server, "k3s ctr images ls -q | grep busybox")).split("\n");
await cluster.apply([planBeat(image)]);
await cluster.kubectl(["rollout", "status", "daemonset/beat", "--timeout=120s"]);
const pods = await listPods();

t.test("what is no way to a version is refused, and nothing changes", { timeout }, async (t) => {
  const hosts = await Promise.all(names.map(readHost));
  const bad = [{ range: ">=1.36.3 <1.36.4", reason: "it forgets volumes" }];
  for (const [k3s, why] of [
    [{ version: "v1.38.0+k3s1" }, /no way from there to v1\.38\.0\+k3s1: .* one minor version/],
    [{ version: "v1.36.2+k3s9" }, /no way from there to v1\.36\.2\+k3s9: Kubernetes goes up/],
    [{ knownBad: bad }, /is known to be bad \(>=1\.36\.3 <1\.36\.4\): it forgets volumes/],
  ] as const) {
    await t.rejects(upgrade(await editVersions(next, k3s)), { code: "LAB_PLAYBOOK_FAILED", why });
  }
  t.strictSame(listSnapshots(), []);
  t.strictSame(await Promise.all(names.map(readHost)), hosts);
});

t.test("--check tells what would change, and changes nothing", { timeout }, async (t) => {
  const hosts = await Promise.all(names.map(readHost));
  const changed = await upgrade(await editVersions(next), "--check");
  for (const name of names) t.ok((changed[name] ?? 0) > 0, name);
  t.strictSame(listSnapshots(), []);
  t.strictSame(await Promise.all(names.map(readHost)), hosts);
});

t.test(
  "a snapshot, the server, then one agent after the other; it stops at one whose kubelet does not start",
  { timeout },
  async (t) => {
    const mark = { apiVersion: "v1", kind: "ConfigMap" };
    await cluster.apply([{ ...mark, metadata: { name: "known-before", namespace: "default" } }]);
    const { metadata } = await cluster.get<{ metadata: { resourceVersion: string } }>(
      "configmap",
      "known-before",
    );
    const folder = path.join(paths.inventory, "host_vars", third);
    await mkdir(folder, { recursive: true });
    await writeFile(
      path.join(folder, "broken.yml"),
      stringify({
        k3s_config: { "kubelet-arg": ["no-such-flag=true"] },
        k3s_ready_timeout_seconds: 20,
      }),
    );
    const work = upgrade(await editVersions(next));
    const seen = watchVersions(work);
    const why = `${third} did not become Ready with ${next.version} within 20 s (it has ${release.version})`;
    const error = await work.then(
      () => undefined,
      (error: unknown) => error as { code: string; why: string },
    );
    t.equal(error?.code, "LAB_PLAYBOOK_FAILED");
    t.match(error?.why, why);
    const { version: from } = release;
    const { version: to } = next;
    t.strictSame(await seen, [
      [from, from, from],
      [to, from, from],
      [to, to, from],
    ]);

    const [snapshot = "", ...others] = listSnapshots();
    t.strictSame(others, []);
    const name = `before-${next.version.replace("+", "-")}-${server}-`;
    t.ok(snapshot.startsWith(name), snapshot);
    const started = await onHost(
      server,
      "systemctl show --property=ActiveEnterTimestamp --value --timestamp=unix k3s",
    );
    t.ok(Number(snapshot.slice(name.length)) < Number(started.slice(1)), "made before the start");
    const file = path.join(snapshots, snapshot);
    t.equal(statSync(file).mode & 0o777, 0o600);
    t.ok(readFileSync(file).includes("/registry/configmaps/default/known-before"));
    const etcdutl = getProgram(components.programs, "etcdutl");
    const { stdout } = await run([etcdutl, "snapshot", "status", file, "--write-out=json"]);
    const status = JSON.parse(stdout) as { revision: number; totalKey: number };
    t.ok(status.revision >= Number(metadata.resourceVersion), stdout);
    t.ok(status.totalKey > 100, stdout);
    // It compares the sum at the end of the file first.
    const restored = path.join(t.testdir({}), "etcd");
    await run([etcdutl, "snapshot", "restore", file, "--data-dir", restored]);
    t.ok(existsSync(path.join(restored, "member/snap/db")));
  },
);

t.test(
  "put right and run again: what is upgraded stays, the rest follows",
  { timeout },
  async (t) => {
    await rm(path.join(paths.inventory, "host_vars", third, "broken.yml"));
    const hosts = await Promise.all([server, second].map(readHost));
    const changed = await upgrade(await editVersions(next));
    t.match(changed, { [server]: 1, [second]: 0 }, "of the server, only the snapshot");
    t.ok((changed[third] ?? 0) > 0);
    t.strictSame(await listVersions(), upgraded);
    t.strictSame(await Promise.all([server, second].map(readHost)), hosts);
    t.equal(listSnapshots().length, 2);
  },
);

t.test("again: nothing changes, and there is no further snapshot", { timeout }, async (t) => {
  const hosts = await Promise.all(names.map(readHost));
  t.strictSame(await upgrade(await editVersions(next)), none);
  t.equal(listSnapshots().length, 2);
  t.strictSame(await Promise.all(names.map(readHost)), hosts);
});

t.test("there is no way back", { timeout }, async (t) => {
  await t.rejects(upgrade(await editVersions(release)), {
    code: "LAB_PLAYBOOK_FAILED",
    why: /no way from there to v\S+\+k3s1: Kubernetes goes up/,
  });
  t.strictSame(await listVersions(), upgraded);
});

t.test("pods have run through all of it", { timeout }, async (t) => {
  await cluster.kubectl(["rollout", "status", "daemonset/beat", "--timeout=60s"]);
  t.equal(pods.length, names.length);
  t.strictSame((await listPods()).map(describe), pods.map(describe));
  for (const { metadata, spec } of pods) {
    const { stdout } = await cluster.kubectl(["exec", metadata.name, "--", "cat", "/beats"]);
    const beats = stdout.trim().split("\n").map(Number);
    const pauses = beats.slice(1).map((beat, index) => beat - (beats[index] ?? 0));
    t.ok(beats.length > 60, `${spec.nodeName}: ${beats.length} beats`);
    t.ok(Math.max(...pauses) <= 5, `${spec.nodeName}: at most ${Math.max(...pauses)} s apart`);
  }
});

/** What is another one of a pod, or of its container, that was started again. */
function describe({ metadata, status }: Pod): unknown[] {
  const of = status.containerStatuses.map(({ containerID, restartCount, state }) => [
    containerID,
    restartCount,
    state.running.startedAt,
  ]);
  return [metadata.uid, of];
}

t.test(
  "the server lists its snapshots, and deletes the one that is named",
  { timeout },
  async (t) => {
    const [first = "", latest = ""] = listSnapshots();
    const table = await onHost(server, "k3s etcd-snapshot ls");
    const location = `file:///var/lib/rancher/k3s/server/db/snapshots/${first}`;
    t.match(table, new RegExp(`^Name +Location +Size +Created\n${first} +${location} +\\d+ +20`));
    await onHost(server, `k3s etcd-snapshot delete ${first}`);
    t.strictSame(listSnapshots(), [latest]);
  },
);
