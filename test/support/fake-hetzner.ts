import {
  createServer as createClearServer,
  type IncomingMessage,
  type ServerResponse,
} from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";

export interface FakeServer {
  /** running, off, starting, stopping, … */
  status: string;
  /** Undefined for a server without a public address. */
  publicIp?: string;
  privateIps?: string[];
}

/** What the next request meets instead of an answer; "hang" never answers, "drop" hangs up. */
export type Fault =
  | "hang"
  | "drop"
  | "half"
  | { status: number; body?: unknown; headers?: Record<string, string> };

export interface FakeHetzner {
  /** With the version in its path, as the real one has it. */
  url: string;
  servers: Map<string, FakeServer>;
  /** `GET /v1/servers/42` of every request, with the faults. */
  requests: string[];
  /** Taken one per request, before anything else. */
  faults: Fault[];
  close(): Promise<void>;
}

export const fakeToken = "fake-hetzner-token-000000000000000000";

/** The part of the Hetzner Cloud API that fencing uses, on loopback. */
export async function startFakeHetzner(tls?: { key: string; cert: string }): Promise<FakeHetzner> {
  const servers = new Map<string, FakeServer>();
  const requests: string[] = [];
  const faults: Fault[] = [];

  function handle(request: IncomingMessage, response: ServerResponse): void {
    requests.push(`${request.method} ${request.url}`);
    const fault = faults.shift();
    if (fault === "hang") return;
    if (fault === "drop") request.socket.destroy();
    else if (fault === "half") {
      response.writeHead(200, { "content-length": "1000" });
      response.write("{", () => request.socket.destroy());
    } else if (fault !== undefined) send(response, fault.status, fault.body, fault.headers);
    else if (request.headers.authorization !== `Bearer ${fakeToken}`) {
      fail(response, 401, "unauthorized", "unable to authenticate");
    } else answer(request, response);
  }

  function answer(request: IncomingMessage, response: ServerResponse): void {
    const [, id = "", action] =
      /^\/v1\/servers\/([^/]+)(\/actions\/poweroff)?$/.exec(request.url ?? "") ?? [];
    const server = servers.get(id);
    if (server === undefined) fail(response, 404, "not_found", `server with ID '${id}' not found`);
    else if (request.method === "GET" && action === undefined) {
      send(response, 200, { server: describe(id, server) });
    } else if (request.method === "POST" && action !== undefined) {
      server.status = "off";
      const command = {
        id: 1,
        command: "stop_server",
        status: "running",
        progress: 0,
        error: null,
      };
      send(response, 201, { action: command });
    } else fail(response, 405, "method_not_allowed", "not here");
  }

  const server = tls === undefined ? createClearServer(handle) : createTlsServer(tls, handle);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `${tls === undefined ? "http" : "https"}://127.0.0.1:${port}/v1`,
    servers,
    requests,
    faults,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function describe(id: string, server: FakeServer): unknown {
  const { status, publicIp, privateIps } = server;
  return {
    id: Number(id),
    status,
    public_net: { ipv4: publicIp === undefined ? null : { ip: publicIp }, ipv6: null },
    private_net: (privateIps ?? []).map((ip) => ({ network: 1, ip })),
  };
}

function fail(response: ServerResponse, status: number, code: string, message: string): void {
  send(response, status, { error: { code, message } });
}

function send(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { "content-type": "application/json", ...headers });
  response.end(typeof body === "string" ? body : JSON.stringify(body ?? {}));
}
