import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import t from "tap";
import { parseAllDocuments } from "yaml";
import { repositoryRoot } from "../../lib/config/paths.ts";
import { loadVersions } from "../../lib/config/versions.ts";
import type { Repository } from "../../lib/lint/rule.ts";
import { pvcWithoutBackup } from "../../lib/lint/rules/pvc-without-backup.ts";
import { buildSettings } from "../../lib/lint/settings.ts";
import { type Fields, listManifests, type Manifest } from "../../lib/manifests/manifest.ts";

const settings = buildSettings(await loadVersions());

function readFolder(folder: string): Manifest[] {
  return readdirSync(path.join(repositoryRoot, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".yaml"))
    .flatMap((name) => {
      const file = `${folder}/${name}`;
      const documents = parseAllDocuments(readFileSync(path.join(repositoryRoot, file), "utf8"));
      return listManifests(
        file,
        documents.map((document): unknown => document.toJS()),
      );
    });
}

function toRepository(manifests: Manifest[], ...files: string[]): Repository {
  return {
    manifests,
    written: manifests,
    files: new Set(files),
    read: () => undefined,
    isNamespaced: () => undefined,
  };
}

/** The objects of our own Schedules, and others. */
function build(...values: Fields[]): Repository {
  return toRepository([...readFolder("config/velero"), ...listManifests("app.yaml", values)]);
}

function listCodes(repository: Repository): (string | undefined)[] {
  return pvcWithoutBackup.find(repository, settings).map(({ code }) => code);
}

function buildClaim(name: string, fields: Fields = {}): Fields {
  return {
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    metadata: { name, namespace: "shop", ...fields },
    spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } },
  };
}

interface PodParts {
  labels?: Fields;
  annotations?: Fields;
  claims: string[];
}

function buildWorkload(
  kind: string,
  name: string,
  { labels, annotations, claims }: PodParts,
): Fields {
  return {
    apiVersion: "apps/v1",
    kind,
    metadata: { name, namespace: "shop" },
    spec: {
      template: {
        metadata: { labels: { app: name, ...labels }, annotations },
        spec: {
          containers: [
            { name: "app", volumeMounts: claims.map((claim) => ({ name: claim, mountPath: "/" })) },
          ],
          volumes: claims.map((claim) => ({
            name: claim,
            persistentVolumeClaim: { claimName: claim },
          })),
        },
      },
    },
  };
}

t.test("the lab's apps are backed up as they ask, and are not without the Schedules", async (t) => {
  const apps = readFolder("lab/apps");
  const schedules = readFolder("config/velero");
  const judge = (manifests: Manifest[]) =>
    listCodes(toRepository(manifests, "config/velero/kustomization.yaml"));
  t.strictSame(judge([...apps, ...schedules]), []);
  const without = (name: string) => schedules.filter((one) => one.name !== name);
  // Four volumes, of which one is made again from another.
  t.strictSame(judge([...apps, ...without("hourly-critical")]), Array(3).fill("PVC_TIER"));
  t.strictSame(judge([...apps, ...without("daily")]), []);
  t.strictSame(judge(apps), Array(3).fill("PVC_NOT_SCHEDULED"));
});

t.test("one pod of several that is copied is enough", async (t) => {
  const claim = buildClaim("data");
  const excluding = buildWorkload("Deployment", "reader", {
    claims: ["data"],
    annotations: { "backup.velero.io/backup-volumes-excludes": "data" },
  });
  const copying = buildWorkload("Deployment", "writer", { claims: ["data"] });
  t.strictSame(listCodes(build(claim, excluding)), ["PVC_EXCLUDED"]);
  t.strictSame(listCodes(build(claim, excluding, copying)), []);
});

t.test("the strictest tier of all that mount a claim counts", async (t) => {
  const critical = { "infra-k3s.io/backup": "critical" };
  const excluding = buildWorkload("Deployment", "writer", {
    claims: ["data"],
    labels: critical,
    annotations: { "backup.velero.io/backup-volumes-excludes": "data" },
  });
  const standard = buildWorkload("Deployment", "reader", { claims: ["data"] });
  t.strictSame(listCodes(build(buildClaim("data"), excluding, standard)), ["PVC_TIER"]);
  t.strictSame(listCodes(build(buildClaim("data", { labels: critical }), standard)), []);
});

t.test("of two claims, only the one that is left out is told", async (t) => {
  const workload = buildWorkload("Deployment", "web", {
    claims: ["data", "cache"],
    annotations: { "backup.velero.io/backup-volumes-excludes": "tmp,cache" },
  });
  const [fault, ...more] = pvcWithoutBackup.find(
    build(buildClaim("data"), buildClaim("cache"), workload),
    settings,
  );
  t.match(fault, { code: "PVC_EXCLUDED", message: /claim "cache"/ });
  t.strictSame(more, []);
});

t.test("a blank behind a comma names another volume, which Velero then copies", async (t) => {
  const workload = buildWorkload("Deployment", "web", {
    claims: ["data"],
    annotations: { "backup.velero.io/backup-volumes-excludes": "tmp, data" },
  });
  t.strictSame(listCodes(build(buildClaim("data"), workload)), []);
});

t.test("5,000 claims are judged in less than three seconds", async (t) => {
  const objects = Array.from({ length: 5000 }, (_, index) => [
    buildClaim(`data-${index}`),
    buildWorkload("Deployment", `web-${index}`, { claims: [`data-${index}`] }),
  ]).flat();
  const repository = build(...objects);
  const begin = performance.now();
  t.strictSame(listCodes(repository), []);
  const took = performance.now() - begin;
  t.ok(took < 3000, `${Math.round(took)} ms`);
  t.comment(`${Math.round(took)} ms`);
});

t.test("an app's folder alone does not say how it is backed up", async (t) => {
  const manifests = listManifests("app.yaml", [buildClaim("data")]);
  t.strictSame(listCodes(toRepository(manifests, "app.yaml")), []);
});
