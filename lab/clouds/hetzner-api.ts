import type { IncomingMessage, ServerResponse } from "node:http";
import { type Fault, sendFault, sendJson } from "./faults.ts";

/** A machine as its provider believes it to be. */
export interface ApiServer {
  /** running, off, starting, stopping, … */
  status: string;
  name?: string;
  /** Undefined for a server without a public address. */
  publicIp?: string;
  privateIps?: string[];
}

/** What the API's orders do to machines, by their ids. */
export interface MachinePower {
  powerOff(id: string): Promise<unknown>;
  powerOn(id: string): Promise<unknown>;
  /** Presses the button, and returns when the machine has switched itself off. */
  shutDown(id: string): Promise<unknown>;
  /** Asked of machines that are believed to be off: somebody else may have switched one on. */
  isRunning(id: string): Promise<boolean>;
}

export interface HetznerApi {
  handle(request: IncomingMessage, response: ServerResponse): void;
  servers: Map<string, ApiServer>;
  /** `GET /v1/servers/42` of every request, with the faults; the last thousand. */
  requests: string[];
  /** Taken one per request, before anything else. */
  faults: Fault[];
}

export interface HetznerApiOptions {
  token: string;
  power: MachinePower;
  /** Told of an order that could not be carried out; the API has said yes by then. */
  onFailure?: (id: string, error: unknown) => void;
}

interface Order {
  command: string;
  meanwhile?: string;
  outcome: string;
  run(id: string): Promise<unknown>;
}

const keptRequests = 1000;

/**
 * The part of the Hetzner Cloud API (https://docs.hetzner.cloud, v1) that fencing uses: a server,
 * and its actions poweroff, poweron and shutdown. An order is accepted with an action that runs,
 * the server is locked meanwhile, and its status changes when the order was carried out. What a
 * machine does by itself, dying among it, changes nothing here: the provider has not seen it.
 */
export function createHetznerApi({ token, power, onFailure }: HetznerApiOptions): HetznerApi {
  const servers = new Map<string, ApiServer>();
  const locked = new Set<string>();
  const requests: string[] = [];
  const faults: Fault[] = [];
  const orders: Readonly<Record<string, Order>> = {
    poweroff: { command: "stop_server", outcome: "off", run: power.powerOff },
    shutdown: { command: "shutdown_server", outcome: "off", run: power.shutDown },
    poweron: {
      command: "start_server",
      meanwhile: "starting",
      outcome: "running",
      run: power.powerOn,
    },
  };
  let lastAction = 0;

  function handle(request: IncomingMessage, response: ServerResponse): void {
    requests.push(`${request.method} ${request.url}`);
    if (requests.length > keptRequests) requests.shift();
    const fault = faults.shift();
    if (fault !== undefined) sendFault(fault, request, response);
    else if (request.headers.authorization !== `Bearer ${token}`) {
      fail(response, 401, "unauthorized", "unable to authenticate");
    } else {
      answer(request, response).catch((error: unknown) => {
        fail(response, 500, "server_error", String(error));
      });
    }
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [, id = "", action] =
      /^\/v1\/servers\/([^/]+)(?:\/actions\/([a-z]+))?$/.exec(request.url ?? "") ?? [];
    const server = servers.get(id);
    const order = action === undefined ? undefined : orders[action];
    if (server === undefined) fail(response, 404, "not_found", `server with ID '${id}' not found`);
    else if (request.method === "GET" && action === undefined) {
      if (server.status === "off" && (await power.isRunning(id))) server.status = "running";
      sendJson(response, 200, { server: describe(id, server) });
    } else if (request.method !== "POST" || order === undefined) {
      fail(response, 405, "method_not_allowed", "not here");
    } else if (locked.has(id)) fail(response, 423, "locked", "the server is locked by an action");
    else {
      lastAction += 1;
      const { command } = order;
      const resources = [{ id: Number(id), type: "server" }];
      const times = { started: new Date().toISOString(), finished: null };
      const state = { status: "running", progress: 0, error: null };
      sendJson(response, 201, {
        action: { id: lastAction, command, ...state, ...times, resources },
      });
      await carryOut(id, server, order);
    }
  }

  async function carryOut(id: string, server: ApiServer, order: Order): Promise<void> {
    const before = server.status;
    locked.add(id);
    server.status = order.meanwhile ?? before;
    try {
      await order.run(id);
      server.status = order.outcome;
    } catch (error) {
      server.status = before;
      onFailure?.(id, error);
    } finally {
      locked.delete(id);
    }
  }

  return { handle, servers, requests, faults };
}

function describe(id: string, server: ApiServer): unknown {
  const { status, name, publicIp, privateIps } = server;
  return {
    id: Number(id),
    name,
    status,
    public_net: { ipv4: publicIp === undefined ? null : { ip: publicIp }, ipv6: null },
    private_net: (privateIps ?? []).map((ip) => ({ network: 1, ip })),
  };
}

function fail(response: ServerResponse, status: number, code: string, message: string): void {
  sendJson(response, status, { error: { code, message } });
}
