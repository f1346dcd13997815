import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import t, { type Test } from "tap";
import { redact } from "../../lib/cli/redact.ts";
import { connectCluster, readClusterUid } from "../../lib/cluster/connect.ts";
import { InfraError } from "../../lib/errors.ts";
import type { Cluster } from "../../lib/world.ts";
import { type FakeKubeApi, renderKubeconfig, startFakeKubeApi } from "../support/fake-kube-api.ts";
import { makeOwnCa } from "../support/own-ca.ts";

const folder = path.resolve(import.meta.dirname, "../fixtures/invalid/cluster");
const kubeSystem = { apiVersion: "v1", kind: "Namespace", metadata: { name: "kube-system" } };

for (const name of readdirSync(folder)) {
  t.test(`invalid: ${name}`, async (t) => {
    const kubeconfig = path.join(folder, name);
    // The first line is "# expects: [<line>:<column>] <pattern of the reason>".
    const [, line, column, why = ""] =
      /^# expects: (?:(\d+):(\d+) )?(.+)\n/.exec(readFileSync(kubeconfig, "utf8")) ?? [];
    const error = await connectCluster({ kubeconfig }).catch((thrown: unknown) => thrown);
    if (!(error instanceof InfraError)) throw new Error("it was accepted", { cause: error });
    t.match(error, { code: "CLUSTER_KUBECONFIG_INVALID", exitCode: 2, fix: String });
    t.match(error.why, new RegExp(why));
    t.equal(error.where?.file, `test/fixtures/invalid/cluster/${name}`);
    t.equal(error.where?.line, line && Number(line));
    t.equal(error.where?.column, column && Number(column));
    t.notMatch(`${error.message} ${error.why} ${error.fix}`, /hunter22/, "quotes no secret");
  });
}

t.test("a kubeconfig that is not there, or not a file", async (t) => {
  const missing = path.join(t.testdir({}), "none");
  await t.rejects(connectCluster({ kubeconfig: missing }), {
    code: "CLUSTER_KUBECONFIG_MISSING",
    exitCode: 2,
    message: /none$/,
    fix: /k3s\.yaml/,
  });
  await t.rejects(connectCluster({ kubeconfig: t.testdir({}) }), {
    code: "CLUSTER_KUBECONFIG_INVALID",
    why: /EISDIR/,
  });
});

async function connect(
  t: Test,
  cluster: Record<string, unknown>,
  user?: Record<string, unknown>,
): Promise<Cluster> {
  const kubeconfig = path.join(t.testdirName, `config-${Math.random()}`);
  writeFileSync(kubeconfig, renderKubeconfig(cluster, user));
  return await connectCluster({ kubeconfig });
}

async function startFake(t: Test, tls?: Parameters<typeof startFakeKubeApi>[0]) {
  const fake = await startFakeKubeApi(tls);
  t.teardown(() => fake.close());
  await fake.cluster.create(structuredClone(kubeSystem));
  return fake;
}

const base64 = (text: string) => Buffer.from(text).toString("base64");

t.test("the UID of kube-system names the cluster", async (t) => {
  t.testdir({});
  const fake = await startFake(t);
  const cluster = await connect(t, { server: fake.url });
  t.match(await readClusterUid(cluster), /^[0-9a-f-]{36}$/);
  fake.cluster.remove({ kind: "Namespace", name: "kube-system" });
  await t.rejects(readClusterUid(cluster), { code: "CLUSTER_NOT_FOUND", exitCode: 4 });
});

t.test("nothing is sent before something is asked", async (t) => {
  t.testdir({});
  const fake = await startFake(t);
  await connect(t, { server: fake.url });
  t.strictSame(fake.requests, []);
});

t.test("certificates on both sides", async (t) => {
  const own = makeOwnCa(t.testdir({}));
  if (own === undefined) {
    t.plan(0, "there is no openssl program to make certificates with");
    return;
  }
  const ca = readFileSync(own.caFile, "utf8");
  const server = { key: own.key, cert: own.cert, ca, requestCert: true, rejectUnauthorized: false };
  const fake: FakeKubeApi = await startFake(t, server);
  const trusting = {
    server: fake.url,
    "insecure-skip-tls-verify": false,
    "certificate-authority-data": base64(ca),
  };
  const certified = {
    "client-certificate-data": base64(own.cert),
    "client-key-data": base64(own.key),
  };

  t.ok(await readClusterUid(await connect(t, trusting)), "a token, over TLS");
  t.ok(await readClusterUid(await connect(t, trusting, certified)), "a client certificate");
  t.equal(fake.requests.at(-1)?.headers.authorization, undefined);
  writeFileSync(path.join(t.testdirName, "key.pem"), own.key);
  const files = { "client-certificate": "server.pem", "client-key": "key.pem" };
  const relative = { ...trusting, "certificate-authority-data": undefined };
  const fromFiles = { ...relative, "certificate-authority": "ca.pem" };
  t.ok(await readClusterUid(await connect(t, fromFiles, files)), "files beside the kubeconfig");
  const careless = { server: fake.url, "insecure-skip-tls-verify": true };
  t.ok(await readClusterUid(await connect(t, careless, certified)), "verification left out");
  t.equal(redact(own.key), "[secret]");
  t.equal(redact(base64(own.key)), "[secret]");

  const count = fake.requests.length;
  const stranger = await connect(t, relative);
  await t.rejects(readClusterUid(stranger), { code: "CLUSTER_UNREACHABLE", why: /certificate/ });
  t.equal(fake.requests.length, count, "no token went to a server that is not trusted");

  const denied = await connect(t, trusting, { token: "another-token" });
  await t.rejects(readClusterUid(denied), { code: "CLUSTER_FORBIDDEN", why: "Unauthorized" });

  const otherKey = readFileSync(path.join(t.testdirName, "ca.key"), "utf8");
  const mismatched = connect(t, trusting, { ...certified, "client-key-data": base64(otherKey) });
  await t.rejects(mismatched, {
    code: "CLUSTER_KUBECONFIG_INVALID",
    why: /its client certificate and key cannot be used: .*mismatch/,
  });
  const garbage = connect(t, trusting, { ...certified, "client-key-data": base64("garbage") });
  await t.rejects(garbage, { code: "CLUSTER_KUBECONFIG_INVALID", why: /its client key/ });
});

t.test("a plugin's token is asked for anew when it has expired", async (t) => {
  const token = "token-of-the-plugin";
  const credential = {
    kind: "ExecCredential",
    status: { token, expirationTimestamp: "2020-01-01" },
  };
  const printed = path.join(t.testdir({ credential: JSON.stringify(credential) }), "credential");
  const fake = await startFake(t);
  const exec = { apiVersion: "client.authentication.k8s.io/v1", command: "cat", args: [printed] };
  const cluster = await connect(t, { server: fake.url }, { exec });
  await t.rejects(readClusterUid(cluster), { code: "CLUSTER_FORBIDDEN", why: "Unauthorized" });
  t.equal(fake.requests.at(-1)?.headers.authorization, `Bearer ${token}`);
  t.equal(redact(token), "[secret]");
  const renewed = { ...credential, status: { token: "token-that-is-renewed" } };
  writeFileSync(printed, JSON.stringify(renewed));
  await t.rejects(readClusterUid(cluster), { code: "CLUSTER_FORBIDDEN" });
  t.equal(fake.requests.at(-1)?.headers.authorization, "Bearer token-that-is-renewed");
  t.equal(redact("token-that-is-renewed"), "[secret]");
});

t.test("a plugin that stops working", async (t) => {
  const credential = { status: { token: "of-a-moment", expirationTimestamp: "2020-01-01" } };
  const printed = path.join(t.testdir({ credential: JSON.stringify(credential) }), "credential");
  const fake = await startFake(t);
  const exec = { apiVersion: "client.authentication.k8s.io/v1", command: "cat", args: [printed] };
  const cluster = await connect(t, { server: fake.url }, { exec });
  writeFileSync(printed, "please log in");
  await t.rejects(readClusterUid(cluster), {
    code: "CLUSTER_FORBIDDEN",
    why: "its plugin prints no ExecCredential",
    exitCode: 4,
  });
  t.strictSame(fake.requests, []);
});

t.test("every secret of the file is kept out of the output", async (t) => {
  t.testdir({});
  const fake = await startFake(t);
  const config = { "access-token": "access-1234", "client-secret": "client-1234" };
  const user = { username: "admin", password: "password-1234", "auth-provider": { config } };
  await connect(t, { server: fake.url }, user);
  for (const secret of ["access-1234", "client-1234", "password-1234"]) {
    t.equal(redact(`x ${secret} y`), "x [secret] y");
  }
});
