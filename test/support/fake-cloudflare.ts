import { createServer as createClearServer, type IncomingHttpHeaders } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import type { Test } from "tap";
import { type CloudflareApi, createCloudflareApi } from "../../lab/clouds/cloudflare-api.ts";
import type { ApiToken } from "../../lab/clouds/cloudflare-gate.ts";
import type { RecordStore } from "../../lab/clouds/cloudflare-records.ts";

export interface FakeCloudflare extends Omit<CloudflareApi, "handle"> {
  /** With the version in its path, as the real one has it. */
  url: string;
  /** Of the last request. */
  readonly lastHeaders: IncomingHttpHeaders;
  /** The first zone. */
  zoneId: string;
  records: RecordStore;
  close(): Promise<void>;
}

export const fakeZone = "example.com";

/** May do all that is emulated. */
export const fakeToken: ApiToken = {
  value: "fake-cloudflare-token-0000000000000000000",
  permissions: ["Zone Read", "DNS Write", "Workers R2 Storage Read"],
};

export const fakeEnv = { CLOUDFLARE_API_TOKEN: fakeToken.value };

/** The lab's emulator of Cloudflare's API on loopback, until the test ends. */
export async function startFakeCloudflare(
  t: Test,
  options: {
    tls?: { key: string; cert: string };
    zones?: string[];
    onChange?: (zone: string) => void;
  } = {},
): Promise<FakeCloudflare> {
  const { tls, zones = [fakeZone], ...rest } = options;
  const { handle, ...api } = createCloudflareApi({ zones, tokens: [fakeToken], ...rest });
  const server = tls === undefined ? createClearServer(handle) : createTlsServer(tls, handle);
  let lastHeaders: IncomingHttpHeaders = {};
  server.on("request", ({ headers }) => (lastHeaders = headers));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const [first] = api.zones.values();
  if (first === undefined) throw new Error("there is no zone");
  async function close(): Promise<void> {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
  t.teardown(close);
  return {
    ...api,
    url: `${tls === undefined ? "http" : "https"}://127.0.0.1:${port}/client/v4`,
    zoneId: first.id,
    records: first.records,
    get lastHeaders() {
      return lastHeaders;
    },
    close,
  };
}
