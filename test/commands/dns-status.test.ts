import { writeFileSync } from "node:fs";
import path from "node:path";
import t, { type Test } from "tap";
import { runCommand } from "../../lib/cli/run-command.ts";
import { dnsStatus } from "../../lib/commands/dns-status.ts";
import { setVariables } from "../support/environment.ts";
import { fakeEnv, type FakeCloudflare, startFakeCloudflare } from "../support/fake-cloudflare.ts";
import { startFakeDnsServer } from "../support/fake-dns-server.ts";
import { createFakeTerminal } from "../support/fake-terminal.ts";

const hosts = `all:
  children:
    k3s_cluster:
      children:
        k3s_masters:
          hosts:
            vps-1: { public_ip: 192.0.2.1, ansible_user: root, provider: hetzner, provider_id: 1 }
`;

const records = `zone: example.com
records:
  - { name: status.example.com, type: A, node: vps-1, ttl: 60 }
`;

interface Place {
  fake: FakeCloudflare;
  run(...args: string[]): Promise<{ exitCode: number; stdout: string; stderr: string }>;
}

/** A site with a zone at the emulator, and a resolver that knows one name of it. */
async function setUp(t: Test): Promise<Place> {
  const fake = await startFakeCloudflare(t);
  const folder = t.testdir({ inventory: { "hosts.yml": hosts }, "records.yaml": records });
  const site = `name: test\ndnsRecords: records.yaml\ncloudflare: { url: "${fake.url}" }\n`;
  writeFileSync(path.join(folder, "site.yaml"), site);
  const resolver = await startFakeDnsServer(t, { "status.example.com": ["A 192.0.2.1"] });
  setVariables(t, { ...fakeEnv, CLOUDFLARE_ZONE_ID: fake.zoneId });
  return {
    fake,
    async run(...args) {
      const terminal = createFakeTerminal();
      const asking = args.includes("--resolver") ? [] : ["--resolver", resolver];
      const argv = ["--site", folder, ...asking, ...args];
      const exitCode = await runCommand(dnsStatus, argv, terminal);
      process.exitCode = 0;
      return { exitCode, stdout: terminal.stdout, stderr: terminal.stderr };
    },
  };
}

const status = { type: "A", name: "status", content: "192.0.2.1", ttl: 60 };

t.test("names are shown with their owners", async (t) => {
  const { fake, run } = await setUp(t);
  fake.records.create(status);
  fake.records.create({ type: "A", name: "shop", content: "198.51.100.1" });
  const text = '"heritage=external-dns,external-dns/owner=infra-k3s"';
  fake.records.create({ type: "TXT", name: "a-shop", content: text });
  const { exitCode, stdout, stderr } = await run();
  t.equal(exitCode, 0);
  t.match(stderr, /^Site test \(.*\), zone example\.com\n$/);
  t.match(
    stdout,
    /^shop\.example\.com +A +external-dns \(infra-k3s\) +198\.51\.100\.1 .* nothing$/m,
  );
  t.match(stdout, /^status\.example\.com +A +tofu +192\.0\.2\.1 +60 s +no +192\.0\.2\.1$/m);
});

t.test("what is not as it should be is a finding", async (t) => {
  const { fake, run } = await setUp(t);
  fake.records.create({ ...status, content: "192.0.2.7" });
  const { exitCode, stdout } = await run("--json");
  t.equal(exitCode, 1);
  t.match(JSON.parse(stdout), {
    result: {
      zone: "example.com",
      findings: 1,
      names: [{ owner: "tofu", targets: ["192.0.2.7"], findings: ["declared as 192.0.2.1"] }],
    },
  });
});

t.test("what cannot be asked is bad input, with the fix", async (t) => {
  const { fake, run } = await setUp(t);
  t.match(await run("--resolver", "dns.example.com"), {
    exitCode: 2,
    stderr: /no address of a resolver/,
  });
  setVariables(t, { CLOUDFLARE_API_TOKEN: "x".repeat(40) });
  t.match(await run(), { exitCode: 2, stderr: /does not accept CLOUDFLARE_API_TOKEN/ });
  setVariables(t, { ...fakeEnv, CLOUDFLARE_ZONE_ID: "0".repeat(32) });
  t.match(await run(), { exitCode: 2, stderr: /CLOUDFLARE_ZONE_ID is not the id/ });
  setVariables(t, { CLOUDFLARE_ZONE_ID: "" });
  await fake.close();
  t.match(await run(), { exitCode: 2, stderr: /gave no usable answer.*ECONNREFUSED/s });
});
