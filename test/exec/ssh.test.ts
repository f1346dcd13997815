import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import path from "node:path";
import t, { type Test } from "tap";
import type { SshHost, SshOptions } from "../../lib/exec/plan-ssh.ts";
import { connectHosts } from "../../lib/exec/ssh.ts";
import { findFreePort, startSshd } from "../support/sshd.ts";

/**
 * Writes down its arguments, one a line; then cannot connect, or behaves as $FAKE_SSH says, or
 * runs the remote command here. Reachable is what is in $FAKE_REACHABLE.
 */
const fakeSsh = `#!/usr/bin/env bash
printf '%s\\n' "$@" >> "$FAKE_LOG"
while [ "$1" != -- ]; do shift; done
address=$2
shift 2
case " $FAKE_REACHABLE " in
  *" $address "*) ;;
  *) echo "ssh: connect to host $address port 22: No route to host" >&2; exit 255 ;;
esac
if [ -n "$FAKE_SSH" ]; then eval "$FAKE_SSH"; else exec "$@"; fi
`;

const host: SshHost = {
  name: "vps-1",
  publicIp: "192.0.2.1",
  meshIp: "100.64.0.1",
  ansibleUser: "admin",
  sshPrivateKeyFile: "/keys/id",
  sshPort: 2222,
};

interface Fake {
  folder: string;
  hosts: ReturnType<typeof connectHosts>;
  readLog: () => string[];
}

function connectFake(
  t: Test,
  behaviour: { reachable?: string[]; behaves?: string; host?: Partial<SshHost> } = {},
  options: SshOptions = {},
): Fake {
  const folder = t.testdir({ ssh: fakeSsh, log: "" });
  chmodSync(path.join(folder, "ssh"), 0o755);
  const log = path.join(folder, "log");
  const env = {
    PATH: `${folder}:${process.env["PATH"]}`,
    FAKE_LOG: log,
    FAKE_REACHABLE: (behaviour.reachable ?? ["100.64.0.1"]).join(" "),
    FAKE_SSH: behaviour.behaves ?? "",
  };
  return {
    folder,
    hosts: connectHosts([{ ...host, ...behaviour.host }], { env, ...options }),
    readLog: () => readFileSync(log, "utf8").trimEnd().split("\n"),
  };
}

async function listen(t: Test): Promise<number> {
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.teardown(() => server.close());
  return (server.address() as AddressInfo).port;
}

t.test("a probe from here tells open and closed", async (t) => {
  const hosts = connectHosts([]);
  const port = await listen(t);
  t.equal(await hosts.probe({ address: "127.0.0.1", port }), "open");
  t.equal(await hosts.probe({ address: "127.0.0.1", port: await findFreePort() }), "closed");
});

t.test("ssh asks nobody anything, and goes by the mesh first", async (t) => {
  const { hosts, readLog } = connectFake(t);
  t.ok((await hosts.readFreeBytes("vps-1", "/")) > 0);
  const argv = readLog();
  const settings = argv.filter((_, index) => argv[index - 1] === "-o");
  for (const setting of [
    "BatchMode=yes",
    "ConnectTimeout=5",
    "ControlMaster=no",
    "ControlPath=none",
    "HostKeyAlias=[192.0.2.1]:2222",
    "IdentitiesOnly=yes",
    "StrictHostKeyChecking=yes",
  ]) {
    t.ok(settings.includes(setting), setting);
  }
  t.notOk(settings.some((setting) => setting.startsWith("UserKnownHostsFile")));
  t.equal(
    argv.slice(argv.indexOf("-i")).join(" "),
    "-i /keys/id -p 2222 -l admin -T -- 100.64.0.1 bash -s",
  );
});

t.test("a site's own host keys are the only ones", async (t) => {
  const { hosts, readLog } = connectFake(t, {}, { knownHostsFile: "/my sites/100%/known_hosts" });
  await hosts.readFreeBytes("vps-1", "/");
  const argv = readLog();
  t.ok(argv.includes('UserKnownHostsFile="/my sites/100%%/known_hosts"'));
  t.ok(argv.includes("GlobalKnownHostsFile=/dev/null"));
});

t.test("without a mesh address, or when it does not answer, the public one", async (t) => {
  const reachable = [host.publicIp];
  const noMesh = connectFake(t, { reachable, host: { meshIp: undefined } });
  await noMesh.hosts.readFreeBytes("vps-1", "/");
  t.strictSame(
    noMesh.readLog().filter((word) => word === host.publicIp || word === host.meshIp),
    [host.publicIp],
  );
  const { hosts, readLog } = connectFake(t, { reachable });
  t.equal(
    await hosts.probe({ address: "127.0.0.1", port: await listen(t), from: "vps-1" }),
    "open",
  );
  t.strictSame(
    readLog().filter((word) => word === host.publicIp || word === host.meshIp),
    [host.meshIp, host.publicIp],
  );
});

t.test("a host that nobody reaches says how each way ended", async (t) => {
  const { hosts } = connectFake(t, { reachable: [] });
  const error = {
    code: "HOSTS_UNREACHABLE",
    exitCode: 4,
    why: /^100\.64\.0\.1: ssh: connect.*No route to host\n192\.0\.2\.1: ssh/,
    fix: "Log in by hand and see: ssh -p 2222 admin@192.0.2.1",
  };
  await t.rejects(hosts.readFreeBytes("vps-1", "/"), error);
  await t.rejects(hosts.probe({ address: "127.0.0.1", port: 1, from: "vps-1" }), error);
  await t.rejects(hosts.readFreeBytes("vps-2", "/"), { code: "HOSTS_UNREACHABLE" });
});

t.test("a probe from a peer tells open, closed and silent", async (t) => {
  const { hosts } = connectFake(t);
  const from = "vps-1";
  t.equal(await hosts.probe({ address: "127.0.0.1", port: await listen(t), from }), "open");
  const port = await findFreePort();
  t.equal(await hosts.probe({ address: "127.0.0.1", port, from }), "closed");
  const silent = connectFake(t, { behaves: "echo silent" });
  t.equal(await silent.hosts.probe({ address: "127.0.0.1", port, from }), "silent");
  const noBash = connectFake(t, { behaves: "echo no bash >&2; exit 127" });
  await t.rejects(noBash.hosts.probe({ address: "127.0.0.1", port, from }), {
    code: "HOSTS_UNREACHABLE",
  });
});

t.test("an address to probe is never a piece of shell", async (t) => {
  const { hosts, readLog } = connectFake(t);
  const evil = { address: "127.0.0.1;touch /tmp/x", port: 1, from: "vps-1" };
  await t.rejects(hosts.probe(evil), /no address to probe/);
  await t.rejects(hosts.probe({ ...evil, address: "127.0.0.1", port: Number.NaN }), /no address/);
  t.strictSame(readLog(), [""], "nothing was run");
});

t.test("free bytes of a folder with a hard name", async (t) => {
  const { hosts, folder } = connectFake(t);
  const hard = path.join(folder, "it's a $HOME; `id`");
  mkdirSync(hard);
  const bytes = await hosts.readFreeBytes("vps-1", hard);
  t.ok(Number.isSafeInteger(bytes) && bytes > 0);
});

t.test("a host that greets first is understood", async (t) => {
  const behaves = 'echo "Welcome, 42 updates"; exec "$@"';
  const { hosts } = connectFake(t, { behaves });
  t.ok((await hosts.readFreeBytes("vps-1", "/")) > 42);
  const port = await listen(t);
  t.equal(await hosts.probe({ address: "127.0.0.1", port, from: "vps-1" }), "open");
});

t.test("a folder whose space cannot be read", async (t) => {
  const { hosts } = connectFake(t);
  await t.rejects(hosts.readFreeBytes("vps-1", "/no/such/folder"), {
    code: "HOSTS_FAILED",
    why: /No such file or directory/,
    exitCode: 4,
  });
  const odd = connectFake(t, { behaves: "echo Welcome!" });
  await t.rejects(odd.hosts.readFreeBytes("vps-1", "/"), { code: "HOSTS_FAILED", why: "Welcome!" });
});

t.test("a script is run by sh, with its input, output and code", async (t) => {
  const { hosts, readLog } = connectFake(t);
  const script = "echo out; echo err >&2; exit 3\n";
  t.strictSame(await hosts.run("vps-1", { script, timeoutSeconds: 10 }), {
    kind: "ran",
    stdout: "out\n",
    stderr: "err\n",
    code: 3,
    address: "100.64.0.1",
  });
  t.equal(readLog().slice(-4).join(" "), "-- 100.64.0.1 sh -s");
  await t.rejects(hosts.run("vps-2", { script, timeoutSeconds: 10 }), {
    code: "HOSTS_UNREACHABLE",
  });
});

t.test("each way that does not lead there is told", async (t) => {
  const { hosts } = connectFake(t, { reachable: [] });
  const answer = await hosts.run("vps-1", { script: "true", timeoutSeconds: 10 });
  t.match(answer, {
    kind: "no-login",
    tries: [
      { address: "100.64.0.1", failure: "silent", says: /No route to host/ },
      { address: "192.0.2.1", failure: "silent" },
    ],
  });
  const { hosts: inPublic } = connectFake(t, { reachable: [host.publicIp] });
  t.match(await inPublic.run("vps-1", { script: "true", timeoutSeconds: 10 }), {
    kind: "ran",
    address: host.publicIp,
  });
});

t.test("a script that does not end is ended by the one limit for all ways", async (t) => {
  const { hosts } = connectFake(t);
  const answer = await hosts.run("vps-1", { script: "sleep 300\n", timeoutSeconds: 1 });
  t.match(answer, { kind: "no-login", tries: [{ address: "100.64.0.1", failure: "timeout" }] });
  t.equal(answer.kind === "no-login" && answer.tries.length, 1);
});

t.test("an interruption ends a script", async (t) => {
  const { hosts } = connectFake(t);
  const signal = AbortSignal.abort(new Error("interrupted"));
  const script = { script: "sleep 300", timeoutSeconds: 60, signal };
  await t.rejects(hosts.run("vps-1", script), /interrupted/);
});

t.test("a password goes by the environment, and only where one is asked for", async (t) => {
  const password = "it's $HOME; `id`";
  const behaves =
    '"$SSH_ASKPASS" "admin@192.0.2.1\'s password: "; "$SSH_ASKPASS" "Enter passphrase for key: " || echo none; echo $SSH_ASKPASS_REQUIRE';
  const { hosts, readLog } = connectFake(t, { behaves, host: { password } });
  const answer = await hosts.run("vps-1", { script: "true", timeoutSeconds: 10 });
  t.match(answer, { kind: "ran", stdout: `${password}\nnone\nforce\n` });
  const argv = readLog();
  t.ok(argv.includes("BatchMode=no") && argv.includes("NumberOfPasswordPrompts=1"));
  t.notMatch(argv.join("\n"), "HOME");
  const without = connectFake(t, { behaves: "echo $SSH_ASKPASS_REQUIRE" });
  const plain = await without.hosts.run("vps-1", { script: "true", timeoutSeconds: 10 });
  t.match(plain, { kind: "ran", stdout: "\n" });
});

t.test("no ssh at all", async (t) => {
  const hosts = connectHosts([host], { env: { PATH: "/nowhere" } });
  await t.rejects(hosts.readFreeBytes("vps-1", "/"), { code: "EXEC_MISSING", fix: /openssh/ });
});

t.test("a real sshd on loopback", async (t) => {
  const sshd = await startSshd(t.testdir({}));
  if ("reason" in sshd) {
    t.plan(0, sshd.reason);
    return;
  }
  t.teardown(() => sshd.stop());
  const real: SshHost = {
    name: "vps-1",
    publicIp: "127.0.0.1",
    meshIp: undefined,
    ansibleUser: sshd.user,
    sshPrivateKeyFile: sshd.keyFile,
    sshPort: sshd.port,
  };
  const hosts = connectHosts([real], { knownHostsFile: sshd.knownHostsFile });
  t.ok((await hosts.readFreeBytes("vps-1", "/")) > 0);
  const from = "vps-1";
  t.equal(await hosts.probe({ address: "127.0.0.1", port: sshd.port, from }), "open");
  const port = await findFreePort();
  t.equal(await hosts.probe({ address: "127.0.0.1", port, from }), "closed");
  const stranger = connectHosts([real], { knownHostsFile: "/dev/null" });
  await t.rejects(stranger.readFreeBytes("vps-1", "/"), {
    code: "HOSTS_UNREACHABLE",
    why: /Host key verification failed/,
  });
  const script = "echo $((20 + 3)); exec cat\n# the rest";
  t.match(await hosts.run(from, { script, timeoutSeconds: 30 }), {
    kind: "ran",
    stdout: /^23\n/,
    code: 0,
  });
  const tryLogin = async (settings: Partial<SshHost>, knownHostsFile = sshd.knownHostsFile) => {
    const others = connectHosts([{ ...real, ...settings }], { knownHostsFile });
    const answer = await others.run(from, { script: "true", timeoutSeconds: 30 });
    return answer.kind === "no-login" ? answer.tries.map(({ failure }) => failure) : ["ran"];
  };
  t.strictSame(await tryLogin({}), ["ran"]);
  t.strictSame(await tryLogin({}, "/dev/null"), ["host-key-unknown"]);
  t.strictSame(await tryLogin({ sshPort: port }), ["closed"]);
  const folder = path.dirname(sshd.keyFile);
  const other = path.join(folder, "other");
  execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", other]);
  t.strictSame(await tryLogin({ sshPrivateKeyFile: other }), ["denied"]);
  chmodSync(sshd.keyFile, 0o644);
  t.strictSame(await tryLogin({}), ["key-unusable"]);
  chmodSync(sshd.keyFile, 0o600);
  const changed = path.join(folder, "changed");
  const [type, key] = readFileSync(`${other}.pub`, "utf8").split(" ");
  writeFileSync(changed, `[127.0.0.1]:${sshd.port} ${type} ${key}\n`);
  t.strictSame(await tryLogin({}, changed), ["host-key-changed"]);
});
