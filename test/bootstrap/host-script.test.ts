import { chmodSync, mkdirSync } from "node:fs";
import path from "node:path";
import t, { type Test } from "tap";
import { type HostFacts, parseFacts } from "../../lib/bootstrap/host-facts.ts";
import { renderHostScript } from "../../lib/bootstrap/host-script.ts";
import { renderLinkScript } from "../../lib/bootstrap/link-script.ts";
import { run } from "../../lib/exec/run.ts";

/** Runs a script on this machine, with stand-ins before the machine's own programs. */
async function ask(
  t: Test,
  script: string,
  standIns: Record<string, string> = {},
  shell = "sh",
): Promise<HostFacts> {
  const files = Object.entries(standIns).map(([name, body]) => [name, `#!/bin/sh\n${body}\n`]);
  const folder = t.testdir({ bin: Object.fromEntries(files) });
  for (const name of Object.keys(standIns)) chmodSync(path.join(folder, "bin", name), 0o755);
  const env = { ...process.env, PATH: `${folder}/bin:${process.env["PATH"]}` };
  const { stdout } = await run([shell, "-s"], { stdin: script, env, timeoutSeconds: 60 });
  return await parseFacts(stdout);
}

const questions = { folders: ["/"], ports: [6443, 8472] };
const script = renderHostScript(questions);

for (const shell of ["sh", "dash", "bash"]) {
  t.test(`this machine, as ${shell} sees it`, async (t) => {
    const there = await run(["sh", "-c", `command -v ${shell} || true`]);
    if (there.stdout === "") return t.comment(`skipped: there is no ${shell}`);
    const before = Math.floor(Date.now() / 1000);
    const facts = await ask(t, script, {}, shell);
    t.equal(facts.end.length, 1);
    const { stdout } = await run(["id", "-un"]);
    t.strictSame(facts.user, [{ name: stdout.trim() }]);
    const seconds = facts.clock[0]?.seconds ?? 0;
    t.ok(seconds >= before && seconds <= Date.now() / 1000 + 1);
    t.match(facts.disk, [{ folder: "/", mount: "/", freeKilobytes: Number }]);
    t.equal(facts.sudo.length, 1);
    t.match(facts.system, [{ kernel: /^\d/, architecture: /\w/ }]);
  });
}

t.test("a folder that is not there yet is asked about by the one above it", async (t) => {
  const there = path.join(t.testdir({}), "a");
  mkdirSync(there);
  const { disk } = await ask(t, renderHostScript({ ...questions, folders: [`${there}/b/c/d`] }));
  t.match(disk, [{ folder: `${there}/b/c/d`, freeKilobytes: Number }]);
  t.ok((disk[0]?.freeKilobytes ?? 0) > 0);
});

t.test("the clock is the host's own", async (t) => {
  const { clock } = await ask(t, script, { date: "echo 1000" });
  t.strictSame(clock, [{ seconds: 1000 }]);
});

t.test("what sudo says is told, whatever is in it", async (t) => {
  const noise = String.raw`printf 'sudo: "a\\b"\n\ta password is required\n' >&2; exit 1`;
  const { sudo, end } = await ask(t, script, { sudo: noise });
  t.equal(end.length, 1);
  t.strictSame(sudo, [{ state: "refused", says: 'sudo: "a\\b"  a password is required' }]);
  const works = await ask(t, script, { sudo: 'shift; exec "$@"' });
  t.strictSame(works.sudo, [{ state: "works", says: "" }]);
});

t.test("sudo is given the password of the login, and nobody else is", async (t) => {
  const password = "it's \\ a $word";
  const sudo = `test "$*" = "-k -S -p  true" || exit 1
read -r given; test "$given" = "it's \\\\ a \\$word" || { echo sorry; exit 1; }`;
  const asked = renderHostScript({ ...questions, password });
  t.match(await ask(t, asked, { sudo }), { sudo: [{ state: "works" }], end: [{}] });
  const wrong = renderHostScript({ ...questions, password: "other" });
  t.match((await ask(t, wrong, { sudo })).sudo, [{ state: "refused", says: "sorry" }]);
});

t.test("programs that read their input leave the script whole", async (t) => {
  const { end } = await ask(t, script, { date: "cat >/dev/null; echo 5", id: "cat; echo me" });
  t.equal(end.length, 1);
});

t.test("a filesystem with blanks in its name", async (t) => {
  const lines =
    "Filesystem 1024-blocks Used Available Capacity Mounted on\n/dev/x 9 2 7 22% /my disk";
  const { disk } = await ask(t, script, { df: `printf '%s\\n' '${lines.replace("\n", "' '")}'` });
  t.strictSame(disk, [{ folder: "/", mount: "/my disk", freeKilobytes: 7 }]);
});

t.test("ports by number and program, those of k3s only", async (t) => {
  const lines = [
    'tcp LISTEN 0 128 0.0.0.0:6443 0.0.0.0:* users:(("haproxy",pid=7,fd=3),("x",pid=8,fd=1))',
    "tcp LISTEN 0 128 [::]:22 [::]:*",
    "udp UNCONN 0 0 *:8472 *:*",
  ];
  const ss = lines.map((line) => `echo '${line}'`).join("\n");
  const { port } = await ask(t, script, { ss });
  t.strictSame(port, [
    { protocol: "tcp", port: 6443, by: "haproxy" },
    { protocol: "udp", port: 8472, by: "" },
  ]);
});

t.test("interfaces with their networks", async (t) => {
  const ip = String.raw`echo '2: eth0    inet 10.0.0.5/8 brd 10.255.255.255 scope global eth0\ valid'
echo '3: nowhere    inet6 fd00::2/64 scope global \ valid'`;
  const facts = await ask(t, script, { ip });
  t.match(facts.interface, [
    { name: "eth0", network: "10.0.0.5/8", mtu: Number },
    { name: "nowhere", network: "fd00::2/64", mtu: 0 },
  ]);
});

t.test("k3s that runs", async (t) => {
  const systemctl = 'test "$3" = k3s-agent';
  t.strictSame((await ask(t, script, { systemctl })).k3s, [{ active: true }]);
  t.strictSame((await ask(t, script, { systemctl: "exit 3" })).k3s, [{ active: false }]);
});

t.test("a host that has next to nothing answers all the same", async (t) => {
  const nothing = Object.fromEntries(
    ["ss", "ip", "df", "systemctl", "stat"].map((name) => [name, "exit 127"]),
  );
  const facts = await ask(t, script, nothing);
  t.equal(facts.end.length, 1);
  t.strictSame([facts.disk, facts.port, facts.interface], [[], [], []]);
});

t.test("a folder is never a piece of shell", (t) => {
  for (const folder of ["/a b", "/a;b", "/$(id)", "/a'b", ""]) {
    t.throws(() => renderHostScript({ ...questions, folders: [folder] }), /no folder to ask/);
  }
  t.end();
});

const peers = [
  { name: "vps-1", address: "192.0.2.1" },
  { name: "vps-2", address: "2001:db8::2" },
];

t.test("ways to others: delay, and the packets that pass", async (t) => {
  const ping = `case "$*" in
*2001:db8::2*) exit 1 ;;
*-M*1472*) exit 1 ;;
*-M*) ;;
*) echo 'rtt min/avg/max/mdev = 0.1/12.345/20/1 ms' ;;
esac`;
  const { link, end } = await ask(t, renderLinkScript(peers), { ping });
  t.equal(end.length, 1);
  t.strictSame(
    link.toSorted((a, b) => a.to.localeCompare(b.to)),
    [
      { to: "vps-1", state: "measured", rttMs: 12.345, sizesThatPass: 1 },
      { to: "vps-2", state: "silent" },
    ],
  );
});

t.test("busybox's ping, and none at all", async (t) => {
  const ping = `case "$*" in *-M*) exit 1 ;; esac
echo 'round-trip min/avg/max = 0.1/0.2/0.3 ms'`;
  const [measured] = (await ask(t, renderLinkScript(peers.slice(0, 1)), { ping })).link;
  t.strictSame(measured, { to: "vps-1", state: "measured", rttMs: 0.2 });
  const none = renderLinkScript(peers).replace("PATH=$PATH:/usr/sbin:/sbin", "PATH=/nowhere");
  t.match((await ask(t, none)).link, [{ state: "no-ping" }, { state: "no-ping" }]);
});

t.test("a peer is never a piece of shell", (t) => {
  for (const address of ["192.0.2.1;id", "name", "", "fe80::1%eth0"]) {
    t.throws(() => renderLinkScript([{ name: "vps-1", address }]), /no host to measure/);
  }
  t.throws(() => renderLinkScript([{ name: "a b", address: "192.0.2.1" }]), /no host to measure/);
  t.end();
});

t.test("what is no fact is passed over", async (t) => {
  const lines = [
    "Welcome to Debian!",
    '{"fact":"clock","seconds":"soon"}',
    '{"fact":"clock","seconds":5,"more":1}',
    '{"fact":"unheard-of"}',
    '{"fact":"toString"}',
    '{"fact":"k3s","acti',
    ' {"fact":"clock","seconds":6}',
    '{"fact":"clock","seconds":7}',
  ];
  const facts = await parseFacts(lines.join("\n"));
  t.strictSame(facts.clock, [{ seconds: 7 }]);
  t.strictSame([facts.k3s, facts.end], [[], []]);
});
