import t from "tap";
import type { BackupStorageLocation } from "../../lib/objects.ts";
import { planRepository } from "../../lib/velero/repository.ts";
import { touchesNamespace } from "../../lib/velero/schedules.ts";

function makeLocation(spec: Partial<BackupStorageLocation["spec"]>): BackupStorageLocation {
  return {
    apiVersion: "velero.io/v1",
    kind: "BackupStorageLocation",
    metadata: { name: "default" },
    spec: { provider: "aws", objectStorage: { bucket: "backups" }, ...spec },
  };
}

t.test("an R2 location", async (t) => {
  const location = makeLocation({
    provider: "velero.io/aws",
    objectStorage: { bucket: "backups", prefix: "/prod/" },
    config: { s3Url: "https://abc.r2.cloudflarestorage.com", region: "auto", profile: "r2" },
    credential: { name: "r2-keys", key: "cloud" },
  });
  t.strictSame(planRepository(location, "demo"), {
    bucket: "backups",
    prefix: "prod/kopia/demo/",
    endpoint: "abc.r2.cloudflarestorage.com",
    region: "auto",
    tls: "verified",
    credential: { name: "r2-keys", key: "cloud" },
    password: { name: "velero-repo-credentials", key: "repository-password" },
    profile: "r2",
  });
});

t.test("a location that keeps an old password says in which Secret", async (t) => {
  const location = makeLocation({ config: { s3Url: "http://10.0.0.1:9000" } });
  location.metadata.labels = { "infra-k3s.io/repository-password": "velero-repo-credentials-old" };
  const password = { name: "velero-repo-credentials-old", key: "repository-password" };
  t.strictSame(planRepository(location, "demo").password, password);
});

t.test("what is left out has Velero's defaults", async (t) => {
  const repository = planRepository(
    makeLocation({ config: { s3Url: "http://10.0.0.1:9000" } }),
    "demo",
  );
  t.match(repository, {
    prefix: "kopia/demo/",
    endpoint: "10.0.0.1:9000",
    tls: "off",
    credential: { name: "cloud-credentials", key: "cloud" },
    profile: "default",
  });
  t.equal(repository.region, undefined);
});

t.test("AWS itself needs a region", async (t) => {
  const repository = planRepository(makeLocation({ config: { region: "eu-central-1" } }), "demo");
  t.equal(repository.endpoint, "s3-eu-central-1.amazonaws.com");
  t.throws(() => planRepository(makeLocation({}), "demo"), { code: "VELERO_LOCATION_UNSUPPORTED" });
});

t.test("certificates: a bundle, a secret with one, or none at all", async (t) => {
  const s3 = { s3Url: "https://s3.lab", region: "auto" };
  const bundle = makeLocation({ objectStorage: { bucket: "b", caCert: "UEVN" }, config: s3 });
  t.equal(planRepository(bundle, "demo").caCert, "UEVN");
  const secret = makeLocation({
    objectStorage: { bucket: "b", caCertRef: { name: "ca", key: "ca.crt" } },
    config: s3,
  });
  t.strictSame(planRepository(secret, "demo").caSecret, { name: "ca", key: "ca.crt" });
  const open = makeLocation({ config: { ...s3, insecureSkipTLSVerify: "true" } });
  t.equal(planRepository(open, "demo").tls, "unverified");
});

t.test("another object store is refused", async (t) => {
  t.throws(() => planRepository(makeLocation({ provider: "azure" }), "demo"), {
    code: "VELERO_LOCATION_UNSUPPORTED",
    why: /azure/,
  });
});

t.test("which namespaces a schedule touches", async (t) => {
  const touches = (template: { includedNamespaces?: string[]; excludedNamespaces?: string[] }) =>
    touchesNamespace(
      {
        apiVersion: "velero.io/v1",
        kind: "Schedule",
        metadata: { name: "s" },
        spec: { schedule: "@daily", template },
      },
      "demo",
    );
  t.ok(touches({}));
  t.ok(touches({ includedNamespaces: ["*"] }));
  t.ok(touches({ includedNamespaces: ["a", "demo"] }));
  t.ok(touches({ includedNamespaces: ["de*"] }));
  t.notOk(touches({ includedNamespaces: ["a", "demo-*"] }));
  t.notOk(touches({ excludedNamespaces: ["d?mo"] }));
  t.notOk(touches({ includedNamespaces: ["a"] }));
  t.notOk(touches({ excludedNamespaces: ["demo"] }));
});
