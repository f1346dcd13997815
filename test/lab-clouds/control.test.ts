import { createServer } from "node:http";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import t from "tap";
import { createCloudflareApi } from "../../lab/clouds/cloudflare-api.ts";
import {
  createControl,
  cutBucket,
  limitCloudflare,
  plantCloudflareFaults,
  plantFaults,
  readCloudflare,
  readCounters,
  readHealth,
  readProvider,
} from "../../lab/clouds/control.ts";
import type { Fault } from "../../lab/clouds/faults.ts";

t.test("a test looks at the servers and makes them fail", async (t) => {
  // Not in the work tree: the path of a socket has 107 bytes at most.
  const folder = await mkdtemp(path.join(tmpdir(), "control-"));
  t.teardown(async () => await rm(folder, { recursive: true }));
  const socket = path.join(folder, "control");
  await t.rejects(readHealth(socket), { code: "ENOENT" });

  const counters = { uploadedBytes: 1, downloadedBytes: 2, failures: 0 };
  const cuts: number[] = [];
  const faults: Fault[] = ["hang"];
  const limits: number[][] = [];
  const cloudflare = {
    ...createCloudflareApi({ zones: ["example.com"], tokens: [] }),
    limit: (...limit: number[]) => void limits.push(limit),
  };
  cloudflare.zones
    .get("example.com")
    ?.records.create({ type: "A", name: "a", content: "192.0.2.1" });
  const handle = createControl({
    version: "v1",
    proxy: {
      server: undefined as never,
      counters: { ...counters, requests: { PutObject: 3 }, refusals: {} },
      cut: (seconds) => void cuts.push(seconds),
    },
    api: {
      handle: () => undefined,
      servers: new Map([["1003", { status: "off" }]]),
      requests: ["GET /v1/servers/1003"],
      faults,
    },
    cloudflare,
  });
  const server = createServer(handle);
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  t.teardown(() => server.close());

  t.strictSame(await readHealth(socket), { pid: process.pid, version: "v1" });
  t.match(await readCounters(socket), { ...counters, requests: { PutObject: 3 } });
  await cutBucket(socket, 30);
  await cutBucket(socket, 0);
  t.strictSame(cuts, [30, 0]);
  t.match(await readProvider(socket), { servers: { 1003: { status: "off" } } });
  await plantFaults(socket, [{ status: 401 }, "hang"]);
  t.strictSame(faults, [{ status: 401 }, "hang"]);
  await plantFaults(socket, []);
  t.strictSame(faults, []);
  for (const bad of [5, "hang", ["hung"], [{ status: "401" }], [{ status: 99 }], [null]]) {
    await t.rejects(plantFaults(socket, bad as never), /answered 400/, JSON.stringify(bad));
  }
  t.strictSame(faults, []);
  for (const bad of [-1, "30", undefined]) {
    await t.rejects(cutBucket(socket, bad as never), /answered 400/, JSON.stringify(bad));
  }
  t.strictSame(cuts, [30, 0]);

  t.match(await readCloudflare(socket), {
    records: { "example.com": [{ name: "a.example.com", content: "192.0.2.1" }] },
    requests: [],
  });
  await plantCloudflareFaults(socket, ["lost", { status: 503 }]);
  t.strictSame(cloudflare.faults, ["lost", { status: 503 }]);
  await plantCloudflareFaults(socket, []);
  await t.rejects(plantCloudflareFaults(socket, ["found"] as never), /answered 400/);
  t.strictSame(cloudflare.faults, []);
  await limitCloudflare(socket, 5, 60);
  await t.rejects(limitCloudflare(socket, -1, 60), /answered 400/);
  await t.rejects(limitCloudflare(socket, 5, "60" as never), /answered 400/);
  t.strictSame(limits, [[5, 60]]);
});
