import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { createServer, type AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { TAP } from "tap";
import { createS3Proxy, type S3Proxy } from "../../../lab/clouds/s3-proxy.ts";
import type { OwnCa } from "../../support/own-ca.ts";

export interface OwnStore {
  proxy: S3Proxy;
  url: string;
  keys: { AWS_ACCESS_KEY_ID: string; AWS_SECRET_ACCESS_KEY: string };
}

/**
 * The lab's object store, versitygw behind the proxy that refuses what R2 refuses, on loopback. Each folder
 * of `bucketsFolder` is a bucket, and each file in those an object.
 */
export async function startOwnStore(
  t: TAP,
  versitygw: string,
  { key, cert }: OwnCa,
  bucketsFolder: string,
): Promise<OwnStore> {
  const keys = {
    AWS_ACCESS_KEY_ID: `own${randomBytes(8).toString("hex")}`,
    AWS_SECRET_ACCESS_KEY: randomBytes(20).toString("hex"),
  };
  const upstream = { host: "127.0.0.1", port: await findFreePort() };
  const argv = ["--port", `127.0.0.1:${upstream.port}`, "--quiet", "posix", bucketsFolder];
  const child = spawn(versitygw, argv, {
    env: {
      ROOT_ACCESS_KEY: keys.AWS_ACCESS_KEY_ID,
      ROOT_SECRET_KEY: keys.AWS_SECRET_ACCESS_KEY,
      VGW_REGION: "auto",
    },
    stdio: ["ignore", "inherit", "inherit"],
  });
  const proxy = createS3Proxy({ tls: { key, cert }, upstream });
  await new Promise<void>((resolve) => proxy.server.listen(0, "127.0.0.1", resolve));
  t.teardown(() => {
    proxy.server.closeAllConnections();
    proxy.server.close();
    child.kill("SIGKILL");
  });
  const { port } = proxy.server.address() as AddressInfo;
  // Whatever it answers, it is up.
  while (!(await fetch(`http://127.0.0.1:${upstream.port}/`).catch(() => undefined))) {
    if (child.exitCode !== null) throw new Error(`versitygw ended with code ${child.exitCode}`);
    await sleep(20);
  }
  return { proxy, url: `https://127.0.0.1:${port}`, keys };
}

async function findFreePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
