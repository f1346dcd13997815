import {
  createServer as createClearServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
} from "node:http";
import { createServer as createTlsServer, type ServerOptions } from "node:https";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import type { TLSSocket } from "node:tls";
import { gzipSync } from "node:zlib";
import { answerKubeRequest, type KubeAnswer, type KubeState, refuse } from "./fake-kube-answers.ts";
import { createCluster } from "./memory/cluster.ts";

export const fakeToken = "fake-kube-token-00000000000000000000";

export interface SeenRequest {
  method: string;
  path: string;
  query: Record<string, string>;
  headers: IncomingHttpHeaders;
  /** As it came, "" for none. */
  body: string;
  /** The client's port: one for all requests of a connection. */
  connection: number | undefined;
}

/** What a request meets instead of an answer; "hang" never answers, "late" does not after the act. */
export type Fault = "hang" | "late" | "drop" | "half" | KubeAnswer;

export interface FakeKubeApi extends KubeState {
  url: string;
  requests: SeenRequest[];
  /** Taken one per request, before anything else; undefined lets one through. */
  faults: (Fault | undefined)[];
  close(): Promise<void>;
}

/** The part of an API server that lib/cluster uses, on loopback, over a cluster in memory. */
export async function startFakeKubeApi(tls?: ServerOptions): Promise<FakeKubeApi> {
  const requests: SeenRequest[] = [];
  const faults: (Fault | undefined)[] = [];
  const state: KubeState = {
    cluster: createCluster(() => 0),
    installed: new Set(),
    logs: new Map(),
  };

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "", "http://fake");
    const seen: SeenRequest = {
      method: request.method ?? "",
      path: url.pathname,
      query: Object.fromEntries(url.searchParams),
      headers: request.headers,
      body: await text(request),
      connection: request.socket.remotePort,
    };
    requests.push(seen);
    const fault = faults.shift();
    if (fault === "hang") return;
    if (fault === "drop") {
      request.socket.destroy();
      return;
    }
    if (fault === "half") {
      response.writeHead(200, { "content-length": "1000" });
      response.write("{", () => request.socket.destroy());
      return;
    }
    const known =
      (request.socket as TLSSocket).authorized ||
      request.headers.authorization === `Bearer ${fakeToken}`;
    const answer = !known
      ? refuse(401, "Unauthorized", "Unauthorized")
      : typeof fault === "object"
        ? fault
        : await answerKubeRequest(state, seen);
    if (fault !== "late") send(response, answer, request.headers["accept-encoding"] === "gzip");
  }

  function listener(request: IncomingMessage, response: ServerResponse): void {
    handle(request, response).catch((error: unknown) => response.destroy(error as Error));
  }

  const server = tls === undefined ? createClearServer(listener) : createTlsServer(tls, listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return Object.assign(state, {
    url: `${tls === undefined ? "http" : "https"}://127.0.0.1:${port}`,
    requests,
    faults,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  });
}

/** A kubeconfig of one server and one user, in JSON, which is YAML too. */
export function renderKubeconfig(
  cluster: Record<string, unknown>,
  user: Record<string, unknown> = { token: fakeToken },
): string {
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    "current-context": "fake",
    contexts: [{ name: "fake", context: { cluster: "fake", user: "fake" } }],
    clusters: [{ name: "fake", cluster: { "insecure-skip-tls-verify": true, ...cluster } }],
    users: [{ name: "fake", user }],
  });
}

function send(response: ServerResponse, { status, body }: KubeAnswer, zip: boolean): void {
  const plain = typeof body === "string";
  const bytes = Buffer.from(plain ? body : JSON.stringify(body));
  // The API server leaves short answers as they are.
  const zipped = zip && bytes.length > 128 * 1024;
  response.writeHead(status, {
    "content-type": plain ? "text/plain; charset=utf-8" : "application/json",
    ...(zipped ? { "content-encoding": "gzip" } : {}),
  });
  response.end(zipped ? gzipSync(bytes) : bytes);
}
