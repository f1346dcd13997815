import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import t from "tap";
import { parseAllDocuments } from "yaml";
import { argocdLinks, ensureArgocdFiles } from "../../lab/argocd-files.ts";
import { ensureArgocdImages } from "../../lab/argocd-images.ts";
import { buildComponents } from "../../lab/build-components.ts";
import { ensureDebianFiles } from "../../lab/debian-files.ts";
import { downloadModule } from "../../lib/exec/go-module.ts";
import { readZip } from "../../lib/exec/unzip.ts";
import type { PodSpec } from "../../lib/objects.ts";
import { runImage, unpackImages } from "./support/run-image.ts";

/** Needs Go and a Debian mirror, and builds Argo CD the first time; no hosts. */
const timeout = 1_800_000;

const parts = await buildComponents({ only: ["argocd", "kustomize", "ksops", "umoci"] });
const debian = await ensureDebianFiles();
const images = await ensureArgocdImages({ ...parts, debian, files: await ensureArgocdFiles() });
const version = parts.versions["argocd"] ?? "";

// Not in the repository: whatever is in an image belongs to other users.
const folder = mkdtempSync(path.join(tmpdir(), "infra-k3s-argocd-"));
t.teardown(() => rmSync(folder, { recursive: true }));
const umoci = parts.programs["umoci"] ?? "";
const tags = images.names.map((name) => name.slice(name.lastIndexOf(":") + 1));
const bundles = await unpackImages(umoci, images.file, tags, folder);
const [argocd = "", redis = "", ksops = ""] = bundles;

const shell = async (bundle: string, script: string, env: Record<string, string> = {}) =>
  await runImage(bundle, { args: ["sh", "-ec", script], env });

await t.test("the images are those that upstream's manifest names", { timeout }, async (t) => {
  const { zip } = await downloadModule("github.com/argoproj/argo-cd/v3", version, folder);
  const [text = ""] = await readZip(zip, ["*/manifests/core-install.yaml"], folder);
  const pods = parseAllDocuments(text).flatMap((document) => {
    const object = document.toJS() as { spec?: { template?: { spec: PodSpec } } } | null;
    return object?.spec?.template?.spec ?? [];
  });
  const named = pods.flatMap(({ containers, initContainers = [] }) =>
    [...containers, ...initContainers].map(({ image }) => image),
  );
  t.strictSame(
    new Set(named),
    new Set(images.names.filter((name) => !name.includes("/viaductoss/"))),
  );
});

await t.test("Argo CD is there by each of its names", { timeout }, async (t) => {
  const asked = await runImage(argocd, { args: ["argocd", "version", "--client"] });
  t.match(asked.stdout, `argocd: ${version}`, asked.stderr);
  for (const name of argocdLinks) {
    const { code, stdout } = await runImage(argocd, { args: [`/usr/local/bin/${name}`, "--help"] });
    t.equal(code, 0, name);
    t.match(stdout, new RegExp(`^  ${name} \\[?`, "m"));
  }
  // What the repo-server's first container does.
  const copied = await shell(
    argocd,
    "/bin/cp /usr/local/bin/argocd /tmp && /bin/ln -sf /tmp/argocd /tmp/argocd-cmp-server && /tmp/argocd-cmp-server --help",
  );
  t.match(copied, { code: 0, stdout: /argocd-cmp-server/ });
});

await t.test("what Argo CD runs is there and runs", { timeout }, async (t) => {
  const home = { HOME: "/tmp" };
  t.match(await shell(argocd, "kustomize version"), { code: 0, stdout: /^v5\./ });
  t.match(await shell(argocd, "id -u; id -un; pwd"), { stdout: "999\nargocd\n/home/argocd\n" });

  const git = `git init --quiet /tmp/a && cd /tmp/a && git commit --quiet --allow-empty -m one &&
    git clone --quiet /tmp/a /tmp/b && cd /tmp/b && git submodule sync && git log --format=%s`;
  const author = "GIT_AUTHOR_NAME GIT_AUTHOR_EMAIL GIT_COMMITTER_NAME GIT_COMMITTER_EMAIL";
  const names = Object.fromEntries(author.split(" ").map((name) => [name, "a"]));
  t.match(await shell(argocd, git, { ...home, ...names }), {
    code: 0,
    stdout: "one\n",
    stderr: "",
  });
  // Nobody listens there; it is the program for TLS that says so.
  t.match(await shell(argocd, "git ls-remote https://127.0.0.1:1/a", home), {
    code: 128,
    stderr: /unable to access .* Failed to connect to 127\.0\.0\.1 port 1/,
  });
  t.match(await shell(argocd, "git ls-remote ssh://127.0.0.1:1/a", home), {
    code: 128,
    stderr: /ssh: connect to host 127\.0\.0\.1 port 1: Connection refused/,
  });
});

await t.test("the repo-server starts, and makes a key with gpg", { timeout }, async (t) => {
  const script = `
    mkdir -m 700 /tmp/keys
    argocd-repo-server >/tmp/log 2>&1 &
    for try in $(seq 300); do
      grep -q "is listening on" /tmp/log && break
      sleep 0.1
    done
    cat /tmp/log
    gpg --list-secret-keys`;
  const folders = { ARGOCD_GNUPGHOME: "/tmp/keys", GNUPGHOME: "/tmp/keys" };
  const { stdout } = await shell(argocd, script, { ...folders, HOME: "/tmp" });
  t.match(stdout, /is listening on/);
  t.match(stdout, /^uid +\[ultimate\] Anon Ymous/m);
});

await t.test("Redis takes the options of the manifest", { timeout }, async (t) => {
  t.match(await runImage(redis, { args: ["--version"] }), { code: 0, stdout: /^Redis server v=/ });
  const script = `
    redis-server --save '' --appendonly no '--requirepass secret' --port 0 --unixsocket /tmp/s >/tmp/log &
    until [ -S /tmp/s ]; do sleep 0.1; done
    redis-cli -s /tmp/s ping
    REDISCLI_AUTH=secret redis-cli -s /tmp/s ping
    REDISCLI_AUTH=secret redis-cli -s /tmp/s config get save
    REDISCLI_AUTH=secret redis-cli -s /tmp/s shutdown
    wait`;
  const { stdout } = await runImage(redis, { command: ["sh", "-c", script] });
  t.match(stdout, /^NOAUTH .*\n\nPONG\nsave\n\n/);
});

await t.test("the stand-in for KSOPS copies itself where there is no shell", async (t) => {
  const install = { command: ["/usr/local/bin/ksops", "install", "/tmp"] };
  t.match(await runImage(ksops, install), { code: 0, stderr: "" });
  const nowhere = { command: ["/usr/local/bin/ksops", "install", "/nowhere"] };
  t.match(await runImage(ksops, nowhere), { code: 1, stderr: /^ksops: .*no such file/ });
});
