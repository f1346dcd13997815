import type { FromSchema } from "json-schema-to-ts";
import type { Check } from "./check.ts";
import { checkData } from "./check-data.ts";
import { checkNames } from "./check-names.ts";
import { checkRun, checkSpeed } from "./check-run.ts";
import type { DrillFacts } from "./facts.ts";
import { computeFigures } from "./figures.ts";
import type { drillReportSchema } from "./report.schema.ts";

export type DrillReport = FromSchema<typeof drillReportSchema>;

const real = [
  "systemd, sshd and the network of each host",
  "Kubernetes, containerd and runc",
  "local-path-provisioner",
  "Velero, its plugin for S3, and kopia",
  "Argo CD, git, SOPS and age: Velero, external-dns and the shop come from a commit",
  "external-dns, and Knot as the name server of its zone",
  "PostgreSQL",
  "the playbooks that made the cluster, and the failover command",
];

const standIns = [
  "hosts: systemd-nspawn containers on one machine, one kernel and one clock",
  "k3s: the command around Kubernetes, by its documented contract; of its ServiceLB the addresses only",
  "object store: versitygw behind a proxy that refuses what Cloudflare R2 refuses",
  "KSOPS: the exec plugin of kustomize, by its documented contract",
  "github.com: upstream's own manifests, served by the lab; and the forge around git",
  "provider's API: an emulator of the part of Hetzner Cloud's that fencing uses",
  "Cloudflare: an emulator of its zones and records",
];

/** Judges what was seen and sums it up. */
export function buildDrillReport(facts: DrillFacts): DrillReport {
  const figures = computeFigures(facts);
  const checks: Check[] = [...checkRun(facts), ...checkNames(facts, figures), ...checkData(facts)];
  const limits = checkSpeed(facts, figures);
  const { volumes, names, timeline, ...recovery } = figures;
  const runId = facts.failover.report?.runId;
  return {
    version: 1,
    startedAt: renderTime(facts.startedAt),
    passed: checks.every(({ passed }) => passed),
    wasFastEnough: limits.every(({ passed }) => passed),
    machine: { ...facts.machine },
    versions: { ...facts.versions },
    real,
    standIns,
    isWarm: facts.isWarm,
    phases: [...facts.phases],
    failover: {
      source: facts.source,
      target: facts.target,
      ...(runId === undefined ? {} : { runId }),
      exitCode: facts.failover.exitCode,
      timeline,
    },
    recovery: { killedAt: renderTime(facts.killedAt), ...recovery },
    volumes: volumes.map(({ kopia, ...volume }) => ({
      ...volume,
      ...(kopia === undefined ? {} : { kopia: { ...kopia, runs: [...kopia.runs] } }),
    })),
    names,
    uploads: facts.uploads,
    checks,
    limits,
  };
}

function renderTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}
