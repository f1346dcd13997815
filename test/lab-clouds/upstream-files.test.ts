import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import t from "tap";
import { createUpstreamFiles } from "../../lab/clouds/upstream-files.ts";

const file = "/argoproj/argo-cd/v3.6.1/manifests/core-install.yaml";

t.test("files are served by their names, and what is not there is told", async (t) => {
  const folder = t.testdir({
    argoproj: { "argo-cd": { "v3.6.1": { manifests: { "core-install.yaml": "kind: ü\n" } } } },
    velero: { "v1.yaml": "" },
  });
  const server = createServer(createUpstreamFiles(folder));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const ask = async (url: string, method = "GET") => {
    const response = await fetch(`http://127.0.0.1:${port}${url}`, { method });
    const length = response.headers.get("content-length");
    return { status: response.status, length, text: await response.text() };
  };
  t.strictSame(await ask(file), { status: 200, length: "9", text: "kind: ü\n" });
  t.strictSame(await ask(`${file}?token=x`), { status: 200, length: "9", text: "kind: ü\n" });
  t.strictSame(await ask(file, "HEAD"), { status: 200, length: "9", text: "" });
  t.match(await ask("/velero/v1.yaml"), { status: 200, length: "0", text: "" });
  const list = `only (lab/upstream-files.ts):\n${file}\n/velero/v1.yaml\n`;
  for (const url of [
    "/",
    file.replace("v3.6.1", "v3.6.2"),
    `${file}/`,
    "/argoproj",
    `/x/..%2f${file}`,
  ]) {
    t.match(await ask(url), { status: 404, text: list }, url);
  }
  t.match(await ask(file, "PUT"), { status: 405 });
});
