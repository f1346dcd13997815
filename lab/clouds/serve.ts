import { spawn } from "node:child_process";
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { connect, type ListenOptions, type NetConnectOpts, type Server } from "node:net";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { allHosts } from "../host-list.ts";
import { planKnotCommand } from "../knot-files.ts";
import { findPaths } from "../paths.ts";
import { powerOff, powerOn, readPower, shutDown } from "../power.ts";
import { createCacheFiles } from "./cache-files.ts";
import { createCloudflareApi } from "./cloudflare-api.ts";
import { createControl } from "./control.ts";
import { createGitServer } from "./git-server.ts";
import { type NameServer, prepareNameServer } from "./name-server.ts";
import { createHetznerApi, type HetznerApi } from "./hetzner-api.ts";
import { createS3Proxy } from "./s3-proxy.ts";
import { gitUser, labZone, parseKeys, type ServeSettings } from "./settings.ts";
import { createUpstreamFiles } from "./upstream-files.ts";

/**
 * The lab's servers in one process, with versitygw, Knot DNS and headscale as its children. usage: serve.ts SETTINGS
 *
 * It runs in their network namespace and in nothing else of its own, so that it can switch hosts
 * on and off as the machine's root does: every network of the lab is named, none is "here".
 */
const settings = JSON.parse(readFileSync(process.argv[2] ?? "", "utf8")) as ServeSettings;
const { address, ports } = settings;

const tls = {
  key: readFileSync(settings.certificate.key, "utf8"),
  cert: readFileSync(settings.certificate.cert, "utf8"),
};
const upstream = { host: "127.0.0.1", port: ports.versitygw };
startVersitygw();
if (settings.headscale !== undefined) startHeadscale(settings.headscale);
await waitForPort(upstream);
const proxy = createS3Proxy({ tls, upstream });
const api = await openProvider();
const power = createTlsServer(tls, api.handle);
const cloudflare = createCloudflareApi({
  zones: [labZone],
  onChange: () => void names.publish().catch((error: unknown) => say(String(error))),
  tokens: [
    {
      value: readFileSync(settings.cloudflareTokenFile, "utf8").trim(),
      permissions: ["Zone Read", "DNS Write", "Workers R2 Storage Read"],
    },
  ],
});
for (const name of readdirSync(settings.bucketsFolder)) {
  cloudflare.buckets.set(name, { name, location: "weur", storage_class: "Standard" });
}
const names = await startNameServer();
const cloudflareServer = createTlsServer(tls, cloudflare.handle);
const files = createServer(createCacheFiles(settings.cacheFolder));
const git = createTlsServer(
  tls,
  createGitServer({
    folder: settings.git.folder,
    user: gitUser,
    password: readFileSync(settings.git.passwordFile, "utf8").trim(),
  }),
);
const upstreamFiles = createTlsServer(tls, createUpstreamFiles(settings.upstreamFolder));
await listen(proxy.server, { host: address, port: ports.s3 });
await listen(power, { host: address, port: ports.power });
await waitForPort({ host: address, port: ports.dns });
await listen(cloudflareServer, { host: address, port: ports.cloudflare });
await listen(files, { host: address, port: ports.files });
await listen(git, { host: address, port: ports.git });
await listen(upstreamFiles, { host: address, port: ports.upstreamFiles });
if (settings.headscale !== undefined) {
  await waitForPort({ path: settings.headscale.socket });
  await waitForPort({ host: address, port: ports.mesh });
}
// Last: whoever it answers may use the others. Only one process at a time is started on it.
rmSync(settings.controlSocket, { force: true });
const control = createServer(createControl({ version: settings.version, proxy, api, cloudflare }));
await listen(control, { path: settings.controlSocket });

function startVersitygw(): void {
  const keys = parseKeys(readFileSync(settings.keysFile, "utf8"));
  const listenOn = `${upstream.host}:${upstream.port}`;
  const argv = [settings.versitygw, "--port", listenOn, "--quiet", "posix", settings.bucketsFolder];
  // By the environment: everybody on the machine can read arguments.
  startChild("versitygw", argv, {
    ROOT_ACCESS_KEY: keys.id,
    ROOT_SECRET_KEY: keys.secret,
    // The only region that R2 has (https://developers.cloudflare.com/r2/api/s3/api/).
    VGW_REGION: "auto",
  });
}

async function startNameServer(): Promise<NameServer> {
  const { records } = cloudflare.zones.get(labZone) ?? {};
  if (records === undefined) throw new Error(`Cloudflare has no ${labZone}`);
  for (const draft of settings.records) records.create(draft);
  const server = await prepareNameServer({
    command: (program) => planKnotCommand(settings.dns.knot, program),
    folder: settings.dns.folder,
    address,
    port: ports.dns,
    zone: labZone,
    records: () => records.list(),
  });
  startChild("knotd", server.argv, {});
  return server;
}

function startHeadscale({ program, config }: NonNullable<ServeSettings["headscale"]>): void {
  startChild("headscale", [program, "serve", "--config", config], { HOME: path.dirname(config) });
}

/** Ends with this process, and this process with it. */
function startChild(name: string, argv: readonly string[], env: Record<string, string>): void {
  const child = spawn("setpriv", ["--pdeathsig", "KILL", ...argv], {
    env: { PATH: process.env["PATH"], ...env },
    stdio: ["ignore", "inherit", "inherit"],
  });
  child.once("error", (error) => end(`${name} cannot be started: ${error.message}`));
  child.once("exit", (code, signal) => end(`${name} ended with ${signal ?? `code ${code}`}`));
}

/** The machines are what they are now; from here on the provider learns only of its own orders. */
async function openProvider(): Promise<HetznerApi> {
  const paths = findPaths({ XDG_STATE_HOME: settings.stateHome });
  const nameHost = (id: string) => allHosts.find((host) => host.providerId === id)?.name ?? "";
  const provider = createHetznerApi({
    token: readFileSync(settings.tokenFile, "utf8").trim(),
    power: {
      powerOff: async (id) => await powerOff(paths, nameHost(id)),
      powerOn: async (id) => await powerOn(paths, nameHost(id)),
      shutDown: async (id) => await shutDown(paths, nameHost(id)),
      isRunning: async (id) => (await readPower(paths, nameHost(id))) === "running",
    },
    onFailure: (id, error) => say(`an order for server ${id} failed: ${String(error)}`),
  });
  for (const { name, providerId, address: publicIp } of allHosts) {
    provider.servers.set(providerId, { name, publicIp, status: await readPower(paths, name) });
  }
  return provider;
}

async function waitForPort(where: NetConnectOpts): Promise<void> {
  for (;;) {
    const isOpen = await new Promise<boolean>((resolve) => {
      const socket = connect(where);
      socket.once("connect", () => {
        socket.destroy();
        resolve(true);
      });
      socket.once("error", () => resolve(false));
    });
    if (isOpen) return;
    await sleep(20);
  }
}

async function listen(server: Server, where: ListenOptions): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(where, resolve);
  });
}

function say(text: string): void {
  process.stderr.write(`${new Date().toISOString()} ${text}\n`);
}

function end(text: string): never {
  say(text);
  process.exit(1);
}
