import t from "tap";
import { checkHosts } from "../../lib/bootstrap/check-hosts.ts";
import type { HostFacts } from "../../lib/bootstrap/host-facts.ts";
import { parseCidr } from "../../lib/inventory/cidr.ts";
import { createFleet, facts, host } from "../support/memory/fleet.ts";

const hosts = [
  host("vps-1", { group: "k3s_masters", publicIp: "192.0.2.1" }),
  host("vps-2", { publicIp: "192.0.2.2", meshIp: "100.64.0.2" }),
  host("vps-3", { publicIp: "192.0.2.3", meshIp: "100.64.0.3" }),
];

function measured(...links: HostFacts["link"]): HostFacts {
  return facts({ link: links });
}

t.test("hosts that are well, and the ways between them", async (t) => {
  const fleet = createFleet({
    "vps-1": measured(
      { to: "vps-2", state: "measured", rttMs: 12.5, sizesThatPass: 2 },
      { to: "vps-3", state: "measured", rttMs: 80, sizesThatPass: 1 },
    ),
    "vps-2": measured({ to: "vps-3", state: "no-ping" }),
    "vps-3": facts(),
  });
  const { checks, links } = await checkHosts(fleet, hosts);
  t.strictSame(
    checks.filter(({ state }) => state === "finding"),
    [],
  );
  t.strictSame(links, [
    { from: "vps-1", to: "vps-2", rttMs: 12.5, packetBytes: 1500 },
    { from: "vps-1", to: "vps-3", rttMs: 80, packetBytes: 1280 },
    { from: "vps-2", to: "vps-3" },
  ]);
  t.match(
    checks.find(({ about }) => about === "vps-2 -> vps-3"),
    { state: "note", says: "not measured: there is no ping" },
  );
  t.equal(fleet.scripts.length, 5, "the last host measures no way");
  const [first, second] = fleet.scripts.slice(3);
  t.match(first?.script, /measure vps-2 192\.0\.2\.2 1252 1472/, "vps-1 is not in the mesh");
  t.match(second?.script, /measure vps-3 100\.64\.0\.3 /);
});

t.test("one line for a host that cannot be looked at, and the others go on", async (t) => {
  const fleet = createFleet({ "vps-1": "denied", "vps-2": facts(), "vps-3": "silent" });
  const { checks, links } = await checkHosts(fleet, hosts);
  const findings = checks.filter(({ state }) => state === "finding");
  t.strictSame(
    findings.map(({ about, code }) => [about, code]),
    [
      ["vps-1", "HOST_LOGIN_DENIED"],
      ["vps-3", "HOST_SILENT"],
    ],
  );
  t.ok(checks.some(({ about, state }) => about === "vps-2" && state === "ok"));
  t.strictSame(links, [], "and nobody waits for them");
});

t.test("hosts that hang cost their limit once, all at the same time", async (t) => {
  const fleet = createFleet({ "vps-1": "hangs", "vps-2": "hangs", "vps-3": "hangs" });
  const before = fleet.clock.now();
  const { checks } = await checkHosts(fleet, hosts, { timeoutSeconds: 7 });
  t.equal(fleet.clock.now() - before, 7000);
  t.strictSame(
    checks.map(({ code }) => code),
    Array(3).fill("HOST_TIMEOUT"),
  );
});

t.test("servers that are far from one another", async (t) => {
  const servers = hosts.map((one) => ({ ...one, group: "k3s_masters" as const }));
  const fleet = createFleet({
    "vps-1": measured(
      { to: "vps-2", state: "measured", rttMs: 50, sizesThatPass: 2 },
      { to: "vps-3", state: "measured", rttMs: 50.1, sizesThatPass: 0 },
    ),
    "vps-2": measured(),
    "vps-3": facts(),
  });
  const { checks } = await checkHosts(fleet, servers);
  t.strictSame(
    checks
      .filter(({ state }) => state !== "ok")
      .map(({ about, code, says }) => [about, code ?? says]),
    [
      ["vps-1 -> vps-3", "LINK_TOO_SLOW"],
      ["vps-1 -> vps-3", "LINK_PACKETS_TOO_SMALL"],
      ["vps-2 -> vps-3", "not measured: there was no time left"],
    ],
  );
});

t.test("limits are those that are given", async (t) => {
  const network = parseCidr("192.0.2.0/24");
  if (network === undefined) throw new Error("no network");
  const folder = "/var/lib/rancher/k3s";
  const disk = [{ folder, mount: "/", freeKilobytes: 8_000_000 }];
  const [system] = facts().system;
  if (system === undefined) throw new Error("no system");
  const fleet = createFleet({
    "vps-1": facts({ disk, system: [{ ...system, cgroups: "tmpfs" }] }),
  });
  const find = async (options: Parameters<typeof checkHosts>[2]) => {
    const { checks } = await checkHosts(fleet, hosts.slice(0, 1), options);
    return checks.filter(({ state }) => state === "finding").map(({ code }) => code);
  };
  t.strictSame(await find({}), ["HOST_SYSTEM_UNFIT"]);
  t.strictSame(await find({ allowCgroupV1: true }), []);
  t.strictSame(await find({ allowCgroupV1: true, minFreeBytes: 9e9 }), ["HOST_DISK_FULL"]);
  t.strictSame(await find({ allowCgroupV1: true, networks: [{ name: "cluster_cidr", network }] }), [
    "HOST_NETWORK_OVERLAPS",
  ]);
});

t.test("no hosts at all", async (t) => {
  t.strictSame(await checkHosts(createFleet({}), []), { checks: [], links: [] });
});
