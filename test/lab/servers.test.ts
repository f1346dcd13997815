import { spawn } from "node:child_process";
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import t from "tap";
import { findCacheFolder } from "../../lab/cache.ts";
import { cutBucket, plantFaults, readCounters, readHealth } from "../../lab/clouds/control.ts";
import { gitUser } from "../../lab/clouds/settings.ts";
import { publish } from "../../lab/gitops/repository.ts";
import { waitForHost } from "../../lab/host.ts";
import { labHosts, upstreamHost } from "../../lab/host-list.ts";
import { findPaths } from "../../lab/paths.ts";
import { powerOff, readPower } from "../../lab/power.ts";
import { serverUrls } from "../../lab/servers.ts";
import { repositoryRoot } from "../../lib/config/paths.ts";
import { loadSources } from "../../lib/schema/sources.ts";
import { compareSnapshots, readSnapshot } from "../support/machine-snapshot.ts";

/** Needs root and a machine that fits the lab, and takes its lab down: not a part of `npm test`. */
const paths = findPaths();
const { control, ca } = paths.servers;
const { name: victim = "", providerId = "" } = labHosts[2] ?? {};

async function runScript(name: string, args: string[] = []): Promise<string> {
  const argv = [path.join(repositoryRoot, "scripts/lab", `${name}.ts`), ...args];
  const child = spawn(process.execPath, argv, { stdio: ["ignore", "pipe", "pipe"] });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  const [output, errors] = await Promise.all([text(child.stdout), text(child.stderr)]);
  const code = await ended;
  if (code !== 0) throw new Error(`${name} ended with code ${String(code)}: ${errors}`);
  return output;
}

/** Asks a server as one who is where the operator is; the status, then what it answered. */
async function curl(...args: string[]): Promise<string> {
  const options = ["--silent", "--show-error", "--cacert", ca, "--write-out", "\n%{http_code}"];
  return await runScript("shell", ["--", "curl", ...options, ...args]);
}

/** Works the real driver where the operator is, with the token and the CA of the lab's site. */
async function usePower(what: "find" | "stop"): Promise<string> {
  const program = `
    const { connectPower } = await import("${repositoryRoot}/lib/power/connect-power.ts");
    const { loadSite } = await import("${repositoryRoot}/lib/config/site.ts");
    const power = connectPower(await loadSite({ env: process.env }), process.env);
    const machine = await power.${what}({ provider: "hetzner", id: "${providerId}" });
    console.log(machine?.state);
  `;
  const argv = [process.execPath, "--input-type=module", "--eval", program];
  return (await runScript("shell", ["--", ...argv])).trim();
}

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
await runScript("up");
t.teardown(async () => void (await runScript("down")));

t.test("a second up leaves them alone, and a dead one is started again", async (t) => {
  const { pid } = await readHealth(control);
  await runScript("up");
  t.equal((await readHealth(control)).pid, pid);
  process.kill(pid, "SIGKILL");
  await sleep(100);
  await t.rejects(readHealth(control));
  t.match(await runScript("status"), /servers .* not running/);
  await runScript("up");
  t.not((await readHealth(control)).pid, pid);
  t.match(await curl(`${serverUrls.s3}/`), /AccessDenied.*\n403$/s, "the real S3 server answers");
});

t.test("the bucket refuses what R2 refuses, and can be cut off", async (t) => {
  const url = `${serverUrls.s3}/bucket/key`;
  const tagged = await curl("--request", "PUT", "--header", "x-amz-tagging;", "--data", "x", url);
  t.match(tagged, /Header 'x-amz-tagging' with value '' not implemented.*\n501$/s);
  t.equal((await readCounters(control)).refusals["x-amz-tagging"], 1);
  await cutBucket(control, 60);
  await t.rejects(curl(url), /curl: /);
  await cutBucket(control, 0);
  t.match(await curl(url), /NoSuchBucket.*\n404$/s);
});

t.test("hosts fetch files of the cache", async (t) => {
  const entry = "test-0000000000000000";
  const folder = path.join(findCacheFolder(), entry);
  mkdirSync(folder, { recursive: true });
  t.teardown(() => rmSync(folder, { recursive: true }));
  writeFileSync(path.join(folder, "file"), "from the cache");
  const command = `curl --silent --fail ${serverUrls.files}/${entry}/file`;
  t.equal(await runScript("shell", ["--", "ssh", victim, command]), "from the cache");
  await t.rejects(runScript("shell", ["--", "ssh", victim, `${command}s`]));
});

t.test(
  "the operator reads what is published, and GitHub's files by their own address",
  async () => {
    const commit = await publish(paths, { message: "of the test" });
    const login = `echo username=${gitUser}; echo "password=$(cat ${paths.servers.git.password})"`;
    const lsRemote = (...settings: string[]) =>
      runScript("shell", ["--", "git", ...settings, "ls-remote", serverUrls.git, "main"]);
    const helper = ["-c", `credential.helper=!f() { ${login}; }; f`];
    t.match(await lsRemote(...helper), `${commit}\trefs/heads/main`);
    await t.rejects(lsRemote("-c", "core.askPass=false"), /could not read|Authentication failed/);
    const { crds } = await loadSources();
    const address = `https://${upstreamHost}/argoproj/argo-cd/${crds["argo-cd"]?.version}`;
    const manifest = await curl(`${address}/manifests/core-install.yaml`);
    t.match(manifest, /name: argocd-repo-server[^]*\n200$/);
    t.match(await curl(`${address}/manifests/install.yaml`), /core-install\.yaml[^]*\n404$/);
  },
);

t.test("the provider stops and starts hosts, and learns of nothing else", async (t) => {
  t.equal(await usePower("find"), "running");
  await powerOff(paths, victim);
  t.equal(await usePower("find"), "running", "it died behind the provider's back");
  await plantFaults(control, [{ status: 401 }]);
  await t.rejects(usePower("find"), /POWER_DENIED|does not accept/);
  await usePower("stop");
  t.equal(await usePower("find"), "off");
  t.equal(await readPower(paths, victim), "off");
  await runScript("up");
  t.equal(await usePower("find"), "running", "somebody else has switched it on");

  await usePower("stop");
  for (let tries = 0; (await usePower("find")) !== "off" && tries < 50; tries += 1)
    await sleep(100);
  t.equal(await readPower(paths, victim), "off");
  const header = 'printf "Authorization: Bearer %s" "$HCLOUD_TOKEN"';
  const url = `${serverUrls.power}/servers/${providerId}/actions/poweron`;
  const order = `${header} | curl --silent --cacert ${ca} --header @- --request POST ${url}`;
  t.match(await runScript("shell", ["--", "sh", "-c", order]), /"command":"start_server"/);
  await waitForHost(paths, victim, async () => true);
  t.equal(await usePower("find"), "running");
});

t.test(
  "a host that the provider has started outlives the servers, and down ends both",
  async (t) => {
    const { pid } = await readHealth(control);
    process.kill(pid, "SIGKILL");
    await sleep(200);
    t.equal(await readPower(paths, victim), "running");
    await runScript("up");
    t.equal(await usePower("find"), "running");
    await runScript("down");
    t.strictSame(compareSnapshots(before, readSnapshot()), []);
  },
);
