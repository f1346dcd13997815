import { X509Certificate } from "node:crypto";
import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import t, { type Test } from "tap";
import { ensureCertificates } from "../../lab/certificates.ts";
import { createRecords } from "../../lab/clouds/cloudflare-records.ts";
import { labZone, parseKeys } from "../../lab/clouds/settings.ts";
import { labRecords, planLabRecords } from "../../lab/dns-records.ts";
import { drillNodes } from "../../lab/drill/run-drill.ts";
import { buildOperatorEnvironment } from "../../lab/operator.ts";
import { findPaths } from "../../lab/paths.ts";
import { ensureSecrets, readGitLogin, readS3Keys } from "../../lab/server-secrets.ts";
import { planServerSettings } from "../../lab/servers.ts";
import { ensureSite } from "../../lab/site.ts";
import { redact } from "../../lib/cli/redact.ts";
import { loadSite } from "../../lib/config/site.ts";
import { loadCluster } from "../../lib/inventory/load-cluster.ts";
import { loadRecords } from "../../lib/dns/load-records.ts";
import { hasCode } from "../../lib/errors.ts";

function makePaths(t: Test) {
  const paths = findPaths({ XDG_STATE_HOME: t.testdir({}) });
  mkdirSync(paths.servers.folder, { recursive: true });
  return paths;
}

t.test("secrets are made once, for their owner only", async (t) => {
  const paths = makePaths(t);
  const { token, cloudflareToken, s3Keys, git } = paths.servers;
  for (const name of ["HCLOUD_TOKEN", "CLOUDFLARE_API_TOKEN"]) {
    t.notOk(name in buildOperatorEnvironment(paths, {}), "none before there is one");
  }
  await ensureSecrets(paths.servers);
  t.equal(statSync(git.password).mode & 0o777, 0o600);
  const before = [readFileSync(token, "utf8"), readFileSync(s3Keys, "utf8")];
  for (const file of [token, cloudflareToken, s3Keys])
    t.equal(statSync(file).mode & 0o777, 0o600, file);
  const { id, secret } = parseKeys(before[1] ?? "");
  t.match([id, secret], [/^[0-9a-f]{32}$/, /^[0-9a-f]{64}$/]);
  await ensureSecrets(paths.servers);
  t.strictSame([readFileSync(token, "utf8"), readFileSync(s3Keys, "utf8")], before);

  const real = { HCLOUD_TOKEN: "a real one", CLOUDFLARE_API_TOKEN: "another real one" };
  const env = buildOperatorEnvironment(paths, real);
  t.equal(env["CLOUDFLARE_API_TOKEN"], readFileSync(cloudflareToken, "utf8").trim());
  t.equal(redact(`Bearer ${env["CLOUDFLARE_API_TOKEN"]}`), "Bearer [secret]");
  t.equal(env["HCLOUD_TOKEN"], before[0]?.trim());
  t.equal(redact(`Bearer ${env["HCLOUD_TOKEN"]}`), "Bearer [secret]");

  t.match(redact(`a ${secret} b`), secret, "nobody has read it so far");
  const text = await readS3Keys(paths.servers);
  t.equal(text, before[1]);
  t.equal(redact(`a ${secret} b`), "a [secret] b");
  t.equal(redact(Buffer.from(text).toString("base64")), "[secret]");

  const { username, password } = await readGitLogin(paths.servers);
  t.match([username, password], ["argocd", /^[0-9a-f]{64}$/]);
  t.equal(redact(`a ${password} b`), "a [secret] b");
  t.throws(() => parseKeys("[default]\naws_access_key_id = x\n"), /no key pair/);
});

t.test("the CA signs a certificate for the servers' names, once", async (t) => {
  const paths = makePaths(t);
  const { tls, ca } = paths.servers;
  // What a killed run has left.
  mkdirSync(`${tls}.new`);
  writeFileSync(path.join(`${tls}.new`, "ca.key"), "half");
  try {
    await ensureCertificates(paths.servers, ["172.31.0.1", "raw.githubusercontent.com"]);
  } catch (error) {
    if (!hasCode(error, "EXEC_MISSING")) throw error;
    t.comment("skipped: there is no openssl program");
    return;
  }
  const authority = new X509Certificate(readFileSync(ca));
  const file = path.join(tls, "server.pem");
  const server = new X509Certificate(readFileSync(file));
  t.ok(authority.ca);
  t.notOk(server.ca);
  t.ok(server.verify(authority.publicKey));
  t.equal(server.checkIP("172.31.0.1"), "172.31.0.1");
  t.equal(server.checkIP("172.31.0.2"), undefined);
  t.equal(server.checkHost("raw.githubusercontent.com"), "raw.githubusercontent.com");
  t.equal(server.checkHost("github.com"), undefined);
  for (const name of ["ca.key", "server.key"]) {
    t.equal(statSync(path.join(tls, name)).mode & 0o777, 0o600, name);
  }
  await ensureCertificates(paths.servers, ["172.31.0.1"]);
  t.equal(new X509Certificate(readFileSync(file)).fingerprint256, server.fingerprint256);
});

t.test("the lab's site leads to its provider, and to its Cloudflare", async (t) => {
  const paths = makePaths(t);
  await ensureSite(paths, planServerSettings(paths));
  const site = await loadSite({ site: paths.state, env: {} });
  const { powerEndpoints } = site;
  t.strictSame(powerEndpoints, {
    hetzner: { url: "https://172.31.0.1:9443/v1", caFile: paths.servers.ca },
  });
  t.strictSame(site.cloudflare, {
    url: "https://172.31.0.1:9444/client/v4",
    caFile: paths.servers.ca,
  });
});

t.test("its zone begins with what its records file declares", async (t) => {
  const paths = makePaths(t);
  await ensureSite(paths);
  const { dnsRecordsFile, inventoryFolder } = await loadSite({ site: paths.state, env: {} });
  const { zone, records } = await loadRecords(dnsRecordsFile, async () => {
    const { hosts } = await loadCluster(inventoryFolder);
    return new Map(hosts.map(({ name, publicIp }) => [name, publicIp]));
  });
  t.equal(zone, labZone);
  const store = createRecords(labZone);
  for (const draft of planLabRecords()) store.create(draft);
  t.equal(records.length, 1);
  t.match(
    store.list().map(({ ttl, ...one }) => ({ ...one, ttlSeconds: ttl })),
    records,
  );
  t.equal(labRecords.records[0]?.node, drillNodes.source, "it points to the host that is lost");
});
