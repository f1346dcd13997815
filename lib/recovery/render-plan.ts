import { renderTable } from "../cli/table.ts";
import type { NewRecord } from "../records.ts";
import { renderBytes } from "../steps/render-lines.ts";
import { describeClaim } from "./names.ts";
import { type FailoverPlan, listVolumes, type PlannedVolume, type RecoveryPlan } from "./plan.ts";

/** The plan as a person reads it before saying yes: what is lost first, then what is done. */
export function renderPlan(plan: FailoverPlan): string {
  const { source, target } = plan;
  const volumes = listVolumes(plan);
  const bytes = volumes.reduce((sum, volume) => sum + volume.bytes, 0);
  const lines = [
    `Failover of ${source.name} to ${target.name}, run ${plan.runId}`,
    "",
    `Last heartbeat of ${source.name}: ${plan.failedAt}. What was written after the recovery point is lost:`,
    "",
    renderTable(volumes.map(renderVolume), [
      "VOLUME",
      "RECOVERY POINT",
      "LOSS",
      "SIZE",
      "FROM",
    ]).trimEnd(),
    ...renderPassedOver(volumes),
    "",
    "In this order; nothing is moved before there is proof that the source is off:",
    `  keep      every volume of ${source.name} (${plan.preserve.length} change to Retain); none is deleted`,
    `  restore   ${volumes.length} volumes, ${renderBytes(bytes)}, ${plan.restoreConcurrency[target.name]} at once, into fresh folders on ${target.name}`,
    `  judge     ${source.name}; a host that is alive ends the run, and everything is undone`,
    `  quarantine, pause schedules: ${plan.schedules.join(", ") || "none"}`,
    ...renderGitops(plan),
    `  fence     power off machine ${source.machine.id} at ${source.machine.provider}`,
    `! taint     ${source.name} as out of service: its pods are deleted by force`,
    ...plan.units.map(
      (unit) =>
        `! cut over  ${unit.owner ?? "unused claims"} in ${unit.namespace}: ${unit.volumes.map((one) => one.claim.name).join(", ")}`,
    ),
    ...renderNames(plan),
    `  back up   ${plan.backup.namespaces.join(", ") || "nothing"}, resume what was paused`,
    "  (! cannot be undone)",
  ];
  if (plan.movesByItself.length > 0) {
    lines.push("", `Moves by itself: ${plan.movesByItself.map(describeClaim).join(", ")}`);
  }
  if (plan.evidence !== undefined) {
    const { verdict, why, samples } = plan.evidence;
    lines.push("", `${source.name} is ${verdict}: ${why}`, ...samples.map((one) => `  ${one}`));
  }
  return `${[...lines, ...renderTrouble(plan)].join("\n")}\n`;
}

/** What a person should know, and what forbids the plan. */
export function renderTrouble({ warnings, blockers }: RecoveryPlan): string[] {
  return [
    ...warnings.flatMap((warning) => ["", `warning: ${warning}`]),
    ...blockers.flatMap(({ code, message, why, fix }) => [
      "",
      `blocked: ${message}  [${code}]`,
      ...(why === undefined ? [] : [`  why  ${why}`]),
      ...(fix === undefined ? [] : [`  fix  ${fix}`]),
    ]),
  ];
}

/** 3725 becomes "1 h 02 min". */
export function renderSeconds(seconds: number): string {
  if (seconds < 120) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 120) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return `${hours} h ${String(minutes % 60).padStart(2, "0")} min`;
}

/** What changes in DNS, and how long others may go on seeing what was there. */
function renderNames({ names, source, target }: FailoverPlan): string[] {
  if (names === undefined) return [];
  const { by, redirection, awaited } = names;
  if (by === "none") {
    return redirection.records.map(({ name }) => `  leave     ${name} as it is (--dns none)`);
  }
  return [
    ...redirection.records.map(
      (one) =>
        `! redirect  ${one.name} from ${source.publicIp} to ${target.publicIp}, ${renderDelay(one)}`,
    ),
    ...(awaited.length === 0 ? [] : [`  wait      for external-dns: ${awaited.join(", ")}`]),
  ];
}

/** 1 means automatic, which is 300 s (developers.cloudflare.com/dns/manage-dns-records/reference/ttl). */
function renderDelay({ proxied, ttlSeconds }: NewRecord): string {
  if (proxied) return "at once for everybody, since Cloudflare answers for it";
  return `which resolvers may learn ${ttlSeconds === 1 ? 300 : ttlSeconds} s later`;
}

/** What is held of Git; the warnings say why. */
function renderGitops({ gitops }: FailoverPlan): string[] {
  if (gitops.length === 0) return [];
  return [`  pause     Applications: ${gitops.map((one) => one.name).join(", ")}`];
}

/** A volume, its recovery point, how much is lost, its size, and where its data comes from. */
export function renderVolume(volume: PlannedVolume): string[] {
  const { claim, recoveryPoint, lossSeconds, bytes, source } = volume;
  const from =
    source.kind === "files" ? `backup ${source.backup.backup}` : `rebuilt from ${source.from.name}`;
  return [
    describeClaim(claim),
    recoveryPoint,
    renderSeconds(lossSeconds),
    renderBytes(bytes),
    from,
  ];
}

/** The copies that a person may wonder about, with the reason. */
export function renderPassedOver(volumes: PlannedVolume[]): string[] {
  const lines = volumes.flatMap((volume) =>
    volume.source.kind === "rebuild"
      ? []
      : volume.passedOver.map(
          (one) =>
            `  ${describeClaim(volume.claim)}: ${one.podVolumeBackup} of ${one.startedAt}: ${one.reason}`,
        ),
  );
  return lines.length === 0 ? [] : ["", "Newer backups that cannot be used:", ...lines];
}
