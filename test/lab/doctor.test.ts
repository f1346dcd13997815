import { execFileSync, spawn } from "node:child_process";
import { cpSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import t from "tap";
import type { Check, DoctorReport } from "../../lib/bootstrap/check.schema.ts";
import { repositoryRoot } from "../../lib/config/paths.ts";
import { findPaths } from "../../lab/paths.ts";
import { changeHost, fullFolder, noSudo, offClock } from "./support/inventory.ts";

/**
 * Needs root and a machine that fits the lab. Hosts that are up are used, with or without a cluster,
 * and what is changed on them is put back; else they are brought up, and taken down afterwards.
 */
const paths = findPaths();
const server = "vps-hetzner-1";
const second = "vps-vultr-1";
const third = "vps-aws-1";
/** In the lab's network, and nobody's. */
const nobody = "172.31.0.99";

interface Outcome {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Runs a script of the lab. */
async function runScript(name: string, ...args: string[]): Promise<Outcome> {
  const script = path.join(repositoryRoot, "scripts/lab", `${name}.ts`);
  const child = spawn(process.execPath, [script, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  const outcome: Outcome = { code: null, stdout: "", stderr: "" };
  child.stdout.on("data", (part: Buffer) => (outcome.stdout += part.toString()));
  child.stderr.on("data", (part: Buffer) => (outcome.stderr += part.toString()));
  // Not "close": the hosts hold what they were started with.
  outcome.code = await new Promise<number | null>((resolve) => child.once("exit", resolve));
  await sleep(50);
  return outcome;
}

async function asOperator(argv: string[]): Promise<Outcome> {
  return await runScript("shell", "--", ...argv);
}

async function onHost(host: string, command: string): Promise<void> {
  const { code, stderr } = await asOperator(["ssh", host, command]);
  if (code !== 0) throw new Error(`${host}: ${command}: ${stderr}`);
}

/** What doctor says of a site, and how long it took. */
async function examine(site: string): Promise<DoctorReport & { seconds: number }> {
  const startedAt = performance.now();
  const script = path.join(repositoryRoot, "scripts/setup/doctor.ts");
  const { stdout, stderr } = await asOperator([process.execPath, script, "--site", site, "--json"]);
  if (stdout === "") throw new Error(stderr);
  const { result } = JSON.parse(stdout) as { result: DoctorReport };
  return { ...result, seconds: (performance.now() - startedAt) / 1000 };
}

/** Findings about hosts alone: what this machine lacks is another matter. */
function findHostFaults({ checks }: DoctorReport): Check[] {
  return checks.filter(({ about, state }) => state === "finding" && about.startsWith("vps-"));
}

/** A site as the lab's, with hosts.yml changed. */
function copySite(folder: string, change: (text: string) => string = (text) => text): string {
  for (const name of ["site.yaml", "inventory", "ssh"]) {
    cpSync(path.join(paths.state, name), path.join(folder, name), { recursive: true });
  }
  const file = path.join(folder, "inventory/hosts.yml");
  writeFileSync(file, change(readFileSync(file, "utf8")));
  // Without a cluster the lab has not said so yet.
  const variables = path.join(folder, "inventory/group_vars/k3s_cluster/test.yml");
  writeFileSync(variables, "k3s_allow_cgroup_v1: true\n");
  return folder;
}

t.setTimeout(0);
if (process.getuid?.() !== 0) {
  t.comment("skipped: needs root");
  process.exit(0);
}
if (!existsSync(paths.state)) {
  t.teardown(async () => {
    await runScript("down");
  });
  const { code, stderr } = await runScript("up");
  if (code !== 0) throw new Error(stderr);
}

t.test("the lab's hosts are well, whatever this machine lacks", async (t) => {
  const report = await examine(copySite(t.testdir({})));
  t.strictSame(findHostFaults(report), []);
  for (const host of [server, second, third]) {
    const checks = report.checks.filter(({ about }) => about === host);
    t.ok(checks.length >= 5, `${host}: ${checks.map(({ check }) => check).join(", ")}`);
  }
  t.equal(report.links.length, 3);
  for (const { rttMs, packetBytes } of report.links) {
    t.ok(rttMs !== undefined && rttMs < 50);
    t.equal(packetBytes, 1500);
  }
  t.match(
    report.checks.filter(({ about }) => about === "inventory"),
    [{ state: "ok" }],
  );
});

t.test("each mistake of a host has its one line, and none holds up the others", async (t) => {
  const key = path.join(t.testdir({}), "other");
  execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", key]);
  t.teardown(async () => {
    await onHost(server, noSudo.remove);
    await onHost(second, `${fullFolder.remove}; ${offClock.remove}`);
  });
  await onHost(server, noSudo.make);
  await onHost(second, offClock.make);
  await onHost(second, fullFolder.make);
  const site = copySite(t.testdir({}), (text) => {
    const changed = changeHost(text, server, /ansible_user: root/, `ansible_user: ${noSudo.user}`);
    return changeHost(changed, third, /(ansible_ssh_private_key_file): \S+/, `$1: ${key}`);
  });
  const report = await examine(site);
  t.strictSame(
    findHostFaults(report).map(({ about, code }) => [about, code]),
    [
      [server, "HOST_NO_SUDO"],
      [second, "HOST_CLOCK_OFF"],
      [second, "HOST_DISK_FULL"],
      [third, "HOST_LOGIN_DENIED"],
    ],
  );
  const [, clock, disk, login] = findHostFaults(report);
  t.match(clock?.says, /clock is (59\d|600) s ahead/);
  t.match(disk?.says, /^only 0 MB free on \/tmp$/);
  t.match(login?.fix, `ssh-copy-id -i ${key}.pub root@`);
  t.ok(report.seconds < 60, `${report.seconds.toFixed(1)} s`);
});

t.test("a host that is down, one without sshd, and one with another host key", async (t) => {
  const site = copySite(t.testdir({}), (text) => {
    const down = changeHost(text, third, /public_ip: \S+/, `public_ip: ${nobody}`);
    return changeHost(
      down,
      second,
      /ansible_user: root/,
      "ansible_user: root\n              ansible_port: 2",
    );
  });
  const knownHosts = path.join(site, "ssh", path.basename(paths.knownHosts));
  const lines = readFileSync(knownHosts, "utf8").trim().split("\n");
  const keyOf = (name: string) => lines.find((line) => line.startsWith(`${name},`))?.split(" ")[2];
  const swapped = lines.map((line) =>
    line.startsWith(`${server},`) ? line.replace(keyOf(server) ?? "", keyOf(third) ?? "") : line,
  );
  writeFileSync(knownHosts, `${swapped.join("\n")}\n`);
  const report = await examine(site);
  t.strictSame(
    findHostFaults(report).map(({ about, code }) => [about, code]),
    [
      [server, "HOST_KEY_CHANGED"],
      [second, "HOST_CLOSED"],
      [third, "HOST_SILENT"],
    ],
  );
  t.ok(report.seconds < 60, `${report.seconds.toFixed(1)} s`);
});

t.test("and afterwards all is as it was", async (t) => {
  t.strictSame(findHostFaults(await examine(copySite(t.testdir({})))), []);
});
