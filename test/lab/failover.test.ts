import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import t from "tap";
import { buildDrillReport } from "../../lab/drill/report.ts";
import { type FailOver, failOver } from "../../lab/drill/fail-over.ts";
import { findOnDisk } from "../../lab/drill/disk.ts";
import { drillNodes, runDrill } from "../../lab/drill/run-drill.ts";
import { plantTraps } from "../../lab/drill/traps.ts";
import { takeDown } from "../../lab/down.ts";
import { withLock } from "../../lab/lock.ts";
import { findPaths } from "../../lab/paths.ts";
import { startProgress } from "../../lab/progress.ts";
import { testGitMistakes } from "./support/git-mistakes.ts";
import { testGitRules } from "./support/git-rules.ts";
import { testMistakes } from "./support/refused-failovers.ts";

/**
 * A drill whose failover is first asked for what it has to refuse, and then killed twice at its
 * worst moments. Needs root and what a drill needs, and takes the lab down.
 */
const timeout = 1_500_000;
const paths = findPaths();
const storage = "/var/lib/rancher/k3s/storage";

/**
 * Moments to die at, by what the failover has just told: the second is between the reserved volumes and
 * the released claims; where the volumes are there at once, nothing is told of it, and it is a moment
 * later, when the first claim is released.
 */
const moments = [
  { name: "in the middle of the restores", after: /Restore shop\/base-postgres-0 .*is Running/ },
  { name: "in the middle of the cut-over", after: /to be Available|the old claim is gone/ },
];

t.setTimeout(timeout);

t.test("a drill with mistakes and kills", { timeout }, async (t) => {
  const progress = startProgress((text) => process.stderr.write(text));
  const signal = AbortSignal.timeout(timeout);
  const folder = await mkdtemp(path.join(tmpdir(), "infra-k3s-test-"));
  const traps = await plantTraps(paths.traps);
  const killed: string[] = [];

  const failOverWithKills: FailOver = async (labPaths, nodes, options) => {
    for (const { name, after } of moments) {
      let pid = 0;
      let isDead = false;
      const facts = await failOver(labPaths, nodes, {
        ...options,
        onPid: (given) => (pid = given),
        onLine: (line) => {
          options.onLine?.(line);
          if (isDead || !after.test(line)) return;
          isDead = true;
          process.kill(pid, "SIGKILL");
        },
      });
      t.equal(facts.exitCode, -1, `killed ${name}`);
      if (isDead) killed.push(name);
    }
    return await failOver(labPaths, nodes, options);
  };

  await withLock("test", async () => {
    t.teardown(async () => {
      await rm(folder, { recursive: true, force: true });
      await takeDown(paths, progress);
    });
    const facts = await runDrill(paths, {
      progress,
      signal,
      traps,
      failOver: failOverWithKills,
      async beforeFailure(cluster) {
        const { source, target } = drillNodes;
        await t.test("Git rules the cluster", { timeout }, async (t) => {
          await testGitRules(t, { paths, cluster, signal });
        });
        await t.test("mistakes in Git", { timeout }, async (t) => {
          await testGitMistakes(t, { paths, cluster, signal });
        });
        await t.test("mistakes", { timeout }, async (t) => {
          await testMistakes(t, { paths, cluster, source, target, folder, signal });
        });
      },
    });
    t.strictSame(
      killed,
      moments.map(({ name }) => name),
    );
    for (const one of buildDrillReport(facts).checks) {
      t.ok(one.passed, `${one.title}: ${one.measured}, wanted ${one.wanted}`);
    }
    const left = await readdir(findOnDisk(paths, drillNodes.target, storage));
    t.equal(left.length, facts.oldVolumes.length, `only the moved volumes: ${left.join(", ")}`);
  });
});
