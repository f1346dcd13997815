import { existsSync, readFileSync } from "node:fs";
import { chmod, readdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import t from "tap";
import { buildComponents } from "../../lab/build-components.ts";
import type { BuildOptions } from "../../lab/build-components.ts";
import { checkDisk } from "../../lab/disk.ts";
import { hasCode, InfraError } from "../../lib/errors.ts";

const etcd =
  'printf "#!/bin/sh\\necho etcd Version: 3.6.16\\n" > $out/server; printf "#!/bin/sh\\necho etcdutl version: 3.6.16\\n" > $out/etcdutl; chmod +x $out/*';

/** A `go` that writes its arguments to $CALLS and runs `build`, with $out as the folder to fill. */
function makeGo(build: string, version = "go1.26.8"): string {
  return `#!/bin/bash
if [ "$1" = env ]; then printf '%s\\n' ${version} /tmp /tmp; exit; fi
echo "$GOTOOLCHAIN $GOFLAGS $GOOS $CGO_ENABLED $*" >> "$CALLS"
out=$3
${build}
`;
}

async function makeOptions(folder: string): Promise<BuildOptions & { cacheFolder: string }> {
  await chmod(path.join(folder, "bin/go"), 0o755);
  return {
    cacheFolder: path.join(folder, "cache"),
    only: ["etcd"],
    neededBytes: 0,
    env: {
      PATH: `${path.join(folder, "bin")}:/usr/bin:/bin`,
      CALLS: path.join(folder, "calls"),
      GOFLAGS: "-mod=mod",
      GOOS: "plan9",
      CGO_ENABLED: "1",
    },
  };
}

const readError = async (run: Promise<unknown>): Promise<unknown> =>
  await run.then(
    () => undefined,
    (error: unknown) => error,
  );

t.test("what is missing is built, what is there is not", async (t) => {
  const folder = t.testdir({
    bin: { go: makeGo(`echo golang.org/x/a >&2; echo unsafe >&2; ${etcd}`) },
    cache: {},
  });
  const options = await makeOptions(folder);
  const kinds: string[] = [];
  const first = await buildComponents({ ...options, onEvent: ({ kind }) => kinds.push(kind) });
  t.strictSame(first.built, ["etcd"]);
  t.strictSame(kinds, ["planned", "started", "built"]);
  t.match(first.folders["etcd"], /cache\/etcd-[0-9a-f]{16}$/);
  t.equal(first.programs["etcd"], path.join(first.folders["etcd"] ?? "", "etcd"));
  t.strictSame((await readdir(first.folders["etcd"] ?? "")).toSorted(), ["etcd", "etcdutl"]);

  const calls = readFileSync(path.join(folder, "calls"), "utf8");
  t.match(
    calls,
    /^local -mod=readonly linux 0 build -o \S+\/ -v -trimpath .* go\.etcd\.io\/etcd\/server\/v3 go\.etcd\.io\/etcd\/etcdutl\/v3\n$/,
  );

  const second = await buildComponents(options);
  t.strictSame(second, { ...first, built: [] });
  t.equal(readFileSync(path.join(folder, "calls"), "utf8"), calls);

  await writeFile(first.programs["etcd"] ?? "", "");
  t.strictSame((await buildComponents(options)).built, ["etcd"], "an empty file is no program");
});

t.test("a group that wants a newer Go has it fetched", async (t) => {
  const argocd =
    'printf "#!/bin/sh\\necho argocd: v3.6.1+unknown\\n" > $out/cmd; chmod +x $out/cmd';
  const folder = t.testdir({ bin: { go: makeGo(argocd) }, cache: {} });
  const options = { ...(await makeOptions(folder)), only: ["argocd"] };
  t.strictSame((await buildComponents(options)).built, ["argocd"]);
  t.match(readFileSync(path.join(folder, "calls"), "utf8"), /^go1\.27\.3 -mod=readonly linux 0 /);
});

t.test("a build that fails says why and leaves nothing", async (t) => {
  const build =
    "echo golang.org/x/a >&2; echo '# etcd' >&2; echo 'main.go:1:1: not Go' >&2; exit 1";
  const options = await makeOptions(t.testdir({ bin: { go: makeGo(build) }, cache: {} }));
  const error = await readError(buildComponents(options));
  t.match(error, {
    code: "LAB_BUILD_FAILED",
    exitCode: 4,
    why: "# etcd\n       main.go:1:1: not Go",
  });
  t.strictSame(await readdir(options.cacheFolder), []);
});

t.test("a program that does not answer is not kept", async (t) => {
  const build =
    "printf '#!/bin/sh\\necho etcd Version: 3.5\\n' > $out/server; chmod +x $out/server";
  const options = await makeOptions(t.testdir({ bin: { go: makeGo(build) }, cache: {} }));
  const error = await readError(buildComponents(options));
  t.match(error, {
    code: "LAB_PROGRAM_BROKEN",
    why: /should say "etcd Version: 3\.6\..*said: etcd Version: 3\.5/,
  });
  t.strictSame(await readdir(options.cacheFolder), []);
});

t.test("an interrupted build stops what Go has started, and the next one goes on", async (t) => {
  const folder = t.testdir({
    bin: { go: makeGo('sleep 60 & echo $! > "$CALLS.pid"; wait') },
    cache: {},
  });
  const options = await makeOptions(folder);
  const stop = new AbortController();
  const run = readError(buildComponents({ ...options, signal: stop.signal }));
  const pidFile = path.join(folder, "calls.pid");
  while (!existsSync(pidFile) || readFileSync(pidFile, "utf8") === "") await sleep(10);
  const reason = new InfraError({ code: "RUN_INTERRUPTED", message: "interrupted" });
  stop.abort(reason);
  t.equal(await run, reason);
  t.strictSame(await readdir(options.cacheFolder), []);
  const pid = Number(readFileSync(pidFile, "utf8"));
  while (isRunning(pid)) await sleep(10);

  await writeFile(path.join(folder, "bin/go"), makeGo(etcd));
  t.strictSame((await buildComponents(options)).built, ["etcd"]);
});

/** A process that has ended may wait for whoever adopted it to ask for its code. */
function isRunning(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

t.test("without Go, with an old one or a full disk nothing is begun", async (t) => {
  const folder = t.testdir({ bin: { go: makeGo(etcd, "go1.25.4") }, cache: {} });
  const options = await makeOptions(folder);
  t.ok(hasCode(await readError(buildComponents(options)), "LAB_GO_TOO_OLD"));
  const none = { ...options, env: { PATH: path.join(folder, "cache") } };
  t.match(await readError(buildComponents(none)), { code: "LAB_GO_MISSING", fix: /Install Go/ });
  const room = checkDisk([path.join(folder, "not/yet/made")], Infinity);
  t.match(await readError(room), { code: "LAB_DISK_FULL", why: /are free, .* are needed/ });
  await checkDisk([folder], 1);
  t.strictSame(await readdir(options.cacheFolder), []);
  t.notOk(existsSync(path.join(folder, "calls")));
});
