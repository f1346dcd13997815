import t, { type Test } from "tap";
import { killAtCall } from "../support/memory/faults.ts";
import {
  createGitops,
  type GitopsWorld,
  listDemo,
  listMarks,
  listTemplatePins,
  moved,
  pinnedBySelector,
} from "../support/memory/gitops.ts";
import { listStarts } from "../support/memory/outage.ts";
import { type Ran, runFailover, runToEnd } from "../support/memory/run-failover.ts";

// Dozens of whole runs: on a busy machine they take longer than the usual 30 s.
t.setTimeout(180_000);

/** Everything that Git can have against a move: a pinned workload, and a claim that it cannot apply. */
async function createAgainst(): Promise<GitopsWorld> {
  const world = await createGitops({ db: pinnedBySelector, storage: "2Gi" });
  // Longer than judging and fencing take, so that the cut-over has to wait for it.
  world.hosts.restoreSeconds = 20;
  return world;
}

/** A run that stands still until Git has let go of the host, which it has now. */
async function createCorrected(): Promise<GitopsWorld> {
  const world = await createAgainst();
  await runToEnd(world);
  world.argo.git.set("demo", listDemo({ storage: "2Gi" }));
  return world;
}

/** What must hold at the end, whatever was killed when. */
function findBroken(world: GitopsWorld): string[] {
  const broken: string[] = [];
  const starts = [...new Set(listStarts(world))].toSorted();
  if (JSON.stringify(starts) !== JSON.stringify(moved))
    broken.push(`started: ${starts.join(", ")}`);
  if (world.argo.applied.length > 0)
    broken.push(`Argo CD has made ${world.argo.applied.join(", ")}`);
  return [...broken, ...listMarks(world), ...listTemplatePins(world)];
}

/** Kills a first process at every so manieth of its calls; `finish` is what people do after it. */
async function killAll(
  t: Test,
  create: () => Promise<GitopsWorld>,
  finish: (world: GitopsWorld) => Promise<Ran>,
): Promise<void> {
  const whole = killAtCall(await create(), Number.POSITIVE_INFINITY, "before");
  await runFailover(whole.world);
  const total = whole.calls();
  t.ok(total > 40, `${total} calls in a whole run`);
  // A prime: it visits all phases of the run.
  const stride = 17;
  for (let killAt = 1 + (total % stride); killAt <= total; killAt += stride) {
    for (const moment of ["before", "after"] as const) {
      const world = await create();
      const { world: mortal } = killAtCall(world, killAt, moment);
      await runFailover(mortal, { holder: "first" }).catch(() => undefined);
      const { exitCode, outcome } = await finish(world);
      await world.settle(60);
      const where = `killed ${moment} call ${killAt} of ${total}`;
      if (exitCode !== 0) t.fail(`${where}: ${JSON.stringify(outcome.failure)}`);
      const broken = findBroken(world);
      if (broken.length > 0) t.fail(`${where}: ${broken.join("; ")}`);
    }
  }
}

t.test("a run that Git works against is killed at any call, and gone on with", async (t) => {
  await killAll(t, createAgainst, async (world) => {
    const second = await runToEnd(world, { holder: "second" });
    t.equal(second.outcome.failure?.error.code, "RECOVERY_GIT_PINNED");
    world.argo.git.set("demo", listDemo({ storage: "2Gi" }));
    return await runToEnd(world, { holder: "third" });
  });
});

t.test("a run is killed at any call when Git has let go, and gone on with", async (t) => {
  await killAll(t, createCorrected, async (world) => await runToEnd(world, { holder: "second" }));
});
