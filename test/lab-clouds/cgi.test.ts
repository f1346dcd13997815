import { existsSync, readFileSync } from "node:fs";
import { createServer, request as sendRequest } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import t, { type Test } from "tap";
import { answerByCgi } from "../../lab/clouds/cgi.ts";

/** A server whose answers are those of a script for sh. */
async function start(t: Test, script: string, program = "sh") {
  const env = { PATH: process.env["PATH"] ?? "" };
  const argv = [program, "-c", script] as const;
  const server = createServer(
    (request, response) => void answerByCgi({ argv, env }, request, response),
  );
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

t.test("a program learns of the request, and says status, headers and body", async (t) => {
  const url = await start(
    t,
    String.raw`printf 'Status: 404 Not Found\r\nX-One: a: b\r\nContent-Type: text/x\r\n\r\n'
    echo "$REQUEST_METHOD $PATH_INFO $QUERY_STRING $CONTENT_TYPE $CONTENT_LENGTH"
    echo "$HTTP_CONTENT_ENCODING $HTTP_GIT_PROTOCOL $HTTP_PROXY"; cat`,
  );
  const response = await fetch(`${url}/a/b?c=d?e`, {
    method: "POST",
    headers: {
      "content-type": "text/plain",
      "content-encoding": "gzip",
      "git-protocol": "version=2",
      proxy: "http://evil",
      authorization: "Basic x",
    },
    body: "the body",
  });
  t.equal(response.status, 404);
  t.equal(response.headers.get("x-one"), "a: b");
  t.equal(response.headers.get("content-type"), "text/x");
  t.equal(await response.text(), "POST /a/b c=d?e text/plain 8\ngzip version=2 \nthe body");
});

t.test("bodies of any size and with any bytes go both ways at once", async (t) => {
  const url = await start(t, String.raw`printf 'Content-Type: x/y\n\n'; cat`);
  const body = Buffer.alloc(
    5_000_000,
    Uint8Array.from({ length: 256 }, (_, index) => index),
  );
  const response = await fetch(url, { method: "POST", body });
  t.equal(response.status, 200);
  t.ok(Buffer.from(await response.arrayBuffer()).equals(body));
});

t.test("a program may leave a request unread", async (t) => {
  const url = await start(t, String.raw`printf 'Status: 403 Forbidden\n\n'`);
  const body = Buffer.alloc(5_000_000);
  for (let tries = 0; tries < 5; tries += 1) {
    t.equal((await fetch(url, { method: "POST", body })).status, 403);
  }
});

t.test("what is no answer is told", async (t) => {
  for (const [script, why] of [
    ["exit 1", "it ended before its headers did"],
    ["printf 'Status: 200 OK\\n'", "it ended before its headers did"],
    ["echo nonsense; echo; cat", 'it has a header "nonsense"'],
    ["printf 'Status: x\\n\\n'", "Invalid status code"],
    ["yes X: y", "its headers have no end"],
  ] as const) {
    const response = await fetch(await start(t, script));
    t.equal(response.status, 502, script);
    t.match(await response.text(), `sh gave no answer: ${why}`);
  }
  const missing = await fetch(await start(t, "", "no-such-program"), { method: "POST", body: "x" });
  t.equal(missing.status, 502);
  t.match(await missing.text(), "no-such-program gave no answer: spawn no-such-program ENOENT");
});

t.test("a program ends when its client leaves", async (t) => {
  const file = path.join(t.testdir({}), "pid");
  for (const head of ["", String.raw`printf 'X: y\n\nbegun'; `]) {
    const url = await start(
      t,
      `echo $$ >${file}.new; mv ${file}.new ${file}; ${head}exec sleep 60`,
    );
    const request = sendRequest(url, { method: "POST" });
    request.once("error", () => undefined);
    request.write("half");
    while (!existsSync(file)) await sleep(10);
    const pid = Number(readFileSync(file, "utf8"));
    request.destroy();
    const deadline = Date.now() + 5000;
    while (existsSync(`/proc/${pid}`) && Date.now() < deadline) await sleep(10);
    t.notOk(existsSync(`/proc/${pid}`));
  }
});
