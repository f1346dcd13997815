import { cpSync, existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import t, { type Test } from "tap";
import { parse, parseAllDocuments } from "yaml";
import { repositoryRoot } from "../../lib/config/paths.ts";
import { useStandIns, writePrograms } from "../support/secret-programs.ts";

useStandIns();
const { createSecretsPlace, edit, readTree } = await import("../support/secrets-place.ts");
const { interruptAfter } = await import("../support/rotation-scenarios.ts");
const { readSecret } = await import("../../lib/secrets/secret-file.ts");
const programs = writePrograms(path.join(t.testdir({}), "bin"));

const velero = "kubernetes/infrastructure/velero";
const locations = "config/velero/backup-locations.yaml";
const rotation = ["--what", "backup-password", "--bucket", "backups-two", "--confirm", "test"];

/** A site whose folder is laid out as this repository. */
async function createPlace(t: Test) {
  const place = await createSecretsPlace(t, programs);
  const made = await place.init();
  if (made.exitCode !== 0) throw new Error(made.stderr);
  mkdirSync(place.path("config"), { recursive: true });
  cpSync(path.join(repositoryRoot, "config/velero"), place.path("config/velero"), {
    recursive: true,
  });
  const list = `${velero}/secrets.yaml`;
  cpSync(path.join(repositoryRoot, list), place.path(list));
  const readPassword = async (name: string) => {
    const values = await readSecret(place.path(`${velero}/${name}.sops.yaml`), place);
    return values?.["repository-password"];
  };
  return { ...place, list, readPassword };
}

type Place = Awaited<ReturnType<typeof createPlace>>;

/** What Argo CD would make of the files: the Secrets, and the location of each Schedule. */
async function check(t: Test, place: Place, old: string): Promise<void> {
  const fresh = (await place.readPassword("velero-repo-credentials")) ?? "";
  t.match(fresh, /^[0-9a-f]{64}$/);
  t.not(fresh, old);
  t.equal(await place.readPassword("velero-repo-credentials-default"), old);
  t.strictSame((parse(place.read(place.list)) as { files: string[] }).files, [
    "cloud-credentials.sops.yaml",
    "velero-repo-credentials.sops.yaml",
    "velero-repo-credentials-default.sops.yaml",
  ]);
  const secret = parse(place.read(`${velero}/velero-repo-credentials-default.sops.yaml`)) as object;
  t.match(secret, { metadata: { name: "velero-repo-credentials-default", namespace: "velero" } });
  const found = parseAllDocuments(place.read(locations)).map((one) => one.toJS() as unknown);
  t.match(found, [
    {
      metadata: {
        name: "default",
        labels: { "infra-k3s.io/repository-password": "velero-repo-credentials-default" },
      },
      spec: { accessMode: "ReadOnly" },
    },
    {
      metadata: { name: "default-2" },
      spec: { default: true, objectStorage: { bucket: "backups-two" } },
    },
  ]);
  for (const file of ["daily", "hourly-critical"]) {
    t.match(place.read(`config/velero/schedules/${file}.yaml`), /storageLocation: default-2$/m);
  }
  t.notOk(existsSync(place.path(`${velero}/velero-repo-credentials-next.sops.yaml`)));
}

t.test("a new password, and the old one kept for the old backups", async (t) => {
  const place = await createPlace(t);
  const before = readTree(place.folder);
  const planned = await place.rotate([...rotation, "--dry-run"]);
  t.equal(planned.exitCode, 0, planned.stderr);
  t.match(planned.stdout, /"default-2" is the default location.*bucket backups-two/);
  t.match(planned.stdout, /Velero itself can neither restore nor remove/);
  const unconfirmed = await place.rotate(rotation.slice(0, -2));
  t.equal(unconfirmed.exitCode, 3);
  t.strictSame(readTree(place.folder), before, "nothing is changed by either");

  const old = (await place.readPassword("velero-repo-credentials")) ?? "";
  const { exitCode, stdout, stderr } = await place.rotate(rotation);
  t.equal(exitCode, 0, stderr);
  await check(t, place, old);
  const fresh = (await place.readPassword("velero-repo-credentials")) ?? "";
  for (const secret of [old, fresh]) t.notOk((stdout + stderr).includes(secret));
  t.match(
    (await place.init([], { variables: {} })).stdout,
    /^there +password of Velero's backups/m,
  );
  t.match((await place.rotate()).stdout, /^Nothing to do: 8 encrypted files/);

  const again = await place.rotate(rotation.with(3, "backups-three"));
  t.equal(again.exitCode, 0, again.stderr);
  t.equal(await place.readPassword("velero-repo-credentials-default-2"), fresh);
  t.equal(await place.readPassword("velero-repo-credentials-default"), old);
  t.match(place.read(locations), /name: default-3$/m);
});

t.test("an interruption anywhere: the next run goes on with the same password", async (t) => {
  // The old password's Secret, its place in the list, and the Schedules that are there.
  const told = 2 + 3;
  for (let count = 1; count <= told + 1; count += 1) {
    const place = await createPlace(t);
    const old = (await place.readPassword("velero-repo-credentials")) ?? "";
    const half = await place.rotate(rotation, interruptAfter(count, /^(written|changed)/));
    t.equal(half.exitCode, count <= told ? 70 : 0, `${count}: ${half.stderr}`);
    if (count <= told) {
      t.equal(await place.readPassword("velero-repo-credentials"), old, "replaced at the end");
      t.equal((await place.rotate(rotation)).exitCode, 0);
    }
    await check(t, place, old);
  }
});

t.test("a kill before one of the last three steps, too", async (t) => {
  const file = (name: string) => `${velero}/${name}.sops.yaml`;
  const [present, next] = [file("velero-repo-credentials"), file("velero-repo-credentials-next")];
  for (const ended of ["before the password", "before the location", "before the end"]) {
    const place = await createPlace(t);
    const old = (await place.readPassword("velero-repo-credentials")) ?? "";
    const [oldFile, oldLocations] = [place.read(present), place.read(locations)];
    await place.rotate(rotation);
    const fresh = await place.readPassword("velero-repo-credentials");
    cpSync(place.path(present), place.path(next));
    if (ended === "before the password") writeFileSync(place.path(present), oldFile);
    if (ended !== "before the end") {
      writeFileSync(place.path(locations), oldLocations);
      t.equal((await place.rotate(rotation)).exitCode, 0, ended);
      t.equal(await place.readPassword("velero-repo-credentials"), fresh, ended);
      await check(t, place, old);
      continue;
    }
    // Nothing was left to do but to take one file away: this is another change.
    const again = rotation.with(3, "backups-three");
    t.equal((await place.rotate(again)).exitCode, 0, ended);
    t.not(await place.readPassword("velero-repo-credentials"), fresh);
    t.equal(await place.readPassword("velero-repo-credentials-default-2"), fresh);
    t.notOk(existsSync(place.path(next)));
  }
});

for (const [name, code, exitCode, spoil] of [
  [
    "a site whose locations are elsewhere",
    "VELERO_LOCATIONS_MISSING",
    2,
    ({ path }) => rmSync(path("config/velero"), { recursive: true }),
  ],
  [
    "no password yet",
    "VELERO_LOCATIONS_MISSING",
    2,
    ({ path }) => rmSync(path(`${velero}/velero-repo-credentials.sops.yaml`)),
  ],
  [
    "the bucket that there is",
    "VELERO_LOCATION_BUCKET",
    2,
    ({ path }) => edit(path(locations), "bucket: infra-k3s-backups", "bucket: backups-two"),
  ],
  [
    "a kept password of another location with that name",
    "SECRETS_PASSWORD_KEPT",
    3,
    async (place) => {
      const before = place.read(locations);
      await place.rotate(rotation);
      writeFileSync(place.path(locations), before);
    },
  ],
] as [string, string, number, (place: Place) => void | Promise<void>][]) {
  t.test(`${name} is refused, with nothing changed`, async (t) => {
    const place = await createPlace(t);
    await spoil(place);
    const before = readTree(place.folder);
    const refused = await place.rotate(rotation);
    t.match([refused.exitCode, refused.stderr], [exitCode, new RegExp(code)]);
    t.strictSame(readTree(place.folder), before);
  });
}
