import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer, request as sendRequest } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { text } from "node:stream/consumers";
import t, { type Test } from "tap";
import { createCacheFiles } from "../../lab/clouds/cache-files.ts";

const entry = "k3s-release-0123456789abcdef";
const repository = "apt-tailscale-0123456789abcdef";

interface Answer {
  status: number | undefined;
  length: string | undefined;
  range: string | undefined;
  body: string;
}

/** Asks with the path as it is: `fetch` would tidy it up. */
async function start(t: Test) {
  const folder = t.testdir({
    "secret.txt": "secret",
    cache: {
      [entry]: { k3s: "0123456789", empty: "", ".hidden": "hidden", folder: { file: "deep" } },
      [repository]: {
        dists: { bookworm: { InRelease: "signed", main: { Packages: "index", ".new": "half" } } },
        pool: { "tailscale_1.86.5_amd64.deb": "package" },
        root: { file: "not of a repository" },
      },
      "no-hash": { k3s: "none" },
      ".k3s-release-0123456789abcdef.1.2": { k3s: "half" },
    },
  });
  const at = (...parts: string[]) => path.join(folder, "cache", entry, ...parts);
  symlinkSync("k3s", at("kubectl"));
  symlinkSync("../../secret.txt", at("leak"));
  symlinkSync("folder/file", at("deeper"));
  symlinkSync("../../k3s-release-0123456789abcdef", at("..", repository, "dists", "elsewhere"));
  symlinkSync("..", at("..", repository, "pool", "up"));
  mkdirSync(path.join(folder, "outside"));
  writeFileSync(path.join(folder, "outside/k3s"), "outside");
  const server = createServer(createCacheFiles(path.join(folder, "cache")));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.teardown(() => server.close());
  const { port } = server.address() as AddressInfo;
  return async (url: string, headers = {}, method = "GET"): Promise<Answer> =>
    await new Promise((resolve, reject) => {
      const options = { host: "127.0.0.1", port, path: url, headers, method, agent: false };
      const request = sendRequest(options, (response) => {
        const { statusCode: status } = response;
        const length = response.headers["content-length"];
        const range = response.headers["content-range"];
        text(response).then((body) => resolve({ status, length, range, body }), reject);
      });
      request.once("error", reject);
      request.end();
    });
}

t.test("files of an entry, whole and in parts", async (t) => {
  const ask = await start(t);
  const whole = { status: 200, length: "10", range: undefined, body: "0123456789" };
  t.strictSame(await ask(`/${entry}/k3s`), whole);
  t.strictSame(await ask(`/${entry}/k3s?x=1`), whole);
  t.strictSame(await ask(`/${entry}/kubectl`), whole, "a link in the entry");
  t.strictSame(await ask(`/${entry}/k3s`, {}, "HEAD"), { ...whole, body: "" });
  t.match(await ask(`/${entry}/empty`), { status: 200, length: "0", body: "" });
  for (const [range, part, body] of [
    ["bytes=0-3", "bytes 0-3/10", "0123"],
    ["bytes=8-", "bytes 8-9/10", "89"],
    ["bytes=8-100", "bytes 8-9/10", "89"],
    ["bytes=-4", "bytes 6-9/10", "6789"],
    ["bytes=-100", "bytes 0-9/10", "0123456789"],
  ] as const) {
    const length = String(body.length);
    const expected = { status: 206, length, range: part, body };
    t.strictSame(await ask(`/${entry}/k3s`, { range }), expected, range);
  }
  for (const range of ["bytes=10-", "bytes=5-4", "bytes=-0"]) {
    t.match(await ask(`/${entry}/k3s`, { range }), { status: 416, range: "bytes */10" }, range);
  }
  for (const range of ["bytes=0-1,3-4", "lines=1-2", "bytes=-", "x"]) {
    t.strictSame(await ask(`/${entry}/k3s`, { range }), whole, range);
  }
});

t.test("an apt repository in the cache", async (t) => {
  const ask = await start(t);
  for (const [file, body] of [
    ["dists/bookworm/InRelease", "signed"],
    ["dists/bookworm/main/Packages", "index"],
    ["pool/tailscale_1.86.5_amd64.deb", "package"],
  ] as const) {
    t.match(await ask(`/${repository}/${file}`), { status: 200, body }, file);
  }
});

t.test("nothing else is there, however it is asked for", async (t) => {
  const ask = await start(t);
  for (const url of [
    "/",
    `/${entry}`,
    `/${entry}/`,
    `/${entry}/none`,
    `/${entry}/.hidden`,
    `/${entry}/folder`,
    `/${entry}/folder/file`,
    `/${entry}/folder%2Ffile`,
    `/${entry}/deeper`,
    `/${entry}/leak`,
    `/${entry}/..`,
    `/${entry}/../../secret.txt`,
    `/${entry}/..%2f..%2fsecret.txt`,
    `/${entry}/%2e%2e/%2e%2e/secret.txt`,
    "/../outside/k3s",
    `/${repository}/root/file`,
    `/${repository}/dists`,
    `/${repository}/dists/`,
    `/${repository}/dists/bookworm`,
    `/${repository}/dists/bookworm/`,
    `/${repository}/dists/bookworm/main/.new`,
    `/${repository}/dists/bookworm/InRelease/x`,
    `/${repository}/dists/elsewhere/k3s`,
    `/${repository}/dists/../root/file`,
    `/${repository}/dists//bookworm/InRelease`,
    `/${repository}/pool/up/root/file`,
    `/${repository}/pool/..`,
    "/../secret.txt",
    "/no-hash/k3s",
    "/.k3s-release-0123456789abcdef.1.2/k3s",
    `//${entry}/k3s`,
    `/${entry}/k3s%00`,
    `/k3s-release-0123456789abcdee/k3s`,
  ]) {
    t.match(await ask(url), { status: 404, body: "no such file in the cache\n" }, url);
  }
  t.match(await ask(`/${entry}/k3s`, {}, "PUT"), { status: 405 });
});
