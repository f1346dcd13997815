import t from "tap";
import type { HostFacts } from "../../lib/bootstrap/host-facts.ts";
import { type HostLimits, judgeHost } from "../../lib/bootstrap/judge-host.ts";
import type { HostToCheck } from "../../lib/bootstrap/host-target.ts";
import { parseCidr } from "../../lib/inventory/cidr.ts";
import { facts, host } from "../support/memory/fleet.ts";

const now = Date.parse("2026-01-01T00:00:00Z");
const cidr = parseCidr("10.42.0.0/16");
if (cidr === undefined) throw new Error("no network");

const limits: HostLimits = {
  freeBytes: { "/": 1e9, "/tmp": 100e6, "/var/lib/rancher/k3s": 5e9 },
  clockSeconds: 60,
  allowCgroupV1: false,
  networks: [{ name: "cluster_cidr", network: cidr }],
};

type FactLists = Parameters<typeof facts>[0];

function judge(
  more: FactLists = {},
  options: { host?: Partial<HostToCheck>; limits?: Partial<HostLimits>; tookMs?: number } = {},
) {
  return judgeHost(
    host("vps-1", options.host),
    facts(more),
    { before: now, after: now + (options.tookMs ?? 1000) },
    { ...limits, ...options.limits },
  );
}

/** The findings alone, each as its code. */
function findCodes(...args: Parameters<typeof judge>): (string | undefined)[] {
  return judge(...args)
    .filter(({ state }) => state === "finding")
    .map(({ code }) => code);
}

t.test("a host that is well", (t) => {
  const checks = judge();
  t.strictSame(
    checks.map(({ about, check, state }) => [about, check, state]),
    ["clock", "sudo", "system", "disk", "ports"].map((check) => ["vps-1", check, "ok"]),
  );
  t.end();
});

t.test("every finding has a code, a cause and a fix, on one line each", (t) => {
  const checks = judge({
    clock: [{ seconds: 0 }],
    sudo: [{ state: "refused", says: "sudo: a password is required" }],
    system: [
      {
        id: "x",
        version: "1",
        kernel: "4.4",
        architecture: "mips",
        cgroups: "tmpfs",
        init: "init",
      },
    ],
    disk: [{ folder: "/", mount: "/", freeKilobytes: 1 }],
    port: [{ protocol: "tcp", port: 10_250, by: "kubelet" }],
    interface: [{ name: "eth0", network: "10.42.0.0/8", mtu: 1500 }],
  });
  t.equal(checks.length, 9);
  for (const { about, state, code, says, fix } of checks) {
    t.strictSame([about, state], ["vps-1", "finding"]);
    t.match(code, /^HOST_[A-Z_]+$/);
    t.ok(says !== "" && fix);
    t.notMatch(`${says}${fix}`, /\n|undefined/);
  }
  t.end();
});

const at = (seconds: number): FactLists => ({ clock: [{ seconds: now / 1000 + seconds }] });

t.test("a clock is off by what neither the way nor the wait explains", (t) => {
  for (const seconds of [0, 59, -59, 60]) t.strictSame(findCodes(at(seconds)), [], `${seconds} s`);
  for (const seconds of [61, 600, -60, -600, 1e9]) {
    t.strictSame(findCodes(at(seconds)), ["HOST_CLOCK_OFF"], `${seconds} s`);
  }
  t.strictSame(findCodes(at(79), { tookMs: 20_000 }), [], "the script may have run at the end");
  t.strictSame(findCodes(at(81), { tookMs: 20_000 }), ["HOST_CLOCK_OFF"]);
  const [ahead] = judge(at(601));
  t.match(ahead?.says, "its clock is 600 s ahead of this machine's");
  const [behind] = judge(at(-600));
  t.match(behind?.says, "its clock is 600 s behind this machine's");
  t.end();
});

t.test("sudo that is missing, or asks for a password", (t) => {
  const missing = judge({ sudo: [{ state: "missing", says: "" }] }).find(
    ({ check }) => check === "sudo",
  );
  t.match(missing, { code: "HOST_NO_SUDO", fix: /ssh -i \/keys\/id root@192\.0\.2\.1 apt-get/ });
  const refused = judge({
    sudo: [{ state: "refused", says: "a password is required" }],
    user: [{ name: "ubuntu" }],
  }).find(({ check }) => check === "sudo");
  t.match(refused, {
    says: '"ubuntu" may not use sudo without a password',
    why: "a password is required",
    fix: "As root there: echo 'ubuntu ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/ubuntu && chmod 440 /etc/sudoers.d/ubuntu",
  });
  t.end();
});

t.test("systems that k3s does not run on", (t) => {
  const [system] = facts().system;
  if (system === undefined) throw new Error("no system");
  const check = (more: Partial<HostFacts["system"][number]>, options = {}) =>
    judge({ system: [{ ...system, ...more }] }, options).filter(({ check }) => check === "system");
  t.match(check({ architecture: "armv7l" }), [{ code: "HOST_SYSTEM_UNFIT", says: /armv7l/ }]);
  t.match(check({ architecture: "aarch64", id: "ubuntu" }), [{ state: "ok" }]);
  for (const kernel of ["4.19.0-26-amd64", "5.7.19"]) {
    t.match(check({ kernel }), [{ code: "HOST_SYSTEM_UNFIT", says: /older than 5\.8/ }], kernel);
  }
  for (const kernel of ["5.8.0", "5.10.0-32-cloud-amd64", "6.18.44-fc-v782", "10.0"]) {
    t.match(check({ kernel }), [{ state: "ok" }], kernel);
  }
  t.match(check({ init: "openrc" }), [{ code: "HOST_SYSTEM_UNFIT", says: /not by systemd/ }]);
  t.match(check({ cgroups: "tmpfs" }), [{ code: "HOST_SYSTEM_UNFIT", fix: /k3s_allow_cgroup_v1/ }]);
  t.match(check({ cgroups: "tmpfs" }, { limits: { allowCgroupV1: true } }), [{ state: "ok" }]);
  t.match(check({ id: "amzn" }), [{ state: "note", says: /not tested$/ }]);
  t.end();
});

t.test("one finding for a full filesystem, whatever lies on it", (t) => {
  const full = judge({
    disk: [
      { folder: "/", mount: "/", freeKilobytes: 4e6 },
      { folder: "/tmp", mount: "/tmp", freeKilobytes: 0 },
      { folder: "/var/lib/rancher/k3s", mount: "/", freeKilobytes: 4e6 },
    ],
  }).filter(({ check }) => check === "disk");
  t.match(full, [
    {
      code: "HOST_DISK_FULL",
      says: "only 0 MB free on /tmp",
      why: "/tmp needs 100 MB",
      fix: /du -xh --max-depth=2 \/tmp /,
    },
    {
      code: "HOST_DISK_FULL",
      says: "only 4.1 GB free on /",
      why: "/ and /var/lib/rancher/k3s need 5.0 GB",
    },
  ]);
  t.end();
});

t.test("ports that others have", (t) => {
  const port = [
    { protocol: "tcp", port: 6443, by: "haproxy" },
    { protocol: "tcp", port: 6443, by: "haproxy" },
    { protocol: "udp", port: 8472, by: "" },
  ];
  t.strictSame(findCodes({ port }, { host: { group: "k3s_masters" } }), [
    "HOST_PORT_TAKEN",
    "HOST_PORT_TAKEN",
  ]);
  const agent = judge({ port }).filter(({ state }) => state === "finding");
  t.match(agent, [{ says: "another program listens on udp 8472, which k3s needs" }]);
  t.strictSame(findCodes({ port, k3s: [{ active: true }] }), [], "k3s has them itself");
  t.end();
});

t.test("a host in the pods' network, but not what k3s has made there", (t) => {
  const network = "10.42.1.0/24";
  t.strictSame(findCodes({ interface: [{ name: "eth1", network, mtu: 1500 }] }), [
    "HOST_NETWORK_OVERLAPS",
  ]);
  const own = ["cni0", "flannel.1", "flannel-v6.1"].map((name) => ({ name, network, mtu: 1450 }));
  t.strictSame(findCodes({ interface: own }), []);
  t.strictSame(findCodes({ interface: [{ name: "x", network: "odd", mtu: 0 }] }), []);
  t.end();
});

t.test("half an answer is no answer", (t) => {
  t.match(judge({ end: [] }), [{ code: "HOST_ANSWER_CUT", fix: /ssh / }]);
  t.strictSame(judge({ clock: [], sudo: [], system: [], disk: [] }).length, 1, "and no guesses");
  t.end();
});
