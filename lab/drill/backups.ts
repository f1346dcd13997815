import { setTimeout as sleep } from "node:timers/promises";
import { exitCodes, InfraError } from "../../lib/errors.ts";
import type { Backup, PodVolumeBackup, Schedule } from "../../lib/objects.ts";
import { backupNameLabel, veleroNamespace } from "../../lib/velero/names.ts";
import type { Cluster } from "../kubectl.ts";

const inVelero = `--namespace=${veleroNamespace}`;

/** A first backup of the drill's size takes some ten seconds. */
const limitSeconds = 180;

/** Of what has the label infra-k3s.io/backup: critical, as both of the shop's stateful apps do. */
const scheduleName = "hourly-critical";

/**
 * Makes a backup as the schedule of critical apps would, which is what a person does by
 * `velero backup create --from-schedule`, and waits until it is whole. Throws EXEC_FAILED and
 * DRILL_BACKUP_FAILED.
 */
export async function makeBackup(
  cluster: Cluster,
  name: string,
  signal: AbortSignal,
): Promise<void> {
  const { kubectl, get } = cluster;
  const schedule = await get<Schedule>(inVelero, `schedule.velero.io/${scheduleName}`);
  const backup: Backup = {
    apiVersion: "velero.io/v1",
    kind: "Backup",
    metadata: {
      name,
      namespace: veleroNamespace,
      // Velero: pkg/apis/velero/v1/labels_annotations.go, ScheduleNameLabel.
      labels: { "velero.io/schedule-name": scheduleName },
    },
    spec: schedule.spec.template,
  };
  await kubectl(["create", "--filename=-"], { stdin: JSON.stringify(backup) });
  const phase = await waitForEnd(cluster, name, signal);
  const copies = await get<{ items: PodVolumeBackup[] }>(
    inVelero,
    "podvolumebackups.velero.io",
    `--selector=${backupNameLabel}=${name}`,
  );
  const broken = copies.items.filter(({ status }) => status?.phase !== "Completed");
  if (phase === "Completed" && copies.items.length > 0 && broken.length === 0) return;
  const reasons = broken.map(
    ({ spec, status }) => `${spec.volume}: ${status?.message ?? status?.phase}`,
  );
  throw new InfraError({
    code: "DRILL_BACKUP_FAILED",
    message: `backup ${name} is ${phase} with ${copies.items.length} volumes in it`,
    ...(reasons.length === 0 ? {} : { why: reasons.join("; ") }),
    fix: "Run the drill with --keep, then look at it: kubectl --namespace velero logs deployment/velero",
    exitCode: exitCodes.failed,
  });
}

async function waitForEnd({ get }: Cluster, name: string, signal: AbortSignal): Promise<string> {
  const deadline = performance.now() + limitSeconds * 1000;
  for (;;) {
    const { status } = await get<Backup>(inVelero, `backup.velero.io/${name}`);
    const phase = status?.phase ?? "New";
    if (/^(Completed|PartiallyFailed|Failed|FailedValidation)$/.test(phase)) return phase;
    if (performance.now() > deadline) return `still ${phase} after ${limitSeconds} s`;
    await sleep(500, undefined, { signal });
  }
}
