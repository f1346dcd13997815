import t from "tap";
import { InfraError } from "../../lib/errors.ts";
import type { NewRecord } from "../../lib/records.ts";
import { renderPlan } from "../../lib/recovery/render-plan.ts";
import { buildReport, listLateNames } from "../../lib/recovery/report.ts";
import { readStatus } from "../../lib/recovery/status.ts";
import { goDown } from "../support/memory/outage.ts";
import {
  failoverOptions,
  planOnly,
  runFailover,
  runToEnd,
} from "../support/memory/run-failover.ts";
import { addDeployment } from "../support/memory/workloads.ts";
import { createWorld, type MemoryWorld, source, target } from "../support/memory/world.ts";

const sourceIp = "10.0.0.3";
const targetIp = "10.0.0.2";

function address(name: string, content: string): NewRecord {
  return { name, type: "A", content, ttlSeconds: 60, proxied: false };
}

/** An outage of a host that two names point to. */
async function createOutage({ withApps = true } = {}): Promise<MemoryWorld> {
  const world = await createWorld();
  if (withApps) {
    await addDeployment(world, "files", [{ name: "uploads", content: "pictures", backupAge: 300 }]);
  }
  const declared = [
    address("www.example.com", sourceIp),
    address("ftp.example.com", sourceIp),
    address("ftp.example.com", "10.0.0.1"),
    address("db.example.com", targetIp),
  ];
  world.staticRecords.list.records.push(...declared);
  for (const record of declared) world.dns.add(record);
  await goDown(world);
  return world;
}

/** external-dns, with names of its own. */
async function addExternalDns(world: MemoryWorld, names: readonly string[]): Promise<void> {
  await world.add({
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "external-dns", namespace: "external-dns" },
  });
  for (const name of names) {
    world.dns.add(address(name, sourceIp));
    const owner = '"heritage=external-dns,external-dns/owner=infra-k3s"';
    world.dns.add({ ...address(`a-${name}`, owner), type: "TXT" });
  }
}

function readZone(world: MemoryWorld): string[] {
  const records = world.dns.zones.get("example.com") ?? [];
  return records
    .filter(({ type }) => type === "A")
    .map(({ name, content }) => `${name} ${content}`)
    .toSorted();
}

for (const dns of ["tofu", "api"] as const) {
  t.test(`static records follow by ${dns}, in the zone and in the list`, async (t) => {
    const world = await createOutage();
    const { result, outcome, plan } = await run(world, dns);
    t.equal(result.exitCode, 0, JSON.stringify(outcome.failure));
    t.strictSame(readZone(world), [
      `db.example.com ${targetIp}`,
      "ftp.example.com 10.0.0.1",
      `ftp.example.com ${targetIp}`,
      `www.example.com ${targetIp}`,
    ]);
    const [www, ftp] = world.staticRecords.list.records;
    t.equal(www?.content, targetIp);
    t.equal(ftp?.content, targetIp);
    t.match(renderPlan(plan), `redirect  www.example.com from ${sourceIp} to ${targetIp}`);
    t.match(renderPlan(plan), "learn 60 s later");
    const { openItems } = buildReport(plan, outcome, await readStatus(world));
    t.ok(openItems.some((one) => one.includes("commit and push it")));
    t.equal(
      openItems.some((one) => one.includes("tofu has not seen")),
      dns === "api",
    );
  });
}

t.test("a proxied record is seen at once", async (t) => {
  const world = await createOutage();
  for (const one of world.staticRecords.list.records) one.proxied = true;
  const { plan } = await planOnly(world);
  t.match(renderPlan(plan), "at once for everybody");
});

t.test("--dns none asks nobody, and says what is left", async (t) => {
  const world = await createOutage();
  world.dns.fault = "DNS_DENIED";
  world.staticRecords.fault = "TOFU_MISSING";
  const { result, outcome, plan } = await run(world, "none");
  t.equal(result.exitCode, 0);
  const { openItems } = buildReport(plan, outcome, await readStatus(world));
  t.match(openItems.join("\n"), "www.example.com, ftp.example.com may still lead to");
  t.match(renderPlan(plan), "leave     www.example.com as it is (--dns none)");
  t.notMatch(renderPlan(plan), "redirect");
});

t.test("a list that cannot be read keeps nobody from --dns none", async (t) => {
  const world = await createOutage();
  world.staticRecords.load = async () => {
    throw new InfraError({ code: "CONFIG_INVALID", message: "the list is wrong" });
  };
  const { plan, codes } = await planOnly(world, { dns: "none" });
  t.strictSame(codes, []);
  t.match(plan.warnings.join("\n"), "static names are not looked at: the list is wrong");
  const other = await planOnly(world, { dns: "api" });
  t.strictSame(other.codes, ["CONFIG_INVALID"]);
  t.match(other.plan.blockers[0]?.fix, "Correct it; or leave DNS alone");
});

t.test("DNS is not asked where nothing points to the source", async (t) => {
  const world = await createOutage();
  world.staticRecords.list.records.splice(0, 2);
  world.dns.fault = "DNS_DENIED";
  const { result } = await run(world, "tofu");
  t.equal(result.exitCode, 0);
});

t.test("what forbids the change is found before anything is done", async (t) => {
  const faults: [string, (world: MemoryWorld) => void, dns: "tofu" | "api"][] = [
    ["DNS_DENIED", (world) => (world.dns.fault = "DNS_DENIED"), "tofu"],
    ["DNS_ZONE_UNKNOWN", (world) => (world.staticRecords.list.zone = "example.net"), "api"],
    ["TOFU_MISSING", (world) => (world.staticRecords.fault = "TOFU_MISSING"), "tofu"],
    ["TOFU_STATE_LOCKED", (world) => (world.staticRecords.fault = "TOFU_STATE_LOCKED"), "tofu"],
    ["TOFU_PLAN_SURPRISE", (world) => (world.staticRecords.fault = "TOFU_PLAN_SURPRISE"), "tofu"],
    [
      "DNS_OWNED_BY_OTHER",
      (world) => world.dns.add(address("www.example.com", "198.51.100.9")),
      "api",
    ],
  ];
  for (const [code, prepare, dns] of faults) {
    const world = await createOutage();
    prepare(world);
    const before = readZone(world);
    const { plan, codes } = await planOnly(world, { dns });
    t.strictSame(codes, [code]);
    t.match(plan.blockers[0]?.fix, "--dns none");
    t.equal(plan.blockers[0]?.fix?.includes("--dns api"), code.startsWith("TOFU_"), code);
    await t.rejects(runFailover(world, { failover: { dns } }), { code });
    t.strictSame(readZone(world), before, code);
    t.strictSame(world.entries, [], "nothing was begun");
  }
});

t.test("a tofu that fails in the end leaves the workloads, and another way finishes", async (t) => {
  const world = await createOutage();
  world.staticRecords.apply = async () => {
    throw new InfraError({ code: "TOFU_STATE_LOCKED", message: "locked", exitCode: 3 });
  };
  const first = await runToEnd(world);
  t.equal(first.exitCode, 5);
  t.equal(first.outcome.failure?.step, "redirect-names");
  t.match(first.outcome.failure?.error.fix, "--dns api");
  t.equal(world.controllers.starts.length, 1, "the workload runs");
  const second = await runToEnd(world, { failover: { dns: "api" } });
  t.equal(second.exitCode, 0, JSON.stringify(second.outcome.failure));
  t.ok(readZone(world).includes(`www.example.com ${targetIp}`));
  t.equal(world.staticRecords.list.records[0]?.content, targetIp);
});

t.test("a tofu that fails between two records goes on where it was", async (t) => {
  const world = await createOutage();
  let changed = 0;
  world.staticRecords.meanwhile = () => {
    changed += 1;
    if (changed === 2) throw new InfraError({ code: "TOFU_FAILED", message: "no", exitCode: 4 });
  };
  const first = await runToEnd(world);
  t.equal(first.exitCode, 5);
  t.ok(readZone(world).includes(`www.example.com ${targetIp}`));
  t.ok(readZone(world).includes(`ftp.example.com ${sourceIp}`));
  const second = await runToEnd(world);
  t.equal(second.exitCode, 0, JSON.stringify(second.outcome.failure));
  t.ok(readZone(world).includes(`ftp.example.com ${targetIp}`));
});

t.test("a run that was planned without DNS can be given a way", async (t) => {
  const world = await createOutage();
  const { create } = world.cluster;
  world.cluster.create = async (object, options) => {
    if (object.kind === "Backup")
      throw new InfraError({ code: "CLUSTER_FORBIDDEN", message: "no" });
    return await create(object, options);
  };
  const first = await runToEnd(world, { failover: { dns: "none" } });
  t.equal(first.exitCode, 5);
  world.cluster.create = create;
  const second = await runToEnd(world, { failover: { dns: "api" } });
  t.equal(second.exitCode, 0, JSON.stringify(second.outcome.failure));
  t.ok(readZone(world).includes(`www.example.com ${targetIp}`));
});

t.test(
  "records of a host without volumes are no longer undone once they are changed",
  async (t) => {
    const world = await createOutage({ withApps: false });
    world.staticRecords.declare = async () => {
      throw new InfraError({ code: "CONFIG_FILE_UNREADABLE", message: "no", exitCode: 4 });
    };
    const { exitCode, outcome } = await runToEnd(world);
    t.equal(exitCode, 5);
    t.equal(outcome.failure?.step, "redirect-names");
    t.ok(readZone(world).includes(`www.example.com ${targetIp}`));
  },
);

t.test("an address of another family forbids the change", async (t) => {
  const world = await createOutage();
  const { target: wanted } = failoverOptions();
  const { codes } = await planOnly(world, { target: { ...wanted, publicIp: "2001:db8::2" } });
  t.strictSame(codes, ["DNS_NODE_ADDRESS"]);
});

t.test("a name that has both addresses keeps them, and is told", async (t) => {
  const world = await createOutage();
  world.staticRecords.list.records.push(address("www.example.com", targetIp));
  world.dns.add(address("www.example.com", targetIp));
  const { plan } = await planOnly(world);
  t.strictSame(
    plan.names?.redirection.records.map(({ name }) => name),
    ["ftp.example.com"],
  );
  t.match(plan.warnings.join("\n"), `www.example.com points to ${target} and to ${source}`);
});

t.test("names of apps are waited for", async (t) => {
  const world = await createOutage();
  await addExternalDns(world, ["shop.example.com"]);
  world.clock.after(120, () => {
    for (const one of world.dns.zones.get("example.com") ?? []) {
      if (one.name === "shop.example.com") one.content = targetIp;
    }
  });
  const { result, outcome, plan } = await run(world, "tofu");
  t.equal(result.exitCode, 0);
  t.strictSame(plan.names?.awaited, ["shop.example.com"]);
  t.match(renderPlan(plan), "external-dns: shop.example.com");
  t.strictSame(listLateNames(outcome), []);
});

t.test("names of apps that stay are told, and hold nobody up", async (t) => {
  const world = await createOutage();
  await addExternalDns(world, ["shop.example.com"]);
  const { outcome, plan } = await run(world, "tofu");
  t.equal(outcome.state, "done");
  t.match(listLateNames(outcome), [/^shop.example.com does not have other addresses/]);
  const { openItems } = buildReport(plan, outcome, await readStatus(world));
  t.match(openItems.join("\n"), "logs deployment/external-dns");
});

t.test("names of apps alone forbid nothing when the zone cannot be read", async (t) => {
  const world = await createOutage();
  world.staticRecords.list.records = [];
  await addExternalDns(world, ["shop.example.com"]);
  world.dns.fault = "DNS_DENIED";
  const { plan, codes } = await planOnly(world);
  t.strictSame(codes, []);
  t.match(plan.warnings.join("\n"), "the names of apps are not looked after");
});

async function run(world: MemoryWorld, dns: "tofu" | "api" | "none") {
  const result = await runToEnd(world, { failover: { dns } });
  return { result, outcome: result.outcome, plan: result.plan };
}
