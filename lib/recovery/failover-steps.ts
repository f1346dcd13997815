import type { Step } from "../steps/step.ts";
import type { World } from "../world.ts";
import { buildFillSteps } from "./fill-steps.ts";
import type { FailoverPlan } from "./plan.ts";
import type { DnsWay } from "./dns-way.ts";
import { awaitNames } from "./steps/await-names.ts";
import { awaitReady } from "./steps/await-ready.ts";
import { backUpAgain } from "./steps/back-up-again.ts";
import { cutOver } from "./steps/cut-over.ts";
import { declareOutOfService } from "./steps/declare-out-of-service.ts";
import { fenceSource } from "./steps/fence-source.ts";
import { pauseSchedules, resumeSchedules } from "./steps/hold-schedules.ts";
import { judgeSource } from "./steps/judge-source.ts";
import { pauseGitops } from "./steps/pause-gitops.ts";
import { preserveVolumes } from "./steps/preserve-volumes.ts";
import { quarantineSource } from "./steps/quarantine-source.ts";
import { ownFolders } from "./steps/restore-volume.ts";
import { redirectNames } from "./steps/redirect-names.ts";
import { resumeGitops } from "./steps/resume-gitops.ts";
import { settle } from "./steps/settle.ts";
import { stopDeadNode } from "./steps/stop-dead-node.ts";
import { unpinWorkloads } from "./steps/unpin-workloads.ts";

/**
 * The steps of a failover. Restores need no proof and start at once, beside the judging and the
 * fencing of the source; nothing is moved before both have ended well.
 */
export function buildFailoverSteps(world: World, plan: FailoverPlan, dns: DnsWay): Step[] {
  const recovery = { world, plan };
  const writers = stopDeadNode(recovery);
  const { name } = plan.source;
  return [
    ownFolders(recovery, plan.target),
    preserveVolumes(recovery, { name, deadNode: name }),
    ...buildFillSteps(recovery),
    judgeSource(recovery),
    quarantineSource(recovery),
    pauseSchedules(recovery, ["judge-source"], name),
    pauseGitops(recovery),
    fenceSource(recovery),
    unpinWorkloads(recovery),
    declareOutOfService(recovery),
    ...plan.units.flatMap((unit) => [cutOver(recovery, unit, writers), awaitReady(recovery, unit)]),
    redirectNames(recovery, dns),
    awaitNames(recovery, dns),
    backUpAgain(recovery, name),
    resumeSchedules(recovery),
    settle(recovery),
    resumeGitops(recovery),
  ];
}
