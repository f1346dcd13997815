import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import path from "node:path";
import t from "tap";
import { makeBackup } from "../../../lab/drill/backups.ts";
import { readCatalogue, readKept } from "../../../lab/drill/database.ts";
import { prepareParts } from "../../../lab/drill/lab-parts.ts";
import { readTrees } from "../../../lab/drill/look-after.ts";
import { makeCluster } from "../../../lab/drill/run-drill.ts";
import { findPod, listShopVolumes } from "../../../lab/drill/shop.ts";
import { compareTrees, type Tree } from "../../../lab/drill/tree.ts";
import { openCluster } from "../../../lab/kubectl.ts";
import { ensureLogins } from "../../../lab/logins.ts";
import { loseHosts } from "../../../lab/lose-hosts.ts";
import { findPaths } from "../../../lab/paths.ts";
import { startProgress } from "../../../lab/progress.ts";
import { runScript, type ScriptEnd } from "../../../lab/run-script.ts";
import { bringUp } from "../../../lab/up.ts";
import { describeApplication, isWell } from "../../../lib/argocd/describe-application.ts";
import { loadSite } from "../../../lib/config/site.ts";
import type { Application } from "../../../lib/objects.ts";
import type { RestorePlan } from "../../../lib/recovery/plan.ts";
import type { RecoveryStatus } from "../../../lib/recovery/status.ts";
import { testLostNode } from "../support/lost-node.ts";
import { claimLab } from "../support/own-lab.ts";
import { setUpLaptop } from "../support/second-laptop.ts";

/**
 * All hosts are lost; new ones become the same cluster from Git, with the data of the bucket. Then the
 * node is lost that Velero, Argo CD and CoreDNS run on, and the operator's machine with it. Needs root
 * and what a drill needs, and makes and takes down a lab of its own.
 */
const paths = findPaths();
const timeout = 1_500_000;
const { signal } = new AbortController();
const progress = startProgress((text) => process.stderr.write(text));

claimLab(t, paths);

const parts = await prepareParts(paths, { progress, signal });
await bringUp(paths, { withMesh: true, progress, signal });
await makeCluster(paths, parts, { progress, signal });
const cluster = openCluster(paths, parts.components.programs, signal);

async function run(...argv: [string, ...string[]]): Promise<ScriptEnd & { seconds: number }> {
  const startedAt = performance.now();
  const env = { ANSIBLE_HOME: paths.ansible };
  const onLine = (line: string) => progress.say(`  ${line}`);
  const end = await runScript(paths, argv, { home: paths.ansible, env, onLine, signal });
  return { ...end, seconds: (performance.now() - startedAt) / 1000 };
}

/** The quiet files of the shop, on the disks of the hosts that they are on. */
async function readFiles(): Promise<Map<string, Tree>> {
  const node = (await findPod(cluster, "uploads"))?.spec.nodeName ?? "";
  return await readTrees(paths, node, await listShopVolumes(cluster));
}

async function listUnwell(): Promise<string[]> {
  const { items } = await cluster.get<{ items: Application[] }>("applications", "-nargocd");
  const unwell = items.filter((one) => !isWell(one));
  return unwell.map((one) => `${one.metadata.name}: ${describeApplication(one)}`);
}

/** What a run has left besides the volumes that were there before it. */
async function listOpen(): Promise<string[]> {
  const { document } = await run("scripts/dr/status.ts");
  const { runs, nodes, schedules, applications, pods } = document.result as RecoveryStatus;
  const open = [...runs, ...nodes, ...schedules, ...applications, ...pods];
  return open.map((one) => JSON.stringify(one));
}

const filesBefore = await readFiles();
const catalogueBefore = await readCatalogue(cluster);
const ordersBefore = await readKept(cluster);
await makeBackup(cluster, "before-the-fire", signal);

t.test("all hosts are lost: one command makes the cluster again", { timeout }, async (t) => {
  await loseHosts(paths);
  await bringUp(paths, { withMesh: true, progress, signal });
  await ensureLogins(paths);
  const early = await run("scripts/setup/init-cluster.ts", "--rebuild", "--confirm", "lab");
  t.match(early.document.error, { code: "HOSTS_UNFIT", fix: /mesh\.yml .*ssh\.yml/ });
  // As docs/disaster-recovery.md says.
  await rm(path.join(paths.inventory, "host_vars"), { recursive: true });

  const { exitCode, document, seconds } = await run(
    "scripts/setup/init-cluster.ts",
    "--rebuild",
    "--confirm",
    "lab",
  );
  t.equal(exitCode, 0, JSON.stringify(document));
  t.comment(`rebuilt with its data in ${seconds.toFixed(0)} s`);

  const filesAfter = await readFiles();
  for (const [claim, tree] of filesBefore) {
    t.strictSame(compareTrees(tree, filesAfter.get(claim) ?? {}), [], claim);
  }
  t.equal(await readCatalogue(cluster), catalogueBefore);
  const kept = new Map((await readKept(cluster)).map(({ n, at }) => [n, at]));
  const lost = ordersBefore.filter(({ n, at }) => kept.get(n) !== at);
  t.ok(ordersBefore.length > 0);
  t.strictSame(lost, [], "every order of before the backup is there");
  t.strictSame(await listUnwell(), []);
  t.strictSame(await listOpen(), []);
});

t.test("a second time there is nothing to bring back", { timeout }, async (t) => {
  const { exitCode, document } = await run("scripts/dr/restore-workload.ts", "--all", "--dry-run");
  t.equal(exitCode, 0, JSON.stringify(document));
  const { plan } = document.result as { plan: RestorePlan };
  t.strictSame(plan.units, []);
});

t.test("an app goes to another node, back to its newest backup", { timeout }, async (t) => {
  const from = (await findPod(cluster, "uploads"))?.spec.nodeName;
  const to = from === "vps-vultr-1" ? "vps-aws-1" : "vps-vultr-1";
  const pod = (await findPod(cluster, "uploads"))?.metadata.name ?? "";
  await cluster.kubectl(["exec", "-nshop", pod, "--", "rm", "/uploads/private/key"]);

  const { exitCode, document, seconds } = await run(
    "scripts/dr/restore-workload.ts",
    "--app",
    "shop/uploads",
    "--backup",
    "latest",
    "--target-node",
    to,
    "--confirm",
    "shop/uploads",
  );
  t.equal(exitCode, 0, JSON.stringify(document));
  t.comment(`restored in ${seconds.toFixed(0)} s`);
  t.equal((await findPod(cluster, "uploads"))?.spec.nodeName, to);
  const files = await readFiles();
  for (const [claim, tree] of filesBefore) {
    t.strictSame(compareTrees(tree, files.get(claim) ?? {}), [], claim);
  }
  t.strictSame(await listUnwell(), [], "Argo CD has nothing against it");
  t.strictSame(await listOpen(), []);
});

t.test("the node is lost that everything runs on", { timeout }, async (t) => {
  const node = (await findPod(cluster, "uploads"))?.spec.nodeName ?? "";
  await testLostNode(t, { paths, cluster, node, signal });
});

t.test("a second laptop brings its workloads back", { timeout }, async (t) => {
  const source = (await findPod(cluster, "uploads"))?.spec.nodeName ?? "";
  const target = source === "vps-vultr-1" ? "vps-aws-1" : "vps-vultr-1";
  const { recoveryKeyFile } = await loadSite({ site: paths.state, env: {} });
  t.ok(existsSync(recoveryKeyFile), "the recovery key was made with the site");
  const laptop = await setUpLaptop(paths, recoveryKeyFile, {
    onLine: (line) => progress.say(`  ${line}`),
    signal,
  });
  t.teardown(laptop.remove);

  const secrets = await laptop.script("scripts/setup/init-secrets.ts");
  t.equal(secrets.exitCode, 0, JSON.stringify(secrets.document));
  await laptop.fetchKubeconfig();
  const { exitCode, document } = await laptop.script(
    "scripts/dr/failover.ts",
    "--source-node",
    source,
    "--target-node",
    target,
    "--confirm",
    source,
  );
  t.equal(exitCode, 0, JSON.stringify(document));
  t.equal((await findPod(cluster, "uploads"))?.spec.nodeName, target);
  const files = await readFiles();
  for (const [claim, tree] of filesBefore) {
    t.strictSame(compareTrees(tree, files.get(claim) ?? {}), [], claim);
  }
});
