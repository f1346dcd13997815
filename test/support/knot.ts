import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { createSocket } from "node:dgram";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Resolver } from "node:dns/promises";
import type { Test } from "tap";
import {
  type KnotCommand,
  type NameServer,
  prepareNameServer,
} from "../../lab/clouds/name-server.ts";
import type { StoredRecord } from "../../lab/clouds/cloudflare-records.ts";
import { findKnotFiles, planKnotCommand } from "../../lab/knot-files.ts";

/** Knot DNS out of the lab's cache or on the PATH, if it is there. */
export async function findKnot(): Promise<KnotCommand | undefined> {
  const root = await findKnotFiles();
  if (root !== undefined) return (program) => planKnotCommand(root, program);
  const isInstalled = spawnSync("knotd", ["--version"]).status === 0;
  return isInstalled ? (program) => [program] : undefined;
}

/** The real server on loopback until the test ends, and a resolver that asks it. */
export async function startKnot(
  t: Test,
  command: KnotCommand,
  { zone, records }: { zone: string; records: () => readonly StoredRecord[] },
): Promise<{ server: NameServer; resolver: Resolver; port: number }> {
  const port = await findFreePort();
  // The path of its socket has to be a short one.
  const folder = mkdtempSync(path.join(tmpdir(), "infra-k3s-knot-"));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const server = await prepareNameServer({
    command,
    folder,
    address: "127.0.0.1",
    port,
    zone,
    records,
  });
  const [program, ...args] = server.argv;
  const child = spawn(program, args, { stdio: ["ignore", "inherit", "inherit"] });
  t.teardown(async () => await end(child));
  const resolver = new Resolver({ timeout: 500, tries: 1 });
  resolver.setServers([`127.0.0.1:${port}`]);
  for (let tries = 0; tries < 100; tries += 1) {
    if (child.exitCode !== null) throw new Error(`knotd ended with code ${child.exitCode}`);
    const answer = await resolver.resolveSoa(zone).catch(() => undefined);
    if (answer !== undefined) return { server, resolver, port };
    await sleep(50);
  }
  throw new Error("knotd does not answer");
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.kill();
  await ended;
}

async function findFreePort(): Promise<number> {
  const socket = createSocket("udp4");
  await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
  const { port } = socket.address();
  await new Promise<void>((resolve) => socket.close(() => resolve()));
  return port;
}
