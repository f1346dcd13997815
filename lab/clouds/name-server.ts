import { mkdir, rename, writeFile } from "node:fs/promises";
import path from "node:path";
import { stringify } from "yaml";
import { run } from "../../lib/exec/run.ts";
import { nameServers } from "./cloudflare-answers.ts";
import type { StoredRecord } from "./cloudflare-records.ts";
import { renderZone } from "./zone-file.ts";

/** The command line of a program of Knot DNS, to which its arguments are added. */
export type KnotCommand = (program: "knotd" | "knotc") => readonly [string, ...string[]];

export interface NameServerOptions {
  command: KnotCommand;
  /** Its settings, its zone and its socket. */
  folder: string;
  address: string;
  port: number;
  zone: string;
  /** Those that the zone has now. */
  records(): readonly StoredRecord[];
}

/** An authoritative server of one zone. */
export interface NameServer {
  /** What it is started with. */
  argv: readonly [string, ...string[]];
  /** Has it serve the records that there are now; returns when it does. Throws EXEC_FAILED. */
  publish(): Promise<void>;
}

/** Writes the settings and the zone of a server that is to be started. */
export async function prepareNameServer(options: NameServerOptions): Promise<NameServer> {
  const { command, folder, zone, records } = options;
  const settings = path.join(folder, "knot.conf");
  const zoneFile = path.join(folder, "zone");
  await mkdir(path.join(folder, "database"), { recursive: true });
  await writeFile(settings, renderSettings(options, zoneFile));
  let serial = Math.floor(Date.now() / 1000);
  await writeZone();

  async function writeZone(): Promise<void> {
    serial += 1;
    // A server that reads it meanwhile has the whole one before.
    await writeFile(
      `${zoneFile}.new`,
      renderZone({ name: zone, nameServers, serial, records: records() }),
    );
    await rename(`${zoneFile}.new`, zoneFile);
  }

  let isStale = false;
  let running: Promise<void> | undefined;
  async function bringUpToDate(): Promise<void> {
    try {
      while (isStale) {
        isStale = false;
        await writeZone();
        await run([...command("knotc"), "--config", settings, "--blocking", "zone-reload", zone]);
      }
    } finally {
      running = undefined;
    }
  }

  return {
    argv: [...command("knotd"), "--config", settings],
    async publish() {
      isStale = true;
      running ??= bringUpToDate();
      await running;
    },
  };
}

/** As knot.conf(5) has it. */
function renderSettings(
  { folder, address, port, zone }: NameServerOptions,
  zoneFile: string,
): string {
  const settings = {
    server: {
      rundir: folder,
      listen: `${address}@${port}`,
      "udp-workers": 1,
      "tcp-workers": 1,
      "background-workers": 1,
    },
    database: { storage: path.join(folder, "database") },
    // Nothing is kept of what it served, and nothing written into the zone file.
    zone: [
      {
        domain: zone,
        file: zoneFile,
        "zonefile-sync": -1,
        "zonefile-load": "whole",
        "journal-content": "none",
      },
    ],
    log: [{ target: "stderr", any: "warning" }],
  };
  return stringify(settings);
}
