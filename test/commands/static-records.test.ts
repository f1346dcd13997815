import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import t, { type Test } from "tap";
import { planRedirection } from "../../lib/dns/redirect.ts";
import type { StaticRecords } from "../../lib/records.ts";
import type { ResourceChange, StackPlan } from "../../lib/stack.ts";
import { connectStaticRecords } from "../../lib/commands/static-records.ts";

const text = `zone: example.com
records:
  - { name: www.example.com, type: A, node: vps-aws-1 } # the shop
  - { name: ftp.example.com, type: A, content: 192.0.2.3 }
`;

const from = { name: "vps-aws-1", publicIp: "192.0.2.3" };
const to = { name: "vps-vultr-1", publicIp: "192.0.2.2" };

function renderInventory(): string {
  const render = (name: string, address: string) =>
    `${name}: { public_ip: ${address}, ansible_user: root, provider: manual, zone: a, instance_type: b }`;
  return `all:
  children:
    k3s_cluster:
      children:
        k3s_masters:
          hosts:
            ${render("vps-hetzner-1", "192.0.2.1")}
        k3s_workers:
          hosts:
            ${render(from.name, from.publicIp)}
            ${render(to.name, to.publicIp)}
`;
}

function change(name: string, content: string): ResourceChange {
  const record = { name, type: "A", ttl: 1, proxied: false };
  return {
    address: `module.dns.cloudflare_dns_record.this["A ${name}"]`,
    type: "cloudflare_dns_record",
    actions: ["update"],
    before: { ...record, content: from.publicIp },
    after: { ...record, content },
    unknown: [],
  };
}

const expected = [change("www.example.com", to.publicIp), change("ftp.example.com", to.publicIp)];

interface Place {
  file: string;
  records: StaticRecords;
  /** What tofu was given to plan. */
  planned: string[];
  applied: StackPlan[];
}

function setUp(t: Test, changes: readonly ResourceChange[]): Place {
  const folder = mkdtempSync(path.join(tmpdir(), "infra-k3s-test-"));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const file = path.join(folder, "records.yaml");
  writeFileSync(file, text);
  writeFileSync(path.join(folder, "hosts.yml"), renderInventory());
  const place: Omit<Place, "records"> = { file, planned: [], applied: [] };
  const records = connectStaticRecords(
    { dnsRecordsFile: file, inventoryFolder: folder },
    {
      async plan(recordsFile) {
        place.planned.push(readFileSync(recordsFile, "utf8"));
        return { file: "plan", changes };
      },
      async apply(plan) {
        place.applied.push(plan);
      },
    },
  );
  return { ...place, records };
}

async function planMove(records: StaticRecords) {
  return planRedirection(await records.load(), { from, to }).redirection;
}

const moved = text
  .replace("node: vps-aws-1", "node: vps-vultr-1")
  .replace("192.0.2.3", "192.0.2.2");

t.test("tofu plans what is to be, and what was reviewed is applied", async (t) => {
  const { records, file, planned, applied } = setUp(t, expected);
  const redirection = await planMove(records);
  await records.review(redirection, redirection.records);
  t.strictSame(applied, [], "a review changes nothing");
  await records.apply(redirection, redirection.records);
  t.strictSame(planned, [moved, moved]);
  t.strictSame(applied, [{ file: "plan", changes: expected }]);
  t.equal(readFileSync(file, "utf8"), text, "the list is changed on its own");
  await records.declare(redirection);
  t.equal(readFileSync(file, "utf8"), moved);
  await records.declare(redirection);
  t.equal(readFileSync(file, "utf8"), moved, "a second time changes nothing");
});

t.test("a plan with a surprise is not applied", async (t) => {
  const more = [...expected, change("db.example.com", "192.0.2.9")];
  for (const changes of [more, [], expected.slice(1)]) {
    const { records, file, applied } = setUp(t, changes);
    const redirection = await planMove(records);
    await t.rejects(records.review(redirection, redirection.records), {
      code: "TOFU_PLAN_SURPRISE",
    });
    await t.rejects(records.apply(redirection, redirection.records), {
      code: "TOFU_PLAN_SURPRISE",
    });
    t.strictSame(applied, []);
    t.equal(readFileSync(file, "utf8"), text);
  }
});

t.test("what is done already is part of what tofu is to keep", async (t) => {
  const { records, planned, applied } = setUp(t, expected.slice(1));
  const redirection = await planMove(records);
  await records.apply(redirection, redirection.records.slice(1));
  t.strictSame(planned, [moved], "the whole list, with what was moved before");
  t.equal(applied.length, 1);
});
