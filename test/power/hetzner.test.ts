import path from "node:path";
import t, { type Test } from "tap";
import { redact } from "../../lib/cli/redact.ts";
import { connectHetzner, type HetznerOptions } from "../../lib/power/hetzner.ts";
import {
  type FakeHetzner,
  fakeToken,
  type Fault,
  startFakeHetzner,
} from "../support/fake-hetzner.ts";
import { makeOwnCa } from "../support/own-ca.ts";

const env = { HCLOUD_TOKEN: fakeToken };

async function start(t: Test): Promise<FakeHetzner> {
  const fake = await startFakeHetzner();
  t.teardown(() => fake.close());
  fake.servers.set("42", { status: "running", publicIp: "192.0.2.1", privateIps: ["10.0.0.2"] });
  return fake;
}

function connect(fake: FakeHetzner, options: Partial<HetznerOptions> = {}) {
  return connectHetzner({ endpoint: { url: fake.url }, env, ...options });
}

t.test("a server's state and addresses are read", async (t) => {
  const fake = await start(t);
  const hetzner = connect(fake);
  t.strictSame(await hetzner.find("42"), {
    state: "running",
    addresses: ["192.0.2.1", "10.0.0.2"],
  });
  fake.servers.set("7", { status: "off" });
  t.strictSame(await hetzner.find("7"), { state: "off", addresses: [] });
  for (const status of ["starting", "stopping", "migrating", "rebuilding", "deleting", "unknown"]) {
    fake.servers.set("7", { status });
    t.match(await hetzner.find("7"), { state: "changing" }, status);
  }
  t.equal(await hetzner.find("8"), undefined);
});

t.test("a stop is ordered with poweroff, and only ordered", async (t) => {
  const fake = await start(t);
  const hetzner = connect(fake);
  await hetzner.stop("42");
  t.strictSame(fake.requests, ["POST /v1/servers/42/actions/poweroff"]);
  t.match(await hetzner.find("42"), { state: "off" });
  await hetzner.stop("42");
});

t.test("the token is sent as a secret, and an id cannot leave its place in the path", async (t) => {
  const fake = await start(t);
  t.equal(await connect(fake).find("../ssh_keys?x=1#"), undefined);
  t.strictSame(fake.requests, ["GET /v1/servers/..%2Fssh_keys%3Fx%3D1%23"]);
  t.equal(redact(`Bearer ${fakeToken}`), "Bearer [secret]");
});

t.test("credentials that do not do", async (t) => {
  const fake = await start(t);
  const denied = { code: "POWER_DENIED", exitCode: 2 };
  await t.rejects(connect(fake, { env: {} }).find("42"), { ...denied, why: /HCLOUD_TOKEN/ });
  await t.rejects(connect(fake, { env: { HCLOUD_TOKEN: " " } }).find("42"), denied);
  t.strictSame(fake.requests, [], "nothing is sent without a token");
  await t.rejects(connect(fake, { env: { HCLOUD_TOKEN: "another" } }).find("42"), denied);
  const body = { error: { code: "token_readonly", message: "only GET" } };
  fake.faults.push({ status: 403, body });
  await t.rejects(connect(fake).stop("42"), { ...denied, why: "only GET (token_readonly)" });
});

t.test("orders that the provider refuses", async (t) => {
  const fake = await start(t);
  const hetzner = connect(fake);
  for (const status of [400, 409, 412, 422, 423]) {
    fake.faults.push({ status, body: { error: { code: "locked", message: "busy" } } });
    await t.rejects(hetzner.stop("42"), { code: "POWER_REFUSED", why: "busy (locked)" });
  }
  await t.rejects(hetzner.stop("8"), { code: "POWER_REFUSED", why: /no server of that id/ });
  const error = { code: "action_failed", message: "Action failed" };
  fake.faults.push({ status: 201, body: { action: { status: "error", error } } });
  await t.rejects(hetzner.stop("42"), { code: "POWER_REFUSED", why: /Action failed/ });
  t.match(await hetzner.find("42"), { state: "running" });
});

t.test("answers that say nothing", async (t) => {
  const fake = await start(t);
  const hetzner = connect(fake, { requestTimeoutSeconds: 0.2 });
  const faults: Fault[] = [
    "hang",
    "drop",
    "half",
    { status: 500 },
    { status: 503, body: "<html>" },
    { status: 302, headers: { location: "http://127.0.0.1:1/" } },
    { status: 200, body: "not JSON" },
    { status: 200, body: {} },
    { status: 200, body: "null" },
    { status: 200, body: `"${"x".repeat(1_100_000)}"` },
  ];
  for (const fault of faults) {
    fake.faults.push(fault);
    await t.rejects(
      hetzner.find("42"),
      { code: "POWER_UNREACHABLE" },
      JSON.stringify(fault).slice(0, 60),
    );
  }
  t.equal(fake.requests.length, faults.length, "nothing is asked twice");
  await fake.close();
  await t.rejects(hetzner.stop("42"), { code: "POWER_UNREACHABLE", why: /ECONNREFUSED/ });
});

t.test("an answer that never comes is given up in time", async (t) => {
  const fake = await start(t);
  fake.faults.push("hang");
  const started = Date.now();
  await t.rejects(connect(fake, { requestTimeoutSeconds: 0.3 }).stop("42"), {
    code: "POWER_UNREACHABLE",
    why: "no answer within 0.3 s",
  });
  t.ok(Date.now() - started < 3000);
});

t.test("a rate limit is waited for, but not for long", async (t) => {
  const fake = await start(t);
  fake.faults.push({ status: 429, headers: { "retry-after": "0.2" } });
  const started = Date.now();
  t.match(await connect(fake).find("42"), { state: "running" });
  t.ok(Date.now() - started >= 190, "Retry-After");

  const reset = Math.ceil(Date.now() / 1000) + 1;
  fake.faults.push({ status: 429, headers: { "ratelimit-reset": String(reset) } });
  await connect(fake).stop("42");
  t.ok(Date.now() >= reset * 1000, "RateLimit-Reset");

  const late = String(Math.ceil(Date.now() / 1000) + 3600);
  fake.faults.push({ status: 429, headers: { "ratelimit-reset": late } });
  const count = fake.requests.length;
  await t.rejects(connect(fake).stop("42"), { code: "POWER_REFUSED", why: /ends in 360\d s/ });
  t.equal(fake.requests.length, count + 1);

  const endless = Array.from({ length: 9 }, () => ({
    status: 429,
    headers: { "retry-after": "0" },
  }));
  fake.faults.push(...endless);
  await t.rejects(connect(fake, { rateLimitSeconds: 0.3 }).find("42"), { code: "POWER_REFUSED" });
});

t.test("an endpoint with a CA of its own", async (t) => {
  const folder = t.testdir({});
  const own = makeOwnCa(folder);
  if (own === undefined) {
    t.plan(0, "there is no openssl program to make certificates with");
    return;
  }
  const fake = await startFakeHetzner(own);
  t.teardown(() => fake.close());
  fake.servers.set("42", { status: "running" });
  const { url } = fake;
  const trusted = connectHetzner({ endpoint: { url: `${url}/`, caFile: own.caFile }, env });
  t.match(await trusted.find("42"), { state: "running" });
  t.strictSame(fake.requests, ["GET /v1/servers/42"]);

  const count = fake.requests.length;
  const untrusted = connectHetzner({ endpoint: { url }, env });
  await t.rejects(untrusted.find("42"), { code: "POWER_UNREACHABLE", why: /certificate/ });
  const caFile = path.join(folder, "none.pem");
  await t.rejects(connectHetzner({ endpoint: { url, caFile }, env }).find("42"), {
    code: "POWER_UNREACHABLE",
    where: { file: caFile },
  });
  t.equal(fake.requests.length, count, "no token went to a server that is not trusted");
});
