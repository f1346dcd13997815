import { createHash, randomBytes } from "node:crypto";
import {
  createServer,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type RequestListener,
} from "node:http";
import { request as sendRequest } from "node:https";
import type { AddressInfo } from "node:net";
import { buffer, text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import t, { type Test } from "tap";
import { createS3Proxy, type S3Proxy } from "../../lab/clouds/s3-proxy.ts";
import { makeOwnCa, type OwnCa } from "../support/own-ca.ts";
import { readFileSync } from "node:fs";

const own = makeOwnCa(t.testdir({}));

interface Place {
  proxy: S3Proxy;
  port: number;
  ca: string;
}

/** The proxy in front of `behind`; without it nobody listens there. */
async function start(t: Test, { key, cert, caFile }: OwnCa, behind?: RequestListener) {
  const server = createServer(behind);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const upstream = { host: "127.0.0.1", port: (server.address() as AddressInfo).port };
  if (behind === undefined) await new Promise((resolve) => server.close(resolve));
  const proxy = createS3Proxy({ tls: { key, cert }, upstream });
  await new Promise<void>((resolve) => proxy.server.listen(0, "127.0.0.1", resolve));
  t.teardown(() => {
    proxy.server.closeAllConnections();
    proxy.server.close();
    server.closeAllConnections();
    server.close();
  });
  const { port } = proxy.server.address() as AddressInfo;
  return { proxy, port, ca: readFileSync(caFile, "utf8") };
}

interface Sent {
  method?: string;
  path: string;
  headers?: OutgoingHttpHeaders;
  body?: Buffer;
}

async function send(
  { port, ca }: Pick<Place, "port" | "ca">,
  { body, ...options }: Sent,
): Promise<IncomingMessage> {
  return await new Promise((resolve, reject) => {
    const request = sendRequest({ host: "127.0.0.1", port, ca, agent: false, ...options }, resolve);
    request.once("error", reject);
    request.end(body);
  });
}

if (own === undefined) t.comment("skipped: there is no openssl program to make certificates with");
else {
  t.test("requests, Host and signature among them, and answers go through unchanged", async (t) => {
    const seen: { method: string; url: string; raw: string[]; body: string }[] = [];
    const place = await start(t, own, (request, response) => {
      const { method = "", url = "", rawHeaders: raw } = request;
      void text(request).then((body) => {
        seen.push({ method, url, raw, body });
        response.writeHead(206, ["ETag", '"1"', "X-Amz-Meta-A", "é"]);
        response.end("answer");
      });
    });
    const headers = {
      Host: "127.0.0.1:65000",
      Authorization: "AWS4-HMAC-SHA256 Credential=a/b",
      "x-amz-content-sha256": "UNSIGNED-PAYLOAD",
      "x-amz-Date": "20261124T000000Z",
      "Content-Length": 4,
    };
    const path = "/velero/a%2Fb%20c/d?x-id=PutObject&a=%2B";
    const response = await send(place, { method: "PUT", path, headers, body: Buffer.from("body") });
    t.equal(response.statusCode, 206);
    t.equal(response.headers.etag, '"1"');
    t.equal(response.headers["x-amz-meta-a"], "é");
    t.equal(await text(response), "answer");
    const [request] = seen;
    t.match(request, { method: "PUT", url: path, body: "body" });
    for (const [name, value] of Object.entries(headers)) {
      t.equal(request?.raw[(request?.raw.indexOf(name) ?? 0) + 1], String(value), name);
    }
    t.match(place.proxy.counters, {
      uploadedBytes: 4,
      downloadedBytes: 6,
      requests: { PutObject: 1 },
      refusals: {},
      failures: 0,
    });
  });

  t.test("what R2 refuses never reaches the server behind", async (t) => {
    const place = await start(t, own, (_, response) => {
      t.fail("it was passed on");
      response.end();
    });
    const body = randomBytes(3_000_000);
    for (const [path, headers, what] of [
      ["/velero/key", { "x-amz-tagging": "" }, "x-amz-tagging"],
      ["/velero/key", { "x-amz-server-side-encryption": "AES256" }, "x-amz-server-side-encryption"],
      [
        "/velero/key",
        { "x-amz-content-sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER" },
        "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
      ],
      ["/velero?versioning", {}, "PutBucketVersioning"],
    ] as const) {
      const response = await send(place, { method: "PUT", path, headers, body });
      t.equal(response.statusCode, 501, what);
      t.equal(response.headers["content-type"], "application/xml");
      const xml = await text(response);
      t.match(xml, /^<\?xml .*<Error><Code>NotImplemented<\/Code><Message>.*not implemented</s);
      t.ok(xml.includes(what), xml);
      t.equal(place.proxy.counters.refusals[what], 1);
    }
    t.equal(place.proxy.counters.requests["PutObject"], 3);
    t.equal(place.proxy.counters.uploadedBytes, 0);
  });

  t.test("bodies are streamed and not held", async (t) => {
    let got = 0;
    const firstByte = Promise.withResolvers<void>();
    const place = await start(t, own, (request, response) => {
      request.on("data", (part: Buffer) => {
        got += part.length;
        firstByte.resolve();
      });
      request.once("end", () => {
        response.write("first");
        setTimeout(() => response.end("last"), 50);
      });
    });
    const { port, ca } = place;
    const request = sendRequest({
      host: "127.0.0.1",
      port,
      ca,
      agent: false,
      method: "PUT",
      path: "/velero/key",
      headers: { "content-length": 2_000_000 },
    });
    const answered = new Promise<IncomingMessage>((resolve) => request.once("response", resolve));
    request.write(Buffer.alloc(1_000_000));
    // Before the client has sent the rest.
    await firstByte.promise;
    request.end(Buffer.alloc(1_000_000));
    const response = await answered;
    const [first] = (await response.iterator({ destroyOnReturn: false }).next()).value as Buffer;
    t.equal(first, "f".charCodeAt(0));
    t.equal(got, 2_000_000);
    await text(response);
    t.match(place.proxy.counters, { uploadedBytes: 2_000_000, downloadedBytes: 9 });
  });

  t.test("a large object comes back byte for byte", async (t) => {
    const data = randomBytes(20_000_000);
    const hash = (value: Buffer) => createHash("sha256").update(value).digest("hex");
    let stored = Buffer.alloc(0);
    const place = await start(t, own, (request, response) => {
      if (request.method === "GET") response.end(stored);
      else void buffer(request).then((body) => response.end(void (stored = body)));
    });
    await send(place, { method: "PUT", path: "/velero/key", body: data }).then(text);
    const back = await send(place, { path: "/velero/key" }).then(buffer);
    t.equal(hash(back), hash(data));
  });

  t.test("without a server behind it says so, also to one who uploads", async (t) => {
    const place = await start(t, own);
    for (const sent of [
      { path: "/velero/key" },
      { method: "PUT", path: "/velero/key", body: randomBytes(5_000_000) },
    ]) {
      const response = await send(place, sent);
      t.equal(response.statusCode, 503);
      const xml = await text(response);
      t.match(xml, /<Code>ServiceUnavailable<\/Code><Message>.*ECONNREFUSED/);
    }
    t.equal(place.proxy.counters.failures, 2);
  });

  t.test("an answer that breaks off does not look whole", async (t) => {
    const place = await start(t, own, (_, response) => {
      response.writeHead(200, { "content-length": 1000 });
      response.write("half", () => response.destroy());
    });
    const response = await send(place, { path: "/velero/key" });
    await t.rejects(text(response), { code: "ECONNRESET" });
    t.equal(place.proxy.counters.failures, 1);
  });

  t.test("a client that leaves ends the request behind", async (t) => {
    const closed = Promise.withResolvers<void>();
    const place = await start(t, own, (request, response) => {
      request.once("close", () => closed.resolve());
      response.write("begin");
    });
    const response = await send(place, { path: "/velero/key" });
    response.destroy();
    await closed.promise;
    await sleep(20);
    t.equal(place.proxy.counters.failures, 0);
  });

  t.test("a bucket that is cut off answers nobody, until the cut ends", async (t) => {
    const place = await start(t, own, (_, response) => response.end("here"));
    t.equal(await text(await send(place, { path: "/velero/key" })), "here");
    place.proxy.cut(60);
    await t.rejects(send(place, { path: "/velero/key" }), { code: /ECONNRESET|EPIPE/ });
    place.proxy.cut(0);
    t.equal(await text(await send(place, { path: "/velero/key" })), "here");
  });

  t.test("in clear, or without the CA, there is no way in", async (t) => {
    const { port } = await start(t, own, (_, response) => response.end("here"));
    const untrusted = { port, ca: "" };
    await t.rejects(send(untrusted, { path: "/" }), { message: /certificate/ });
    await t.rejects(fetch(`http://127.0.0.1:${port}/`));
  });
}
