import { spawnSync } from "node:child_process";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import t, { type Test } from "tap";
import { createGitServer } from "../../lab/clouds/git-server.ts";
import { askGit, gitEnvironment, noGit } from "../support/git.ts";

const password = "git-password-1";

interface Asked {
  url: string | undefined;
  headers: IncomingHttpHeaders;
}

interface Asking {
  method?: string;
  body?: string;
  authorization?: string;
}

/** Two commits on `main`, and `branches` others with one more each. */
function fillRepository(folder: string, branches: number): void {
  const commit = (ref: string, text: string, from = "") =>
    `commit refs/heads/${ref}\ncommitter test <test@infra-k3s.invalid> 0 +0000\n` +
    `data ${text.length}\n${text}\n${from}M 100644 inline file\ndata ${text.length}\n${text}\n`;
  const others = Array.from({ length: branches }, (_, index) =>
    commit(`other-${index}`, `other ${index}`, "from refs/heads/main\n"),
  );
  const input = [commit("main", "first"), commit("main", "second"), ...others].join("");
  askGit(folder, "init", "--quiet", "--bare", "--initial-branch=main", "infra-k3s.git");
  const cwd = path.join(folder, "infra-k3s.git");
  const { status } = spawnSync("git", ["fast-import", "--quiet"], {
    cwd,
    env: gitEnvironment,
    input,
  });
  if (status !== 0) throw new Error("git fast-import has failed");
}

async function start(t: Test, { branches = 0, folder = "git" } = {}) {
  const root = t.testdir({ git: {}, clones: {} });
  fillRepository(path.join(root, "git"), branches);
  const asked: Asked[] = [];
  const answer = createGitServer({ folder: path.join(root, folder), user: "argocd", password });
  const server = createServer((request, response) => {
    asked.push({ url: request.url, headers: request.headers });
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const login = Buffer.from(`argocd:${password}`).toString("base64");
  return {
    asked,
    bare: path.join(root, "git/infra-k3s.git"),
    clones: path.join(root, "clones"),
    url: (user = "argocd", secret = password) =>
      `http://${user}:${secret}@127.0.0.1:${port}/infra-k3s.git`,
    ask: async (place: string, { authorization = `Basic ${login}`, ...options }: Asking = {}) =>
      await fetch(`http://127.0.0.1:${port}${place}`, { ...options, headers: { authorization } }),
  };
}

/** Not askGit, which would keep the server in this process from answering. */
async function callGit(
  folder: string,
  ...args: string[]
): Promise<{ code: number; stderr: string }> {
  const { run } = await import("../../lib/exec/run.ts");
  const allowedCodes = [0, 1, 128];
  return await run(["git", ...args], { cwd: folder, env: gitEnvironment, allowedCodes });
}

t.test("a clone by the one who may read, with protocol 2", { skip: noGit }, async (t) => {
  const { clones, url, asked } = await start(t);
  t.match(await callGit(clones, "clone", "--quiet", url()), { code: 0, stderr: "" });
  t.strictSame(askGit(path.join(clones, "infra-k3s"), "log", "--format=%s"), "second\nfirst");
  const last = asked.at(-1);
  t.match(last, {
    url: "/infra-k3s.git/git-upload-pack",
    headers: { "git-protocol": "version=2" },
  });
  t.match(await callGit(clones, "-c", "protocol.version=0", "ls-remote", url()), { code: 0 });
});

t.test("nobody else reads", { skip: noGit }, async (t) => {
  const { clones, url, ask } = await start(t);
  for (const wrong of [url("argocd", "wrong"), url("other"), url().replace(/argocd:.*@/, "")]) {
    const { code, stderr } = await callGit(clones, "clone", "--quiet", wrong);
    t.equal(code, 128);
    t.match(stderr, /Authentication failed|could not read Username/);
  }
  const { status, headers } = await ask("/infra-k3s.git/HEAD", { authorization: "" });
  t.equal(status, 401);
  t.match(headers.get("www-authenticate"), /^Basic /);
});

t.test("a shallow fetch, and one whose request is compressed", { skip: noGit }, async (t) => {
  const branches = 80;
  const { clones, url, asked, bare } = await start(t, { branches });
  await callGit(clones, "clone", "--quiet", "--depth=1", url(), "shallow");
  const shallow = path.join(clones, "shallow");
  t.equal(askGit(shallow, "log", "--format=%s"), "second");
  const first = askGit(bare, "rev-parse", "main~1");
  t.match(await callGit(shallow, "fetch", "--quiet", "origin", first), { code: 0 });

  asked.length = 0;
  const all = "refs/heads/*:refs/remotes/origin/*";
  t.match(await callGit(shallow, "fetch", "--quiet", "origin", all), { code: 0, stderr: "" });
  const list = askGit(shallow, "branch", "--remotes", "--list", "origin/other-*");
  t.equal(list.split("\n").length, branches);
  t.ok(asked.some(({ headers }) => headers["content-encoding"] === "gzip"));
});

t.test("nothing is pushed", { skip: noGit }, async (t) => {
  const { clones, url, bare, ask } = await start(t);
  await callGit(clones, "clone", "--quiet", url());
  const clone = path.join(clones, "infra-k3s");
  askGit(clone, "commit", "--quiet", "--allow-empty", "--message", "third");
  const { code, stderr } = await callGit(clone, "push", "--quiet", "origin", "main");
  t.equal(code, 128);
  t.match(stderr, "403");
  t.equal(askGit(bare, "log", "--format=%s"), "second\nfirst");
  const method = "POST";
  const body = "x".repeat(1_000_000);
  t.equal((await ask("/infra-k3s.git/git-receive-pack", { method, body })).status, 403);
});

t.test("no other repository, and no file of one, is there", { skip: noGit }, async (t) => {
  const { ask } = await start(t);
  const refs = "info/refs?service=git-upload-pack";
  t.equal((await ask(`/infra-k3s.git/${refs}`, { method: "HEAD" })).status, 200);
  for (const place of [`/other.git/${refs}`, "/", `/..%2fgit/infra-k3s.git/${refs}`]) {
    t.equal((await ask(place, { method: "HEAD" })).status, 404, place);
  }
  for (const place of ["/infra-k3s.git/HEAD", "/infra-k3s.git/info/refs"]) {
    t.equal((await ask(place)).status, 403, place);
  }
  t.equal((await ask("/infra-k3s.git/config")).status, 404);
  t.equal((await ask("/infra-k3s.git/git-upload-pack")).status, 405);
});
