import { createServer as createClearServer } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import {
  createHetznerApi,
  type HetznerApi,
  type MachinePower,
} from "../../lab/clouds/hetzner-api.ts";

export type { Fault } from "../../lab/clouds/faults.ts";
export type { ApiServer } from "../../lab/clouds/hetzner-api.ts";

export interface FakeHetzner extends Omit<HetznerApi, "handle"> {
  /** With the version in its path, as the real one has it. */
  url: string;
  close(): Promise<void>;
}

export const fakeToken = "fake-hetzner-token-000000000000000000";

/** Machines that do as they are told at once, and nothing by themselves. */
const obedientPower: MachinePower = {
  powerOff: async () => undefined,
  powerOn: async () => undefined,
  shutDown: async () => undefined,
  isRunning: async () => false,
};

/** The lab's emulator of the Hetzner Cloud API on loopback, with no machines behind it. */
export async function startFakeHetzner(
  tls?: { key: string; cert: string },
  power: MachinePower = obedientPower,
): Promise<FakeHetzner> {
  const { handle, ...api } = createHetznerApi({ token: fakeToken, power });
  const server = tls === undefined ? createClearServer(handle) : createTlsServer(tls, handle);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    ...api,
    url: `${tls === undefined ? "http" : "https"}://127.0.0.1:${port}/v1`,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
