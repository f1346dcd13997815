import { exitCodes, InfraError } from "../../errors.ts";
import type { Step } from "../../steps/step.ts";
import { judge, renderSample, type Sample, takeSample, type Verdict } from "../evidence.ts";
import type { FailoverPlan } from "../plan.ts";
import { outOfServiceTaint, quarantineTaint } from "../labels.ts";
import type { Failover } from "./recovery.ts";
import { isAllReleased } from "./released-claim.ts";

const everySeconds = 3;

/** A source that cannot be judged in this time needs a person. */
const limitSeconds = 75;

/** A source may well die between the plan and the judging; what it wrote then is lost anyway. */
const stalePlanSeconds = 60;

/** Asks all witnesses until it is clear whether the source is dead; a live one ends the run. */
export function judgeSource({ world, plan }: Failover): Step {
  const { source } = plan;
  return {
    id: "judge-source",
    title: `Judge whether ${source.name} is dead`,
    after: ["preserve-volumes"],
    timeoutSeconds: limitSeconds + 60,
    waitsFor: "samples that decide it",
    async observe() {
      if (await isAllReleased({ world, plan }))
        return { state: "not-needed", note: "all is cut over already" };
      const node = await world.cluster.find({ kind: "Node", name: source.name });
      const taints = node?.spec?.taints ?? [];
      // Both were set by this run after its proof: it has been judged.
      const judged =
        taints.some((taint) => taint.key === outOfServiceTaint) &&
        taints.some((taint) => taint.key === quarantineTaint && taint.value === plan.runId);
      return judged
        ? { state: "not-needed", note: "judged and fenced by this run already" }
        : { state: "open" };
    },
    async act() {},
    async verify(run) {
      const { samples, verdict } = await sampleUntilClear(
        { world, plan },
        (note) => run.report({ note }),
        run.signal,
      );
      if (verdict.is !== "DEAD") throw refuse(source.name, verdict);
      checkPlanIsOfNow(plan, samples);
      return { verdict: verdict.is, why: verdict.why, samples: samples.map(renderSample) };
    },
  };
}

/** Takes samples until they decide, or the limit is reached. */
export async function sampleUntilClear(
  { world, plan }: Failover,
  onSample: (note: string) => void,
  signal?: AbortSignal,
): Promise<{ samples: Sample[]; verdict: Verdict }> {
  const samples: Sample[] = [];
  const end = world.clock.now() + limitSeconds * 1000;
  for (;;) {
    samples.push(await takeSample(world, plan));
    const verdict = judge(samples);
    onSample(`${verdict.is === "UNDECIDED" ? "not clear yet" : verdict.is}: ${verdict.why}`);
    if (verdict.is !== "UNDECIDED" || world.clock.now() >= end) return { samples, verdict };
    await world.clock.sleep(everySeconds, signal);
  }
}

/** A source that lived on after the plan has newer data, and maybe newer backups, than it says. */
function checkPlanIsOfNow(plan: FailoverPlan, samples: Sample[]): void {
  const heartbeat = samples.at(-1)?.heartbeat;
  if (heartbeat === undefined) return;
  const seconds = (Date.parse(heartbeat) - Date.parse(plan.failedAt)) / 1000;
  if (seconds <= stalePlanSeconds) return;
  throw new InfraError({
    code: "RECOVERY_PLAN_STALE",
    message: `"${plan.source.name}" lived on after this run was planned`,
    why: `the plan says ${plan.failedAt}, its last heartbeat was ${heartbeat}`,
    fix: "Run the same command again: it plans anew, from the newest backups",
    exitCode: exitCodes.needsPerson,
  });
}

function refuse(source: string, verdict: Verdict): InfraError {
  const exitCode = exitCodes.needsPerson;
  const { why } = verdict;
  if (verdict.is === "ALIVE") {
    return new InfraError({
      code: "RECOVERY_SOURCE_ALIVE",
      message: `"${source}" is alive`,
      why,
      fix: "Nothing has to be recovered; to empty the host, drain it and move its volumes by a backup and restore",
      exitCode,
    });
  }
  if (verdict.is === "PARTITIONED") {
    return new InfraError({
      code: "RECOVERY_SOURCE_PARTITIONED",
      message: `"${source}" runs, but is cut off from the cluster`,
      why: `${why}; it may still serve its users and take their writes, and this version cannot withdraw it from DNS yet`,
      fix: "Mend the network, or switch the host off at its provider and run the same command again",
      exitCode,
    });
  }
  return new InfraError({
    code: "RECOVERY_SOURCE_UNKNOWN",
    message: `whether "${source}" is dead could not be found out`,
    why,
    fix: "Look at the host at its provider; when it is off there, run the same command again",
    exitCode,
  });
}
