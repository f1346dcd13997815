import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import t from "tap";
import { parseAllDocuments } from "yaml";
import type { Manifest } from "../../lab/kubectl.ts";
import { planVeleroImages } from "../../lab/velero-images.ts";
import { repositoryRoot } from "../../lib/config/paths.ts";
import type { BackupStorageLocation } from "../../lib/objects.ts";
import { planRepository } from "../../lib/velero/repository.ts";

const folder = path.join(repositoryRoot, "config/velero");

function parse(file: string): Manifest[] {
  const text = readFileSync(path.join(folder, file), "utf8");
  return parseAllDocuments(text).map((document) => document.toJS() as Manifest);
}

const files = readdirSync(folder, { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".yaml") && file !== "kustomization.yaml")
  .toSorted();
const objects = files.flatMap(parse);

interface Schedule {
  metadata: { name: string };
  spec: { schedule: string; skipImmediately?: boolean; template: Record<string, unknown> };
}

const schedules = objects.filter(({ kind }) => kind === "Schedule") as unknown as Schedule[];

function getConfigMap(name: string): Record<string, string> {
  const found = objects.find(
    ({ kind, metadata }) => kind === "ConfigMap" && metadata.name === name,
  );
  return (found?.["data"] ?? {}) as Record<string, string>;
}

t.test("config/velero lists every file that it has", async (t) => {
  const [kustomization] = parse("kustomization.yaml") as unknown as [{ resources: string[] }];
  t.strictSame(kustomization.resources.toSorted(), files);
});

t.test("no schedule puts Secrets into the bucket, and one alone leaves out volumes", async (t) => {
  t.equal(schedules.length, 3);
  for (const { metadata, spec } of schedules) {
    const hasVolumes = metadata.name !== "daily-config";
    t.match(
      spec.template,
      {
        excludedResources: ["secrets"],
        defaultVolumesToFsBackup: hasVolumes,
        snapshotVolumes: false,
        storageLocation: "default",
        ttl: /^\d+h0m0s$/,
      },
      metadata.name,
    );
    t.match(spec.schedule, /^\d+ [\d*]+ \* \* \*$/, "a minute of its own");
    const excluded = spec.template["excludedNamespaces"] as string[];
    t.ok(excluded.includes("velero"), "the credentials of the bucket among it");
    if (!hasVolumes) continue;
    const { name } = spec.template["resourcePolicy"] as { name: string };
    t.ok(Object.keys(getConfigMap(name)).length === 1, "Velero wants one key in a policy");
  }
});

t.test("Velero's flags name settings that are there", async (t) => {
  const pods = ["velero.yaml", "node-agent.yaml"].map((file) =>
    readFileSync(path.join(repositoryRoot, "kubernetes/infrastructure/velero", file), "utf8"),
  );
  const names = pods.flatMap((text) =>
    [...text.matchAll(/configmap=(\S+)/g)].map(([, name = ""]) => name),
  );
  t.strictSame([...new Set(names)].toSorted(), [
    "backup-repository",
    "node-agent",
    "repository-maintenance",
  ]);
  for (const name of names) {
    const data = getConfigMap(name);
    // Velero refuses two keys, and what is not JSON.
    t.equal(Object.keys(data).length, 1, name);
    for (const text of Object.values(data)) t.doesNotThrow(() => JSON.parse(text) as unknown);
  }
});

t.test("the bucket in production speaks as R2 wants it", async (t) => {
  const [location] = parse("backup-locations.yaml") as unknown as [BackupStorageLocation];
  t.match(location.spec.config, {
    region: "auto",
    checksumAlgorithm: "",
    s3ForcePathStyle: "true",
    s3Url: /^https:\/\/.*\.r2\.cloudflarestorage\.com$/,
  });
  t.match(planRepository(location, "app"), {
    tls: "verified",
    prefix: "kopia/app/",
    credential: { name: "cloud-credentials", key: "cloud" },
  });
});

t.test("Velero's images hold what upstream's hold, by upstream's names", async (t) => {
  const names = ["velero", "velero-helper", "velero-restore-helper", "velero-plugin-for-aws"];
  const [server, plugin] = planVeleroImages({
    programs: Object.fromEntries(names.map((name) => [name, `/cache/${name}`])),
    versions: { velero: "v1.18.3", "velero-plugin-for-aws": "v1.14.3" },
    debian: { shell: "/shell", shellVersion: "1", certificates: "/ca" },
  });
  t.equal(server.name, "docker.io/velero/velero:v1.18.3");
  for (const name of names.slice(0, 3)) {
    t.ok(
      server.layers.some(([from, to]) => from === `/cache/${name}` && to === `/${name}`),
      name,
    );
  }
  t.equal(server.entrypoint, undefined, "its manifests say the command");
  t.match(plugin, {
    name: "docker.io/velero/velero-plugin-for-aws:v1.14.3",
    entrypoint: ["/bin/cp", "/plugins/velero-plugin-for-aws", "/target/velero-plugin-for-aws"],
  });
  t.throws(() => planVeleroImages({ ...emptyParts, programs: {} }), /velero was not built/);
});

const emptyParts = {
  programs: {},
  versions: {},
  debian: { shell: "", shellVersion: "", certificates: "" },
};
