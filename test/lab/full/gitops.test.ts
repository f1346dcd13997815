import t from "tap";
import { buildDrillReport } from "../../../lab/drill/report.ts";
import { drillNodes, runDrill } from "../../../lab/drill/run-drill.ts";
import { plantTraps } from "../../../lab/drill/traps.ts";
import type { Cluster } from "../../../lab/kubectl.ts";
import { findPaths } from "../../../lab/paths.ts";
import { failOverAgainstGit, turnGitAgainst } from "../support/git-against.ts";
import { claimLab } from "../support/own-lab.ts";

/**
 * A drill in which Git works against the failover: it binds the workloads to the host that is lost, and
 * has a claim that the cluster cannot make. Needs root and what a drill needs, and makes and takes down a
 * lab of its own.
 */
const timeout = 1_500_000;
const paths = findPaths();
const { signal } = new AbortController();
const progress = { say: (text: string) => t.comment(text), readSeconds: () => 0 };

claimLab(t, paths);

t.test("a failover that Git works against", { timeout }, async (t) => {
  const traps = await plantTraps(paths.traps);
  let place: { paths: typeof paths; cluster: Cluster; signal: AbortSignal } | undefined;
  const facts = await runDrill(paths, {
    progress,
    signal,
    traps,
    async beforeFailure(cluster) {
      place = { paths, cluster, signal };
      await turnGitAgainst(t, place, drillNodes.source);
    },
    failOver: failOverAgainstGit(t, () => {
      if (place === undefined) throw new Error("there is no cluster yet");
      return place;
    }),
  });
  for (const one of buildDrillReport(facts).checks) {
    t.ok(one.passed, `${one.title}: ${one.measured}, wanted ${one.wanted}`);
  }
});
