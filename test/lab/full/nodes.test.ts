import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import t, { type Test } from "tap";
import { stringify } from "yaml";
import { ensureCluster } from "../../../lab/cluster.ts";
import { labHosts, spareHost } from "../../../lab/host-list.ts";
import { waitForHost } from "../../../lab/host.ts";
import { listMeshNodes } from "../../../lab/mesh/coordinator.ts";
import { findPaths } from "../../../lab/paths.ts";
import { powerOff, powerOn, readPower } from "../../../lab/power.ts";
import type { Progress } from "../../../lab/progress.ts";
import { runScript, type ScriptEnd } from "../../../lab/run-script.ts";
import { findFileUrl } from "../../../lab/servers.ts";
import { bringUp } from "../../../lab/up.ts";
import { prepareRelease } from "../../../lab/up-cluster.ts";
import { getHost, loadInventory } from "../../../lib/inventory/load.ts";
import { apply, onHost, planWeb } from "../support/bare-hosts.ts";
import { claimLab } from "../support/own-lab.ts";

/** Needs root and a machine that fits the lab, and makes and takes down a lab of its own. */
const paths = findPaths();
const names = labHosts.map(({ name }) => name);
const [server = "", , third = ""] = names;
const spare = spareHost.name;
const timeout = 900_000;
const progress: Progress = { say: (text) => t.comment(text), readSeconds: () => 0 };
const { signal } = new AbortController();

const hostsFile = path.join(paths.inventory, "hosts.yml");
const testVariables = path.join(paths.inventory, "group_vars/k3s_cluster/test.yml");
const storage = "/var/lib/rancher/k3s/storage";

interface Phase {
  id: string;
  facts: { changed?: Record<string, number> };
}

type Run = ScriptEnd & { phases: Phase[]; told: string };

/** Runs join-node.ts or remove-node.ts; `interruptAt` presses Ctrl-C as soon as it tells that. */
async function run(
  name: "join" | "remove",
  node: string,
  flags: string[] = [],
  interruptAt?: RegExp,
): Promise<Run> {
  const script = `scripts/setup/${name}-node.ts`;
  const argv = [script, "--node", node, "--confirm", node, ...flags] as const;
  let pid = 0;
  let isInterrupted = false;
  const end = await runScript(paths, argv, {
    home: paths.ansible,
    env: { ANSIBLE_HOME: paths.ansible },
    onPid: (given) => (pid = given),
    onLine(line) {
      progress.say(line);
      if (isInterrupted || interruptAt?.test(line) !== true) return;
      isInterrupted = true;
      process.kill(pid, "SIGINT");
    },
    signal,
  });
  const { phases = [] } = (end.document.result ?? {}) as { phases?: Phase[] };
  return { ...end, phases, told: JSON.stringify(end.document) };
}

/** What a person adds to hosts.yml, at its end: the agents come last there. */
const entry = [
  `            # the one that comes and goes`,
  `            ${spare}:`,
  `              public_ip: ${spareHost.address}`,
  `              ansible_user: root`,
  `              ansible_ssh_private_key_file: ${paths.privateKey}`,
  `              provider: ${spareHost.provider}`,
  `              provider_id: "${spareHost.providerId}"`,
  `              zone: ${spareHost.zone}`,
  `              instance_type: ${spareHost.instanceType}`,
  `              stateful: true`,
  "",
].join("\n");

function addSpare(): void {
  writeFileSync(hostsFile, readFileSync(hostsFile, "utf8") + entry);
}

async function kubectl(...args: string[]): Promise<string> {
  return await onHost(server, `k3s kubectl ${args.join(" ")}`);
}

async function listNodes(status: string): Promise<string[]> {
  const lines = (await kubectl("get nodes --no-headers")).split("\n");
  const found = lines.map((line) => line.split(/ +/)).filter(([, one]) => one === status);
  return found.map(([name = ""]) => name).toSorted();
}

async function waitUntil(what: string, check: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 180_000;
  while (!(await check().catch(() => false))) {
    if (Date.now() > deadline) throw new Error(`not within 180 s: ${what}`);
    await sleep(1000);
  }
}

/** Whether k3s was started again. */
async function readPids(): Promise<string[]> {
  const ask = "systemctl show --property=MainPID k3s k3s-agent";
  return await Promise.all(names.map((name) => onHost(name, ask)));
}

/** One pod that wants to be on the spare host, and, with a claim, has to stay there. */
function planApp(image: string, claim: boolean): unknown[] {
  const labels = { app: "guest" };
  const key = "kubernetes.io/hostname";
  const onSpare = { matchExpressions: [{ key, operator: "In", values: [spare] }] };
  const metadata = { name: "guest", namespace: "default" };
  const volumes = [{ name: "data", persistentVolumeClaim: { claimName: "guest" } }];
  const container = {
    name: "guest",
    image,
    imagePullPolicy: "Never",
    command: ["/bin/busybox", "sleep", "86400"],
    ...(claim ? { volumeMounts: [{ name: "data", mountPath: "/data" }] } : {}),
  };
  return [
    ...(claim
      ? [
          {
            apiVersion: "v1",
            kind: "PersistentVolumeClaim",
            metadata,
            spec: {
              accessModes: ["ReadWriteOnce"],
              storageClassName: "local-path",
              resources: { requests: { storage: "8Mi" } },
            },
          },
        ]
      : []),
    {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata,
      spec: {
        selector: { matchLabels: labels },
        strategy: { type: "Recreate" },
        template: {
          metadata: { labels },
          spec: {
            terminationGracePeriodSeconds: 0,
            affinity: {
              nodeAffinity: {
                preferredDuringSchedulingIgnoredDuringExecution: [
                  { weight: 100, preference: onSpare },
                ],
              },
            },
            containers: [container],
            ...(claim ? { volumes } : {}),
          },
        },
      },
    },
  ];
}

async function findGuest(): Promise<string> {
  return await kubectl("get pods -l app=guest -o jsonpath={.items[*].spec.nodeName}");
}

async function findImage(): Promise<string> {
  const [image = ""] = (await onHost(server, "k3s ctr images ls -q | grep busybox")).split("\n");
  return image;
}

/** All that knew of the spare host has forgotten it, and its disk still has its volumes. */
async function checkGone(t: Test, before: string): Promise<void> {
  t.strictSame(await listNodes("Ready"), names.toSorted());
  t.equal(readFileSync(hostsFile, "utf8"), before);
  t.notOk(existsSync(path.join(paths.inventory, "host_vars", spare)));
  t.notMatch(await kubectl("get secrets --namespace kube-system -o name"), spare);
  t.notMatch(await onHost(spare, "ls /usr/local/bin; pgrep -l 'k3s|containerd' || true"), /k3s/);
  t.equal(await onHost(spare, `cat ${storage}/file`), "kept");
  await waitUntil("the mesh has logged it out", async () => {
    const node = (await listMeshNodes(paths)).find(({ name }) => name === spare);
    return node === undefined || !node.isOnline;
  });
}

claimLab(t, paths);

const { components, release } = await prepareRelease({ progress, signal });
await bringUp(paths, { withMesh: true, withSpare: true, progress, signal });
const baseUrl = findFileUrl(release.folder);
await ensureCluster(paths, { components, release, baseUrl, progress });
const hostsBefore = readFileSync(hostsFile, "utf8");

t.test("a host that nobody has listed is told with the lines to add", { timeout }, async (t) => {
  const { exitCode, told } = await run("join", spare);
  t.equal(exitCode, 2, told);
  t.match(told, /INVENTORY_HOST_UNKNOWN.*k3s_workers:.*vps-hetzner-2:/);
  addSpare();
  const dry = await run("join", spare, ["--dry-run"]);
  t.equal(dry.exitCode, 0, dry.told);
  t.match(dry.document.result, { plan: { node: "new", hasMesh: true, absent: [], peers: [] } });
  t.notMatch(await onHost(spare, "ls /usr/local/bin; ufw status || true"), /k3s|Status: active/);
});

t.test("a bare host joins over the mesh, and the others are left alone", { timeout }, async (t) => {
  const before = await readPids();
  const { exitCode, phases, told } = await run("join", spare);
  t.equal(exitCode, 0, told);
  for (const { facts } of phases)
    t.notOk(Object.keys(facts.changed ?? {}).some((one) => one !== spare));
  t.strictSame(await listNodes("Ready"), [...names, spare].toSorted());
  const { meshIp } = getHost(await loadInventory(paths.inventory), spare);
  const address = "get node vps-hetzner-2 -o jsonpath={.status.addresses[0].address}";
  t.equal(await kubectl(address), meshIp);
  t.match(await onHost(spare, "ufw status"), /Status: active/);
  t.strictSame(await readPids(), before);
});

t.test("its pods and those of the others reach each other", { timeout }, async (t) => {
  await apply(server, planWeb(await findImage()));
  await kubectl("rollout status daemonset/web --timeout=50s");
  const range =
    "'{range .items[*]}{.spec.nodeName} {.metadata.name} {.status.podIP}{\"\\n\"}{end}'";
  const lines = (await kubectl(`get pods -l app=web -o jsonpath=${range}`)).split("\n");
  const pods = lines.map((line) => line.split(" ") as [string, string, string]);
  t.equal(pods.length, names.length + 1);
  const own = pods.find(([node]) => node === spare);
  const others = pods.filter(([node]) => node !== spare);
  for (const other of others) {
    for (const [[, from], [, , to]] of [
      [own, other],
      [other, own],
    ] as [[string, string, string], [string, string, string]][]) {
      const ask = `k3s kubectl exec -i ${from} -- busybox nc -w 5 ${to} 8000`;
      const answer = await onHost(server, `printf 'GET /passwd HTTP/1.0\\r\\n\\r\\n' | ${ask}`);
      t.match(answer, /^root:/m, `${from} to ${to}`);
    }
  }
});

t.test("again: nothing changes", { timeout }, async (t) => {
  const { exitCode, phases, told } = await run("join", spare);
  t.equal(exitCode, 0, told);
  t.match(told, /"isCordoned":false/);
  const changed = phases.map(({ facts }) => facts.changed).filter((one) => one !== undefined);
  t.strictSame(changed, [{ [spare]: 0 }, { [spare]: 0 }]);
});

t.test("it cannot go while a claim has its data there", { timeout }, async (t) => {
  const image = await findImage();
  await apply(server, planApp(image, true));
  await kubectl("rollout status deployment/guest --timeout=60s");
  t.equal(await findGuest(), spare);
  const { exitCode, told } = await run("remove", spare);
  t.equal(exitCode, 2, told);
  t.match(told, /NODE_HAS_VOLUMES.*default\/guest: 8Mi in pvc-.*used by guest-/);
  t.match(told, `failover.ts --source-node ${spare}`);
  t.strictSame(await listNodes("Ready"), [...names, spare].toSorted(), "and is not cordoned");
  await kubectl("delete deployment/guest pvc/guest --wait --timeout=60s");
  await waitUntil("the volume is gone", async () => (await kubectl("get pv -o name")) === "");
  await onHost(spare, `echo kept >${storage}/file`);
});

t.test("a budget that lets no pod go holds it up, and can be lifted", { timeout }, async (t) => {
  await apply(server, planApp(await findImage(), false));
  await kubectl("rollout status deployment/guest --timeout=60s");
  t.equal(await findGuest(), spare);
  await kubectl("create poddisruptionbudget guest --selector=app=guest --min-available=1");
  writeFileSync(testVariables, stringify({ k3s_drain_timeout_seconds: 15 }));
  const { exitCode, told } = await run("remove", spare);
  rmSync(testVariables);
  t.equal(exitCode, 4, told);
  t.match(told, /PLAYBOOK_FAILED.*disruption budget/);
  t.strictSame(await listNodes("Ready,SchedulingDisabled"), [spare]);
  t.equal(await findGuest(), spare);
  t.match(await onHost(spare, "systemctl is-active k3s-agent"), "active");
  await kubectl("delete poddisruptionbudget guest");
});

t.test("it goes, interrupted in the middle and gone on with", { timeout }, async (t) => {
  const before = await readPids();
  const first = await run("remove", spare, [], /start Remove k3s/);
  t.equal(first.exitCode, 130, first.told);
  const { exitCode, told } = await run("remove", spare);
  t.equal(exitCode, 0, told);
  await checkGone(t, hostsBefore);
  t.strictSame(await readPids(), before);
  await kubectl("rollout status deployment/guest --timeout=60s");
  t.ok(names.includes(await findGuest()), "its pod runs elsewhere");
});

t.test("it joins once more, under the name that it had", { timeout }, async (t) => {
  addSpare();
  const { exitCode, told } = await run("join", spare);
  t.equal(exitCode, 0, told);
  t.strictSame(await listNodes("Ready"), [...names, spare].toSorted());
  t.equal(await onHost(spare, `cat ${storage}/file`), "kept");
});

t.test("a host that runs is not gone, and one that is off is", { timeout }, async (t) => {
  const alive = await run("remove", third, ["--host-gone"]);
  t.equal(alive.exitCode, 2, alive.told);
  t.match(alive.told, "NODE_HOST_ALIVE");
  await powerOff(paths, third);
  await waitUntil("the cluster misses it", async () => (await listNodes("NotReady"))[0] === third);
  const unreachable = await run("remove", third);
  t.equal(unreachable.exitCode, 2, unreachable.told);
  t.match(unreachable.told, /NODE_HOST_UNREACHABLE.*--host-gone/);
});

t.test("another host that is off holds no join up", { timeout }, async (t) => {
  const { exitCode, told } = await run("join", spare);
  t.equal(exitCode, 0, told);
});

t.test("what is left of a host that is gone goes", { timeout }, async (t) => {
  const { exitCode, told } = await run("remove", third, ["--host-gone"]);
  t.equal(exitCode, 0, told);
  t.match(told, `see that ${third} is deleted at its provider`);
  const left = [...names, spare].filter((name) => name !== third).toSorted();
  t.strictSame(await listNodes("Ready"), left);
  t.strictSame((await loadInventory(paths.inventory)).map(({ name }) => name).toSorted(), left);
  await waitUntil("no pod is believed to be there", async () => {
    const nodes = await kubectl("get pods --all-namespaces -o jsonpath={.items[*].spec.nodeName}");
    return !nodes.split(" ").includes(third);
  });
});

t.test("unless somebody starts it again: it joins by itself", { timeout }, async (t) => {
  await powerOn(paths, third);
  await waitForHost(paths, third, async () => (await readPower(paths, third)) === "running");
  await waitUntil("it is a node again", async () => (await listNodes("Ready")).includes(third));
  t.pass();
});
