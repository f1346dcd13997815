import t from "tap";
import type { ConfigMap, KubeObject, Pod } from "../../lib/objects.ts";
import { connectFake } from "../support/connect-fake.ts";
import { fakeToken } from "../support/fake-kube-api.ts";

const otherUid = "11111111-2222-3333-4444-555555555555";
const ref = { kind: "ConfigMap", name: "settings", namespace: "demo" } as const;

function configMap(name: string, labels: Record<string, string> = {}): ConfigMap {
  return {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name, namespace: "demo", labels },
    data: { a: "1" },
  };
}

function pod(name: string, nodeName?: string): Pod {
  const spec = { ...(nodeName === undefined ? {} : { nodeName }), containers: [] };
  return { apiVersion: "v1", kind: "Pod", metadata: { name, namespace: "demo" }, spec };
}

t.test("each kind of request goes to its path, as the field manager infra-k3s", async (t) => {
  const { fake, cluster } = await connectFake(t);
  fake.installed.add("Backup");
  const made = await cluster.create(configMap("settings"));
  await cluster.create({ apiVersion: "v1", kind: "Namespace", metadata: { name: "demo" } });
  await cluster.create({
    apiVersion: "velero.io/v1",
    kind: "Backup",
    metadata: { name: "b", namespace: "velero" },
  });
  await cluster.find({ kind: "StorageClass", name: "local-path" });
  await cluster.list("Job");
  await cluster.list("ConfigMap", { namespace: "demo" });
  await cluster.patch(ref, { data: { a: null, b: "2" } });
  await cluster.delete(ref, { uid: made.metadata.uid ?? "" });
  t.strictSame(
    fake.requests.map(({ method, path }) => `${method} ${path}`),
    [
      "POST /api/v1/namespaces/demo/configmaps",
      "POST /api/v1/namespaces",
      "POST /apis/velero.io/v1/namespaces/velero/backups",
      "GET /apis/storage.k8s.io/v1/storageclasses/local-path",
      "GET /apis/batch/v1/jobs",
      "GET /api/v1/namespaces/demo/configmaps",
      "PATCH /api/v1/namespaces/demo/configmaps/settings",
      "DELETE /api/v1/namespaces/demo/configmaps/settings",
    ],
  );
  for (const { method, query, headers } of fake.requests) {
    t.equal(headers.authorization, `Bearer ${fakeToken}`);
    const writes = method === "POST" || method === "PATCH";
    t.equal(query["fieldManager"], writes ? "infra-k3s" : undefined, method);
  }
  t.equal(fake.requests[0]?.headers["content-type"], "application/json");
  t.equal(fake.requests.at(-2)?.headers["content-type"], "application/merge-patch+json");
});

t.test("an object comes as plain JSON, without the record of who set its fields", async (t) => {
  const { cluster } = await connectFake(t);
  const made = await cluster.create(configMap("settings"));
  t.match(made, { kind: "ConfigMap", metadata: { uid: String, resourceVersion: String } });
  t.notOk("managedFields" in made.metadata);
  t.strictSame(await cluster.find(ref), made);
  t.strictSame(await cluster.list("ConfigMap"), [made]);
  const patched = await cluster.patch(ref, { data: { a: null, b: "2" } });
  t.strictSame(patched.data, { b: "2" });
  t.strictSame(await cluster.find(ref), patched);
});

t.test("a dry run keeps nothing", async (t) => {
  const { fake, cluster } = await connectFake(t);
  await cluster.create(configMap("settings"), { dryRun: true });
  t.equal(fake.requests[0]?.query["dryRun"], "All");
  t.equal(await cluster.find(ref), undefined);
  await cluster.create(configMap("settings"));
  const exists = { code: "CLUSTER_EXISTS", why: 'configmaps "settings" already exists' };
  await t.rejects(cluster.create(configMap("settings"), { dryRun: true }), exists);
  await t.rejects(cluster.create(configMap("settings")), { ...exists, exitCode: 4 });
});

t.test("a patch of another object, or of another version of it, changes nothing", async (t) => {
  const { cluster } = await connectFake(t);
  const { uid, resourceVersion } = (await cluster.create(configMap("settings"))).metadata;
  const patched = await cluster.patch(ref, {
    metadata: { uid, resourceVersion },
    data: { a: "2" },
  });
  for (const metadata of [
    { uid: otherUid },
    { resourceVersion },
    { uid: otherUid, resourceVersion },
    { uid: otherUid, resourceVersion: patched.metadata.resourceVersion },
  ]) {
    const patch = cluster.patch(ref, { metadata, data: { a: "3" } });
    await t.rejects(patch, { code: "CLUSTER_CONFLICT", exitCode: 4 }, JSON.stringify(metadata));
  }
  t.strictSame(await cluster.find(ref), patched);
  const gone = cluster.patch({ ...ref, name: "none" }, { metadata: { uid }, data: {} });
  await t.rejects(gone, { code: "CLUSTER_NOT_FOUND", why: 'configmaps "none" not found' });
});

t.test("a deletion carries its preconditions where the server reads them", async (t) => {
  const { fake, cluster } = await connectFake(t);
  const { uid = "", resourceVersion = "" } = (await cluster.create(configMap("settings"))).metadata;
  const conflict = { code: "CLUSTER_CONFLICT", exitCode: 4 };
  await t.rejects(cluster.delete(ref, { uid: otherUid }), conflict);
  await t.rejects(cluster.delete(ref, { uid, resourceVersion: "0" }), conflict);
  t.ok(await cluster.find(ref));
  await cluster.delete(ref, { uid, resourceVersion, gracePeriodSeconds: 0 });
  t.strictSame(JSON.parse(fake.requests.at(-1)?.body ?? ""), {
    apiVersion: "v1",
    kind: "DeleteOptions",
    preconditions: { uid, resourceVersion },
    gracePeriodSeconds: 0,
    propagationPolicy: "Background",
  });
  t.equal(await cluster.find(ref), undefined);
  await t.resolves(cluster.delete(ref, { uid }), "gone already is fine");
});

t.test("lists are selected by namespace, labels and fields", async (t) => {
  const { fake, cluster } = await connectFake(t);
  await cluster.create(configMap("one", { app: "x", tier: "web" }));
  await cluster.create(configMap("two", { app: "x" }));
  await cluster.create(pod("here", "worker-1"));
  await cluster.create(pod("nowhere"));
  const names = (objects: KubeObject[]) => objects.map(({ metadata }) => metadata.name);
  t.strictSame(names(await cluster.list("ConfigMap", { labels: { app: "x" } })), ["one", "two"]);
  const web = { namespace: "demo", labels: { app: "x", tier: "web" } };
  t.strictSame(names(await cluster.list("ConfigMap", web)), ["one"]);
  t.equal(fake.requests.at(-1)?.query["labelSelector"], "app=x,tier=web");
  t.strictSame(await cluster.list("ConfigMap", { namespace: "other" }), []);
  const there = await cluster.list("Pod", { fields: { "spec.nodeName": "worker-1" } });
  t.match(there, [{ apiVersion: "v1", kind: "Pod", metadata: { name: "here" } }]);
  t.equal(there.length, 1);
  t.equal(fake.requests.at(-1)?.query["fieldSelector"], "spec.nodeName=worker-1");
});

t.test("a long list is read in pages, and anew when the server forgot where it was", async (t) => {
  const { fake, cluster } = await connectFake(t);
  for (let index = 0; index < 1200; index += 1) {
    await fake.cluster.create(configMap(`m-${index}`));
  }
  const all = await cluster.list("ConfigMap");
  t.equal(new Set(all.map(({ metadata }) => metadata.name)).size, 1200);
  t.strictSame(
    fake.requests.map(({ query }) => query["limit"]),
    ["500", "500", "500"],
  );

  fake.requests.length = 0;
  const expired = {
    status: 410,
    body: { kind: "Status", reason: "Expired", message: "too old" },
  };
  fake.faults.push(undefined, expired);
  t.equal((await cluster.list("ConfigMap")).length, 1200);
  t.strictSame(
    fake.requests.map(({ query }) => query["continue"] !== undefined),
    [false, true, false, true, true],
  );

  fake.faults.push(undefined, expired, undefined, expired, undefined, expired);
  await t.rejects(cluster.list("ConfigMap"), { code: "CLUSTER_UNREACHABLE", why: "too old" });
});

t.test("a kind that is not installed has no objects", async (t) => {
  const { cluster } = await connectFake(t);
  const backup = { kind: "Backup", name: "b", namespace: "velero" } as const;
  t.equal(await cluster.find(backup), undefined);
  t.strictSame(await cluster.list("Backup"), []);
  t.strictSame(await cluster.list("Application", { namespace: "argocd" }), []);
  await t.resolves(cluster.delete(backup, { uid: otherUid }));
  const absent = { code: "CLUSTER_NOT_FOUND", why: /404 page not found/ };
  await t.rejects(cluster.patch(backup, {}), absent);
  const metadata = { name: "b", namespace: "velero" };
  const object = { apiVersion: "velero.io/v1", kind: "Backup", metadata };
  await t.rejects(cluster.create(object), absent);
});

t.test("a server that knows no path is not taken for an empty cluster", async (t) => {
  const { fake, cluster } = await connectFake(t);
  const foreign = { code: "CLUSTER_UNREACHABLE", why: "what answered is not the Kubernetes API" };
  for (const answer of [
    { status: 404, body: "404 page not found\n" },
    { status: 200, body: "<html>Sign in</html>" },
  ]) {
    fake.faults.push(answer, answer, answer, answer);
    await t.rejects(cluster.find({ kind: "Node", name: "worker-1" }), foreign);
    await t.rejects(cluster.list("PersistentVolume"), foreign);
    await t.rejects(cluster.list("Lease"), foreign);
    await t.rejects(cluster.patch(ref, {}), foreign);
  }
  fake.faults.push({ status: 404, body: "404 page not found\n" });
  await t.rejects(cluster.delete(ref, { uid: otherUid }), foreign);
});

t.test("a reference that points at no single object is a defect", async (t) => {
  const { fake, cluster } = await connectFake(t);
  for (const name of ["", ".", ".."]) {
    const pointless = { ...ref, name };
    await t.rejects(cluster.delete(pointless, { uid: otherUid }), /is not a name of a ConfigMap/);
    await t.rejects(cluster.find(pointless), /is not a name of a ConfigMap/);
  }
  const homeless = { kind: "ConfigMap", name: "settings" } as const;
  await t.rejects(cluster.find(homeless), /ConfigMap settings needs a namespace/);
  await t.rejects(
    cluster.create({ apiVersion: "v1", ...homeless, metadata: homeless }),
    /namespace/,
  );
  const unknown = { apiVersion: "v1", kind: "Service", metadata: { name: "x", namespace: "demo" } };
  await t.rejects(cluster.create(unknown), /does not know the kind Service/);
  t.strictSame(fake.requests, []);
  await cluster.find({ ...ref, name: "../secrets?x=1#" });
  t.equal(fake.requests[0]?.path, "/api/v1/namespaces/demo/configmaps/..%2Fsecrets%3Fx%3D1%23");
});

t.test("logs, also of what has not printed yet", async (t) => {
  const { fake, cluster } = await connectFake(t);
  await cluster.create(pod("restore", "worker-1"));
  const container = { namespace: "demo", name: "restore", container: "kopia" };
  const log = "first\nlast\n";
  fake.logs.set("demo/restore/kopia", { status: 200, text: log });
  t.equal(await cluster.readLog(container), log);
  t.match(fake.requests.at(-1), {
    path: "/api/v1/namespaces/demo/pods/restore/log",
    query: { container: "kopia" },
  });
  await cluster.readLog(container, 20);
  t.equal(fake.requests.at(-1)?.query["tailLines"], "20");
  for (const [status, text] of [
    [400, 'container "kopia" in pod "restore" is waiting to start: ContainerCreating'],
    [400, 'container "kopia" in pod "restore" is waiting to start: image can\'t be pulled'],
    [400, 'container "kopia" in pod "restore" is not available'],
    [400, 'container "kopia" in pod "restore" is terminated'],
    [400, 'pod "restore" cannot be found - no logs available'],
    [404, 'pod "restore" does not exist'],
  ] as const) {
    fake.logs.set("demo/restore/kopia", { status, text });
    t.equal(await cluster.readLog(container), "", text);
  }
  const other = cluster.readLog({ ...container, container: "other" });
  await t.rejects(other, { code: "CLUSTER_INVALID", why: /container other is not valid/ });
  const none = cluster.readLog({ ...container, name: "none" });
  await t.rejects(none, { code: "CLUSTER_NOT_FOUND", message: /log of Pod demo\/none/ });
});
