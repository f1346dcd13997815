import { spawn } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import t from "tap";
import { labHosts } from "../../lab/host-list.ts";
import { listNamespaceProcesses, listNamespaces, nameNamespace } from "../../lab/network.ts";
import { findPaths } from "../../lab/paths.ts";
import { powerOff, powerOn, readPower, shutDown } from "../../lab/power.ts";
import { waitForHost } from "../../lab/host.ts";
import { findInit } from "../../lab/processes.ts";
import { loadSite } from "../../lib/config/site.ts";
import { repositoryRoot } from "../../lib/config/paths.ts";
import { loadInventory } from "../../lib/inventory/load.ts";
import { compareSnapshots, readSnapshot } from "../support/machine-snapshot.ts";

/** Needs root and a machine that fits the lab, and takes its lab down: not a part of `npm test`. */
const paths = findPaths();
const [server, second, third] = labHosts.map(({ name }) => name) as [string, string, string];

const timeout = 600_000;

interface Outcome {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Runs a script of the lab; `killAfterMs` ends it with SIGKILL if it is still at work. */
async function runScript(
  name: string,
  args: string[] = [],
  killAfterMs?: number,
): Promise<Outcome> {
  const argv = [path.join(repositoryRoot, "scripts/lab", `${name}.ts`), ...args];
  const child = spawn(process.execPath, argv, { stdio: ["ignore", "pipe", "pipe"] });
  const outcome: Outcome = { code: null, stdout: "", stderr: "" };
  child.stdout.on("data", (part: Buffer) => (outcome.stdout += part.toString()));
  child.stderr.on("data", (part: Buffer) => (outcome.stderr += part.toString()));
  const timer = setTimeout(() => child.kill("SIGKILL"), killAfterMs ?? 900_000);
  // Not "close": a host that was left running holds neither, but a program that was might.
  outcome.code = await new Promise((resolve) => child.once("exit", resolve));
  clearTimeout(timer);
  await sleep(50);
  return outcome;
}

/** Runs a command on a host, from where the operator is. */
async function onHost(host: string, command: string): Promise<string> {
  const { code, stdout, stderr } = await runScript("shell", ["--", "ssh", host, command]);
  if (code !== 0) throw new Error(`${host}: ${command}: ${stderr}`);
  return stdout.trim();
}

/** How the machine differs from what it was before the first test. */
function readChanges(): string[] {
  return compareSnapshots(before, readSnapshot());
}

async function waitUntilUp(host: string): Promise<void> {
  await waitForHost(paths, host, async () => (await readPower(paths, host)) === "running");
}

// Every test boots hosts, on a machine that may be busy with something else.
t.setTimeout(0);
if (process.getuid?.() !== 0) {
  t.comment("skipped: needs root");
  process.exit(0);
}
if (existsSync(paths.state)) throw new Error(`a lab is there already: ${paths.state}`);
// What the first run installs and caches, it leaves on purpose.
await runScript("up");
await runScript("down");
const before = readSnapshot();

t.afterEach(async () => {
  await runScript("down");
});

t.test("up, up again, and down", { timeout }, async (t) => {
  const up = await runScript("up", ["--json"]);
  t.equal(up.code, 0, up.stderr);
  const { result } = JSON.parse(up.stdout) as { result: { hosts: unknown[] } };
  t.strictSame(
    result.hosts,
    labHosts.map(({ name, address, providerId }) => ({
      name,
      address,
      providerId,
      power: "running",
      system: "running",
    })),
  );
  const boot = "cat /proc/sys/kernel/random/boot_id";
  const first = await onHost(server, boot);
  const again = await runScript("up");
  t.equal(again.code, 0, again.stderr);
  t.match(again.stderr, `${server} ran already`);
  t.equal(await onHost(server, boot), first, "what runs was left alone");
  t.equal((await runScript("down")).code, 0);
  t.strictSame(readChanges(), []);
  const nothing = await runScript("down");
  t.match(nothing, { code: 0, stderr: /nothing of the lab was running/ });
  t.strictSame(readChanges(), []);
});

t.test(
  "an up that is killed at any moment can be taken down, and be run again",
  { timeout },
  async (t) => {
    for (const ms of [250, 400, 550, 700, 850, 1000, 1200, 1500, 2000, 3000]) {
      await runScript("up", [], ms);
      t.equal((await runScript("down")).code, 0, `killed after ${ms} ms`);
      t.strictSame(readChanges(), [], `killed after ${ms} ms`);
    }
    for (const ms of [400, 700, 1000, 1500]) await runScript("up", [], ms);
    const up = await runScript("up");
    t.equal(up.code, 0, up.stderr);
    for (const ms of [250, 400, 600]) await runScript("down", [], ms);
    t.equal((await runScript("down")).code, 0);
    t.strictSame(readChanges(), [], "down was killed, too");
  },
);

t.test("the site is one that the project's commands can load", { timeout }, async (t) => {
  await runScript("up");
  const site = await loadSite({ site: paths.state, env: {} });
  t.match(site, { name: "lab", sshKnownHostsFile: paths.knownHosts });
  const hosts = await loadInventory(site.inventoryFolder);
  t.strictSame(
    hosts.map(({ name, group, publicIp }) => ({ name, group, publicIp })),
    labHosts.map(({ name, group, address }) => ({ name, group, publicIp: address })),
  );
  writeFileSync(
    path.join(paths.state, "site.yaml"),
    "clusterUid: aaaaaaaa-0000-4000-8000-000000000000\n",
    { flag: "a" },
  );
  await runScript("up");
  const { kubeSystemUid } = await loadSite({ site: paths.state, env: {} });
  t.equal(kubeSystemUid, "aaaaaaaa-0000-4000-8000-000000000000", "what was recorded stays");
});

t.test("a host is killed hard and started again, with its disk", { timeout }, async (t) => {
  await runScript("up");
  await onHost(second, "echo kept >/root/kept; echo kept >/var/lib/rancher/kept; sync");
  await onHost(second, "ip link add left0 type veth; iptables -A INPUT -p tcp --dport 9 -j DROP");
  await onHost(
    second,
    "systemd-run --quiet --unit=pod ip netns exec $(ip netns add pod; echo pod) sleep 999",
  );
  const boot = await onHost(second, "cat /proc/sys/kernel/random/boot_id");
  await powerOff(paths, second);
  t.equal(await readPower(paths, second), "off");
  t.strictSame(await listNamespaceProcesses(nameNamespace(second)), []);
  t.notOk((await listNamespaces()).includes(nameNamespace(second)));
  t.match((await runScript("status")).stdout, new RegExp(`${second}.*off`));
  await t.rejects(onHost(second, "true"), "it does not answer");
  t.equal(await onHost(third, "hostname"), third, "the others do");
  await powerOn(paths, second);
  await waitUntilUp(second);
  t.not(await onHost(second, "cat /proc/sys/kernel/random/boot_id"), boot);
  t.equal(await onHost(second, "cat /root/kept /var/lib/rancher/kept"), "kept\nkept");
  t.notMatch(await onHost(second, "ip -brief link; iptables -S"), /left0|dport/, "as after a boot");
});

t.test("a host that is off is brought up by up", { timeout }, async (t) => {
  await runScript("up");
  await shutDown(paths, second);
  t.equal(await readPower(paths, second), "off");
  await powerOff(paths, third);
  t.equal((await runScript("up")).code, 0);
  t.equal(await onHost(second, "systemctl is-system-running"), "running");
  t.equal(await onHost(third, "systemctl is-system-running"), "running");
});

t.test("a host reboots by itself", { timeout }, async (t) => {
  await runScript("up");
  await onHost(third, "ip link add left0 type veth");
  const boot = await onHost(third, "cat /proc/sys/kernel/random/boot_id");
  await onHost(third, "systemctl reboot").catch(() => "the connection is closed, or not yet");
  const deadline = Date.now() + 60_000;
  let now = boot;
  while (now === boot && Date.now() < deadline) {
    await sleep(500);
    now = await onHost(third, "cat /proc/sys/kernel/random/boot_id").catch(() => boot);
  }
  t.not(now, boot);
  t.notMatch(await onHost(third, "ip -brief link"), "left0");
  t.equal(await readPower(paths, third), "running");
});

t.test(
  "a host whose systemd-nspawn is killed runs on, is called so, and leaves nothing",
  async (t) => {
    await runScript("up");
    const init = (await findInit(await listNamespaceProcesses(nameNamespace(second)))) ?? 0;
    const parent = Number(
      /^PPid:\s+(\d+)$/m.exec(readFileSync(`/proc/${init}/status`, "utf8"))?.[1],
    );
    t.match(readFileSync(`/proc/${parent}/comm`, "utf8"), "systemd-nspawn");
    process.kill(parent, "SIGKILL");
    await sleep(300);
    t.equal(await readPower(paths, second), "running");
    const other = (await findInit(await listNamespaceProcesses(nameNamespace(third)))) ?? 0;
    process.kill(other, "SIGKILL");
    t.equal((await runScript("down")).code, 0);
    t.strictSame(readChanges(), []);
  },
);

t.test("a host changes nothing of the machine that holds it", { timeout }, async (t) => {
  await runScript("up");
  const settings = ["vm.overcommit_memory=1", "kernel.panic=10", "vm.swappiness=1"];
  const wanted = await onHost(second, `sysctl -w ${settings.join(" ")}`);
  t.equal(wanted, settings.map((one) => one.replace("=", " = ")).join("\n"), "it may set its own");
  const refused = ["sysctl -w kernel.threads-max=99999", "swapoff /none", "modprobe dummy"];
  for (const command of refused) await t.rejects(onHost(second, command), command);
  const capabilities = await onHost(second, "capsh --print | grep '^Bounding'");
  t.notMatch(capabilities, /cap_sys_time|cap_sys_module/);
  await onHost(
    second,
    "mount -o remount,bind,rw /proc/sys && echo 1 >/proc/sys/fs/protected_fifos",
  );
  await runScript("down");
  t.strictSame(readChanges(), []);
});

t.test("what runs in the operator's place knows the lab and no other", { timeout }, async (t) => {
  await runScript("up");
  process.env["KUBECONFIG"] = "/poison";
  process.env["HCLOUD_TOKEN"] = "poison";
  t.teardown(() => {
    delete process.env["KUBECONFIG"];
    delete process.env["HCLOUD_TOKEN"];
  });
  const { stdout } = await runScript("shell", ["--", "sh", "-c", "env; getent hosts vps-aws-1"]);
  t.notMatch(stdout, /poison/);
  t.match(stdout, `INFRA_K3S_SITE=${paths.state}`);
  t.match(stdout, /172\.31\.0\.13\s+vps-aws-1/);
  t.equal((await runScript("shell", ["--", "sh", "-c", "exit 7"])).code, 7);
  const inside = path.join(repositoryRoot, "scripts/lab/down.ts");
  const refused = await runScript("shell", ["--", process.execPath, inside]);
  t.match(refused, { code: 2, stderr: /LAB_INSIDE/ });
});

t.test("two at once, and another place, are refused", { timeout }, async (t) => {
  const [one, other] = await Promise.all([runScript("up"), sleep(150).then(() => runScript("up"))]);
  t.equal(Math.min(one.code ?? -1, other.code ?? -1), 0);
  t.equal(Math.max(one.code ?? -1, other.code ?? -1), 3);
  t.match(one.stderr + other.stderr, /LAB_BUSY/);
  process.env["XDG_STATE_HOME"] = t.testdir({});
  t.teardown(() => delete process.env["XDG_STATE_HOME"]);
  t.match(await runScript("down"), { code: 2, stderr: /LAB_ELSEWHERE/ });
  t.match(await runScript("up"), { code: 2, stderr: /LAB_ELSEWHERE/ });
});

t.test("a frozen container does not hold up down", { timeout }, async (t) => {
  await runScript("up");
  const freezer = "/sys/fs/cgroup/freezer/frozen";
  const freeze = `mkdir ${freezer} && (echo $BASHPID >${freezer}/cgroup.procs; exec sleep 999) & sleep 1; echo FROZEN >${freezer}/freezer.state`;
  await onHost(
    second,
    `systemd-run --quiet bash -c '${freeze}'; sleep 2; cat ${freezer}/freezer.state`,
  );
  t.equal((await runScript("down")).code, 0);
  t.strictSame(readChanges(), []);
});
