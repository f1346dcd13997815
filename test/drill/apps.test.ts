import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import t from "tap";
import { parseAllDocuments } from "yaml";
import { planAppImages } from "../../lab/app-images.ts";
import type { KubeObject, PersistentVolumeClaim, PodSpec } from "../../lib/objects.ts";
import {
  rebuildAnnotation,
  rebuildFromAnnotation,
  recoveryAnnotation,
} from "../../lib/manifests/recovery-annotations.ts";
import { preHookAnnotation } from "../../lib/velero/names.ts";

const folder = path.join(import.meta.dirname, "../../lab/apps");

interface App extends KubeObject {
  spec: {
    template: { metadata: KubeObject["metadata"]; spec: PodSpec };
    volumeClaimTemplates?: PersistentVolumeClaim[];
  };
}

async function readObjects(): Promise<KubeObject[]> {
  const files = await readdir(folder);
  const texts = await Promise.all(
    files.map(async (name) => await readFile(path.join(folder, name), "utf8")),
  );
  return texts
    .flatMap((text) => parseAllDocuments(text))
    .map((document) => document.toJS() as KubeObject);
}

async function readApps(): Promise<App[]> {
  const kinds = ["StatefulSet", "Deployment"];
  return (await readObjects()).filter(({ kind }) => kinds.includes(kind)) as App[];
}

t.test("every image that the apps name is made for them", async (t) => {
  const debian = { shell: "/shell", shellVersion: "1", certificates: "/certificates" };
  const made = planAppImages({ debian, postgres: { root: "/root", major: "15" } });
  const used = (await readApps()).flatMap(({ spec: { template } }) =>
    [...(template.spec.initContainers ?? []), ...template.spec.containers].map(
      ({ image }) => image,
    ),
  );
  t.strictSame([...new Set(used)].toSorted(), made.map(({ name }) => name).toSorted());
});

t.test("all of the shop lies in its namespace", async (t) => {
  for (const { kind, metadata } of await readObjects()) {
    if (!["Namespace", "Kustomization"].includes(kind))
      t.equal(metadata.namespace, "shop", `${kind} ${metadata.name}`);
  }
});

t.test("the database's files are rebuilt from a base backup that a hook writes", async (t) => {
  const postgres = (await readApps()).find(({ kind }) => kind === "StatefulSet");
  const { template, volumeClaimTemplates = [] } = postgres?.spec ?? {};
  const [data, base] = volumeClaimTemplates;
  t.equal(data?.metadata.annotations?.[recoveryAnnotation], "rebuild");
  t.equal(
    data?.metadata.annotations?.[rebuildFromAnnotation],
    `${base?.metadata.name}-${postgres?.metadata.name}-0`,
  );
  t.match(data?.metadata.annotations?.[rebuildAnnotation], /pg_verifybackup[^]+pg_ctl/);
  const annotations = template?.metadata.annotations ?? {};
  t.match(annotations["backup.velero.io/backup-volumes-excludes"], /^data,/);
  t.match(JSON.parse(annotations[preHookAnnotation] ?? ""), ["/bin/sh"]);
});

t.test("what keeps an app from moving is not in its manifest", async (t) => {
  for (const { metadata, spec } of await readApps()) {
    const { nodeSelector, affinity } = spec.template.spec;
    const { requiredDuringSchedulingIgnoredDuringExecution: required } =
      affinity?.nodeAffinity ?? {};
    t.equal(required, undefined, metadata.name);
    t.notOk(Object.keys(nodeSelector ?? {}).includes("kubernetes.io/hostname"), metadata.name);
  }
});
