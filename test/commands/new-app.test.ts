import {
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import t, { type Test } from "tap";
import { type AppRequest, planNewApp } from "../../lib/apps/plan-new-app.ts";
import { runCommand } from "../../lib/cli/run-command.ts";
import { checkFolder, readAppSources, writeApp } from "../../lib/commands/app-files.ts";
import { newApp } from "../../lib/commands/new-app.ts";
import { openValidation } from "../../lib/commands/open-validation.ts";
import { repositoryRoot } from "../../lib/config/paths.ts";
import { findKustomize } from "../../lib/exec/kustomize.ts";
import { listFiles } from "../../lib/lint/list-files.ts";
import { validateFolder } from "../../lib/lint/validate-folder.ts";
import { createFakeTerminal } from "../support/fake-terminal.ts";
import { askGit, noGit } from "../support/git.ts";

const list = "kubernetes/apps/kustomization.yaml";

/** What the cluster gets of this repository, without its apps, in a folder of its own. */
function createRepository(t: Test): string {
  const root = t.testdir({});
  const apps = ["_template", "_examples"].map((name) => `apps/${name}`);
  const folders = ["bootstrap", "infrastructure", "repository", ...apps];
  for (const folder of ["config/velero", ...folders.map((name) => `kubernetes/${name}`)]) {
    cpSync(path.join(repositoryRoot, folder), path.join(root, folder), { recursive: true });
  }
  writeFileSync(
    path.join(root, list),
    `apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources: []
components:
  - ../repository
`,
  );
  return root;
}

const shop: AppRequest = { name: "shop", tier: "critical", route: "ingress", hasSecret: false };

async function write(root: string, change: Partial<AppRequest> = {}): Promise<void> {
  const app = await planNewApp({ ...shop, ...change }, await readAppSources(root));
  await checkFolder(root, app);
  await writeApp(root, app);
}

async function validate(root: string) {
  const options = { operand: root, withCache: false, fix: false, kubeconfigFile: undefined };
  const { findings, counts } = await openValidation(options, process.env);
  return { counts, found: findings.map(({ code, where }) => `${where.file} ${code}`) };
}

async function writeAll(root: string): Promise<void> {
  for (const tier of ["critical", "standard", "stateless"] as const) {
    for (const route of ["ingress", "gateway", "none"] as const) {
      await write(root, { name: `${tier}-${route}`, tier, route });
    }
  }
}

const hasKustomize = (await findKustomize(process.env)) !== undefined;
const skip = hasKustomize ? false : "neither kustomize nor kubectl is here";

t.test("whatever is chosen passes validate, rendered", { skip }, async (t) => {
  const root = createRepository(t);
  const before = await validate(root);
  await writeAll(root);
  const after = await validate(root);
  t.strictSame(after.found, []);
  // Six objects each, the kustomization among them, and those of three Ingresses and three Gateways.
  t.equal(after.counts.objects - before.counts.objects, 9 * 6 + 3 * 2 + 3 * 4);
});

t.test("whatever is chosen passes validate as it is written", async (t) => {
  const root = createRepository(t);
  await writeAll(root);
  const today = "2026-01-01";
  const { report } = await validateFolder({ folder: root, ...listFiles(root), today });
  t.strictSame(report.findings, []);
});

t.test("an app with a secret is right when the secret is there", async (t) => {
  const root = createRepository(t);
  await write(root, { hasSecret: true });
  const { found } = await validate(root);
  t.strictSame(found, ["kubernetes/apps/shop/secrets.yaml KUSTOMIZATION_PATH_MISSING"]);
  writeFileSync(path.join(root, "kubernetes/apps/shop/shop.sops.yaml"), "");
  t.strictSame((await validate(root)).found, []);
});

t.test("the example is judged, is off, and may be copied", async (t) => {
  const root = createRepository(t);
  const apps = path.join(root, "kubernetes/apps");
  const file = path.join(apps, "_examples/postgres/postgres.yaml");
  const text = readFileSync(file, "utf8");
  writeFileSync(file, text.replace("base-postgres-0", "base-postgres-1"));
  t.strictSame((await validate(root)).found, [
    "kubernetes/apps/_examples/postgres/postgres.yaml PVC_REBUILD",
  ]);
  writeFileSync(file, text);
  await write(root, { name: "postgres" });
  t.strictSame((await validate(root)).found, []);
});

t.test("the example, when it is on, needs its secret and nothing else", async (t) => {
  const root = createRepository(t);
  const file = path.join(root, list);
  const on = "resources: [_examples/postgres/application.yaml]";
  writeFileSync(file, readFileSync(file, "utf8").replace("resources: []", on));
  t.strictSame((await validate(root)).found, [
    "kubernetes/apps/_examples/postgres/secrets.yaml KUSTOMIZATION_PATH_MISSING",
  ]);
});

t.test("an app that is there is not written over, listed or not", async (t) => {
  const root = createRepository(t);
  await write(root);
  await t.rejects(write(root), { code: "APP_NAME_TAKEN" });
  const leftover = path.join(root, "kubernetes/apps/mail");
  mkdirSync(leftover);
  writeFileSync(path.join(leftover, "notes"), "");
  await t.rejects(write(root, { name: "mail" }), { code: "APP_FOLDER_EXISTS" });
  t.strictSame(readdirSync(leftover), ["notes"]);
});

t.test("a folder that Git would leave out is refused", { skip: noGit }, async (t) => {
  const root = createRepository(t);
  askGit(root, "init", "--quiet");
  writeFileSync(path.join(root, ".gitignore"), "reports/\n");
  await t.rejects(write(root, { name: "reports" }), { code: "APP_FOLDER_IGNORED" });
  await write(root);
});

t.test("what fails leaves nothing behind", async (t) => {
  const root = createRepository(t);
  const apps = path.join(root, "kubernetes/apps");
  const app = await planNewApp(shop, await readAppSources(root));
  const before = readdirSync(apps);
  // A name that no file can have fails behind the first files.
  const files = new Map([...app.files, [`${"x".repeat(300)}.yaml`, ""]]);
  await t.rejects(writeApp(root, { ...app, files }));
  t.strictSame(readdirSync(apps), before);
  // No file takes the place of a folder: that fails when the app is there already.
  const file = path.join(root, list);
  rmSync(file);
  mkdirSync(file);
  await t.rejects(writeApp(root, app));
  t.strictSame(readdirSync(apps), before);
  t.strictSame(readdirSync(path.join(root, ".cache")), []);
  rmdirSync(file);
  await t.rejects(readAppSources(root), { code: "APP_LIST_UNREADABLE" });
});

async function run(...args: string[]) {
  const terminal = createFakeTerminal();
  const exitCode = await runCommand(newApp, args, terminal);
  process.exitCode = 0;
  return { exitCode, out: terminal.stdout, err: terminal.stderr };
}

t.test("the command shows what it would write, and writes nothing", async (t) => {
  const apps = path.join(repositoryRoot, "kubernetes/apps");
  const before = readdirSync(apps);
  t.match(await run("shop-of-a-test", "--tier", "critical", "--dry-run"), {
    exitCode: 0,
    out: /^--- kubernetes\/apps\/shop-of-a-test\/application\.yaml\n[^]*workload\/stateful[^]*Nothing was written\n$/,
  });
  const { out } = await run("shop-of-a-test", "--tier", "stateless", "--dry-run", "--json");
  t.match(JSON.parse(out), { ok: true, result: { folder: "kubernetes/apps/shop-of-a-test" } });
  t.strictSame(readdirSync(apps), before);
});

t.test("the command refuses what it cannot do", async (t) => {
  const cases: [string[], RegExp][] = [
    [["--tier", "critical"], /CLI_ARGUMENT_MISSING/],
    [["shop"], /CLI_FLAG_MISSING/],
    [["shop", "--tier", "important"], /CLI_VALUE_INVALID/],
    [["Shop", "--tier", "critical"], /APP_NAME_INVALID/],
    [["velero", "--tier", "critical"], /APP_NAME_TAKEN/],
    [["argocd", "--tier", "critical"], /APP_NAME_TAKEN/],
    [["shop", "--tier", "critical"], /APP_NAME_TAKEN\]\n.*lab\/gitops/],
    [["bootstrap", "--tier", "critical"], /APP_NAME_TAKEN/],
  ];
  for (const [args, err] of cases) t.match(await run(...args), { exitCode: 2, err });
});
