import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import t, { type Test } from "tap";
import { parseAllDocuments } from "yaml";
import { buildComponents } from "../../lab/build-components.ts";
import { repositoryRoot } from "../../lib/config/paths.ts";
import { parseClaim } from "../../lib/dns/registry.ts";
import { fakeToken, fakeZone, startFakeCloudflare } from "../support/fake-cloudflare.ts";
import { findKnot, startKnot } from "../support/knot.ts";
import { makeOwnCa } from "../support/own-ca.ts";
import { startApiServer } from "./support/api-server.ts";

/** Needs Go, and builds external-dns and Kubernetes the first time; no hosts and no root. */
const timeout = 1_800_000;

/** As long as an event may take to a record: two waits of five seconds, on a busy machine. */
const patienceSeconds = 60;

const { programs } = await buildComponents({ only: ["kubernetes", "etcd", "external-dns"] });
const knot = await findKnot();

/** The arguments that production gives it, without the source that needs kinds of the Gateway API. */
const gatewaySource = "--source=gateway-httproute";
const settings = readFileSync(
  path.join(repositoryRoot, "kubernetes/infrastructure/external-dns/settings.yaml"),
  "utf8",
);
const deployment = parseAllDocuments(settings)
  .map((one) => one.toJS() as Deployment)
  .find(({ kind }) => kind === "Deployment");
const productionArgs = deployment?.spec.template.spec.containers[0]?.args ?? [];

interface Deployment {
  kind: string;
  spec: { template: { spec: { containers: { args: string[] }[] } } };
}

function startExternalDns(
  t: Test,
  args: readonly string[],
  env: Record<string, string>,
): { ended: Promise<{ code: number | null; says: string }> } {
  const child = spawn(programs["external-dns"] ?? "", args, {
    env: { CF_API_TOKEN: fakeToken.value, ...env },
    stdio: ["ignore", "ignore", "pipe"],
  });
  const code = new Promise<number | null>((resolve) => child.once("exit", resolve));
  const ended = Promise.all([code, text(child.stderr)]).then(([end, says]) => ({
    code: end,
    says,
  }));
  t.teardown(async () => {
    child.kill();
    await ended;
  });
  return { ended };
}

const service = `
apiVersion: v1
kind: Service
metadata:
  name: shop
  namespace: default
  annotations:
    external-dns.kubernetes.io/hostname: shop.${fakeZone}
    external-dns.kubernetes.io/ttl: "60"
spec:
  type: LoadBalancer
  ports: [{ port: 80 }]
`;

t.test("the addresses of a Service are those of its name", { timeout }, async (t) => {
  const ca = makeOwnCa(t.testdir({}));
  if (ca === undefined) throw new Error("there is no openssl");
  const { kubeconfig, kubectl } = await startApiServer(t, programs);
  let changed: () => void = () => undefined;
  const fake = await startFakeCloudflare(t, { tls: ca, onChange: () => changed() });
  fake.records.create({ type: "A", name: "www", content: "192.0.2.9", ttl: 60 });
  const { records } = fake;
  const dns = knot && (await startKnot(t, knot, { zone: fakeZone, records: () => records.list() }));
  if (dns === undefined) t.comment("without a name server: the lab's cache has none");
  changed = () => void dns?.server.publish();
  const name = `shop.${fakeZone}`;
  const listAddresses = () =>
    records
      .list()
      .filter((one) => one.type === "A" && one.name === name)
      .map(({ content = "" }) => content);

  /** How long it takes until the records, and what a resolver is told, are these addresses. */
  async function measure(expected: string[]): Promise<string> {
    const startedAt = performance.now();
    const readSeconds = () => (performance.now() - startedAt) / 1000;
    async function isReached(read: () => Promise<string[]>): Promise<boolean> {
      for (;;) {
        if ((await read()).toSorted().join() === expected.join()) return true;
        if (readSeconds() > patienceSeconds) return false;
        await sleep(20);
      }
    }
    if (!(await isReached(async () => listAddresses()))) return `still ${listAddresses().join()}`;
    const recorded = readSeconds();
    const ask = async () => (dns === undefined ? expected : await dns.resolver.resolve4(name));
    if (!(await isReached(async () => await ask().catch(() => [])))) return "never resolved";
    t.comment(`recorded after ${recorded.toFixed(1)} s, resolved ${readSeconds().toFixed(1)} s`);
    return "in time";
  }

  async function setAddresses(addresses: string[]): Promise<void> {
    const ingress = addresses.map((ip) => ({ ip }));
    const patch = JSON.stringify({ status: { loadBalancer: { ingress } } });
    const what = ["service/shop", "--subresource=status", "--type=merge", `--patch=${patch}`];
    await kubectl(["patch", ...what]);
  }

  await kubectl(["create", "--filename=-"], service);
  await setAddresses(["192.0.2.1", "192.0.2.2", "100.64.0.1"]);
  const args = productionArgs.filter((one) => one !== gatewaySource);
  const env = { CLOUDFLARE_BASE_URL: fake.url, SSL_CERT_FILE: ca.caFile };
  startExternalDns(
    t,
    [...args, `--kubeconfig=${kubeconfig}`, "--metrics-address=127.0.0.1:0"],
    env,
  );
  t.equal(await measure(["192.0.2.1", "192.0.2.2"]), "in time", "without that of the mesh");
  const made = records.list().find((one) => one.type === "A" && one.name === name);
  t.match(made, { ttl: 60, proxied: false, tags: [] });
  const claims = records.list().flatMap(({ id, name, type, content = "", ttl }) => {
    const record = { id, name, type, content, ttlSeconds: ttl, proxied: false };
    return parseClaim(record) ?? [];
  });
  t.strictSame(claims, [{ name, type: "A", owner: "infra-k3s", resource: "service/default/shop" }]);

  await setAddresses(["192.0.2.2", "192.0.2.3"]);
  t.equal(await measure(["192.0.2.2", "192.0.2.3"]), "in time", "they change with the Service");

  await kubectl(["delete", "service/shop"]);
  t.equal(await measure([]), "in time", "they go with the Service");
  t.strictSame(
    records.list().map((one) => one.name),
    [`www.${fakeZone}`],
    "and so does the claim, and nobody else's record",
  );
  t.strictSame(
    fake.requests.filter((one) => /^PUT|^PATCH|\/[0-9a-f]{32}$/.test(one)),
    [],
    "everything went in batches",
  );
});

t.test("without the kinds of the Gateway API it does not start", { timeout }, async (t) => {
  const { kubeconfig } = await startApiServer(t, programs);
  const fake = await startFakeCloudflare(t);
  const { ended } = startExternalDns(
    t,
    [...productionArgs, `--kubeconfig=${kubeconfig}`, "--metrics-address=127.0.0.1:0"],
    { CLOUDFLARE_BASE_URL: fake.url },
  );
  const { code, says } = await ended;
  t.equal(code, 1);
  t.match(says, /failed to sync \*v1\.(Gateway|HTTPRoute) after/);
});
