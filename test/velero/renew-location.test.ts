import { readFileSync } from "node:fs";
import path from "node:path";
import t from "tap";
import { parseAllDocuments } from "yaml";
import { repositoryRoot } from "../../lib/config/paths.ts";
import type { BackupStorageLocation } from "../../lib/objects.ts";
import { moveSchedules, planRenewal, renewLocation } from "../../lib/velero/renew-location.ts";
import { planRepository } from "../../lib/velero/repository.ts";

const read = (file: string) =>
  readFileSync(path.join(repositoryRoot, "config/velero", file), "utf8");
const own = read("backup-locations.yaml");

/** A text with the one location that the repository has, with a prefix. */
const withPrefix = (prefix: string, name = "default") =>
  own
    .replace("name: default", `name: ${name}`)
    .replace(/( +)bucket: \S+\n/, `$&$1prefix: ${prefix}\n`);

function parse(text: string): BackupStorageLocation[] {
  return parseAllDocuments(text).map((one) => one.toJS() as BackupStorageLocation);
}

t.test("a new bucket: the old location is read with the old password", async (t) => {
  const renewal = await planRenewal(own, "locations", "infra-k3s-backups-2");
  t.strictSame(renewal, {
    from: "default",
    to: "default-2",
    secret: "velero-repo-credentials-default",
    bucket: "infra-k3s-backups-2",
    prefix: "",
  });
  const text = await renewLocation(own, renewal);
  const [before] = parse(own);
  const [old, made] = parse(text);
  if (before === undefined || old === undefined || made === undefined) throw new Error("two");
  t.strictSame(old.metadata.name, "default");
  t.match(old.spec, { accessMode: "ReadOnly", objectStorage: before.spec.objectStorage });
  t.equal(old.spec.default, undefined);
  t.strictSame(made, {
    ...before,
    metadata: { ...before.metadata, name: "default-2" },
    spec: { ...before.spec, objectStorage: { bucket: "infra-k3s-backups-2" } },
  });
  t.equal(planRepository(old, "shop").password.name, "velero-repo-credentials-default");
  t.equal(planRepository(made, "shop").password.name, "velero-repo-credentials");
  for (const comment of own.match(/^# .*$/gm) ?? []) t.match(text, comment);
});

t.test("a prefix beside the old one, and one more with each renewal", async (t) => {
  let text = withPrefix("/one-2/");
  for (const [from, to, prefix] of [
    ["default", "default-2", "one-2-2"],
    ["default-2", "default-3", "one-2-3"],
    ["default-3", "default-4", "one-2-4"],
  ]) {
    const renewal = await planRenewal(text, "locations");
    t.match(renewal, { from, to, prefix, bucket: "infra-k3s-backups" });
    text = await renewLocation(text, renewal);
  }
  const names = parse(text).map(({ metadata, spec }) => [metadata.name, spec.default ?? false]);
  t.strictSame(names.at(-2), ["default-3", false]);
  t.strictSame(names.at(-1), ["default-4", true]);
  const next = await planRenewal(text, "locations", "another-bucket");
  t.match(next, { bucket: "another-bucket", prefix: "one-2-4", to: "default-5" });
});

t.test("a name that another location has is passed over", async (t) => {
  const other = withPrefix("two", "default-2").replace("  default: true\n", "");
  t.match(await planRenewal(`${withPrefix("one")}---\n${other}`, "x"), { to: "default-3" });
});

for (const [name, text, bucket, error] of [
  ["all of a bucket", own, undefined, { code: "VELERO_LOCATION_AT_ROOT", fix: /--bucket/ }],
  ["the bucket that there is", own, "infra-k3s-backups", { code: "VELERO_LOCATION_BUCKET" }],
  [
    "a bucket that an older location has",
    `${own}---\n${own.replace("default: true", "default: false").replaceAll("infra-k3s-backups", "older")}`,
    "older",
    { code: "VELERO_LOCATION_BUCKET" },
  ],
  ["no bucket's name", own, "Two", { code: "VELERO_LOCATION_BUCKET" }],
  ["a dot, which R2 does not take", own, "a.two", { code: "VELERO_LOCATION_BUCKET" }],
  [
    "no default",
    own.replace("default: true", "default: false"),
    "two",
    { code: "VELERO_LOCATION_DEFAULT" },
  ],
  ["two defaults", `${own}---\n${own}`, "two", { code: "VELERO_LOCATION_DEFAULT" }],
  [
    "a name that no label could have with a Secret's",
    withPrefix("a", "d".repeat(40)),
    undefined,
    { code: "VELERO_LOCATION_NAME" },
  ],
] as const) {
  t.test(`${name} is refused`, async (t) => {
    const refused = planRenewal(text, "locations", bucket);
    await t.rejects(refused, { ...error, exitCode: 2, where: { file: "locations" } });
  });
}

t.test("Schedules go with it, and nothing else is changed of them", async (t) => {
  const text = read("schedules/daily.yaml");
  const renewal = { from: "default", to: "default-2" };
  const moved = await moveSchedules(text, renewal);
  t.equal(moved, text.replace("storageLocation: default", "storageLocation: default-2"));
  t.equal(await moveSchedules(moved, renewal), moved);
  const without = text.replace(/ +storageLocation: default\n/, "");
  t.equal(await moveSchedules(without, renewal), without);
});
