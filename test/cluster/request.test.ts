import { createServer, type Socket } from "node:net";
import type { AddressInfo } from "node:net";
import { writeFileSync } from "node:fs";
import path from "node:path";
import t from "tap";
import { connectCluster } from "../../lib/cluster/connect.ts";
import type { ConfigMap } from "../../lib/objects.ts";
import { connectFake } from "../support/connect-fake.ts";
import { type Fault, renderKubeconfig, startFakeKubeApi } from "../support/fake-kube-api.ts";
import { refuse } from "../support/fake-kube-answers.ts";

const ref = { kind: "ConfigMap", name: "settings", namespace: "demo" } as const;
const object: ConfigMap = {
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name: "settings", namespace: "demo" },
};
const broken = refuse(500, "InternalError", "etcdserver: no leader");
const busy = { status: 429, body: "Too many requests, please try again later.\n" };

t.test("requests share a connection", async (t) => {
  const { fake, cluster } = await connectFake(t);
  await cluster.create(object);
  await cluster.find(ref);
  await cluster.list("ConfigMap");
  await cluster.find({ ...ref, name: "none" });
  await cluster.patch(ref, { data: { a: "1" } });
  t.equal(fake.requests.length, 5);
  t.equal(new Set(fake.requests.map(({ connection }) => connection)).size, 1);
});

t.test("a long answer comes compressed", async (t) => {
  const { fake, cluster } = await connectFake(t);
  const data = { text: "x".repeat(200_000) };
  await fake.cluster.create({ ...object, data });
  t.strictSame((await cluster.find(ref))?.data, data);
  t.equal(fake.requests[0]?.headers["accept-encoding"], "gzip");
});

t.test("a read is repeated while its failure may pass", async (t) => {
  const { fake, cluster } = await connectFake(t);
  await cluster.create(object);
  for (const fault of [broken, busy, "drop", "half"] satisfies Fault[]) {
    fake.requests.length = 0;
    fake.faults.push(fault, fault);
    t.match(await cluster.find(ref), object);
    t.equal(fake.requests.length, 3);
  }
  fake.faults.push(broken);
  t.equal((await cluster.list("ConfigMap")).length, 1);
});

t.test("a read is not repeated for ever", async (t) => {
  const { fake, cluster } = await connectFake(t);
  fake.faults.push(...Array.from({ length: 20 }, () => broken));
  await t.rejects(cluster.find(ref), {
    code: "CLUSTER_UNREACHABLE",
    message: "could not read ConfigMap demo/settings",
    why: "etcdserver: no leader",
    exitCode: 4,
  });
  t.equal(fake.requests.length, 6);
});

t.test("a read is not repeated when the answer would be the same", async (t) => {
  const { fake, cluster } = await connectFake(t);
  fake.faults.push(refuse(403, "Forbidden", "not yours"));
  await t.rejects(cluster.find(ref), { code: "CLUSTER_FORBIDDEN" });
  fake.faults.push({ status: 302, body: "" });
  await t.rejects(cluster.find(ref), { code: "CLUSTER_UNREACHABLE", why: /HTTP 302/ });
  t.equal(fake.requests.length, 2);
});

t.test("a write is never repeated", async (t) => {
  const { fake, cluster } = await connectFake(t);
  const unknown = { code: "CLUSTER_UNREACHABLE", exitCode: 4 };
  for (const fault of [broken, busy, "drop", "half"] satisfies Fault[]) {
    fake.requests.length = 0;
    fake.faults.push(fault, fault, fault);
    await t.rejects(cluster.create(object), unknown);
    await t.rejects(cluster.patch(ref, {}), unknown);
    await t.rejects(cluster.delete(ref, { uid: "x" }), unknown);
    t.strictSame(
      fake.requests.map(({ method }) => method),
      ["POST", "PATCH", "DELETE"],
    );
  }
  await fake.close();
  await t.rejects(cluster.create(object), { ...unknown, why: /ECONNREFUSED/ });
});

t.test("a request without an answer ends in time, and may have had its effect", async (t) => {
  const { fake, cluster } = await connectFake(t, { requestTimeoutSeconds: 0.3 });
  const timeout = { code: "CLUSTER_TIMEOUT", why: "no complete answer within 0.3 s", exitCode: 4 };
  fake.faults.push("hang", "late");
  await t.rejects(cluster.find(ref), timeout);
  await t.rejects(cluster.create(object), timeout);
  t.equal(fake.requests.length, 2, "a read is not repeated either");
  t.ok(await cluster.find(ref), "the create took effect");
});

t.test("a request that never found a connection had no effect", async (t) => {
  // It takes connections and never begins with TLS.
  const sockets: Socket[] = [];
  const mute = createServer((socket) => sockets.push(socket));
  await new Promise<void>((resolve) => mute.listen(0, "127.0.0.1", resolve));
  t.teardown(() => {
    for (const socket of sockets) socket.destroy();
    mute.close();
  });
  const kubeconfig = path.join(t.testdir({}), "config");
  const { port } = mute.address() as AddressInfo;
  writeFileSync(kubeconfig, renderKubeconfig({ server: `https://127.0.0.1:${port}` }));
  const cluster = await connectCluster({ kubeconfig, requestTimeoutSeconds: 0.3 });
  const silent = { code: "CLUSTER_UNREACHABLE", why: "no connection within 0.3 s" };
  await t.rejects(cluster.create(object), silent);
  await t.rejects(cluster.find(ref), silent);
});

t.test("a server may lie behind a path", async (t) => {
  const fake = await startFakeKubeApi();
  t.teardown(() => fake.close());
  const kubeconfig = path.join(t.testdir({}), "config");
  writeFileSync(kubeconfig, renderKubeconfig({ server: `${fake.url}/k8s/clusters/c-1/` }));
  const cluster = await connectCluster({ kubeconfig });
  fake.faults.push({ status: 200, body: object });
  await cluster.find(ref);
  t.equal(fake.requests[0]?.path, "/k8s/clusters/c-1/api/v1/namespaces/demo/configmaps/settings");
});
