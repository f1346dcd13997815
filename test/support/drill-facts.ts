import type { DrillFacts } from "../../lab/drill/facts.ts";
import type { JournalStep } from "../../lab/drill/journal.ts";
import type { Order } from "../../lab/drill/till-log.ts";
import type { VolumeReport } from "../../lib/recovery/report.ts";

const start = Date.parse("2026-01-01T00:00:00Z");

/** Milliseconds of the drill of these facts, from its seconds. */
export function at(seconds: number): number {
  return start + seconds * 1000;
}

/** The recovery point is at 60 s, the kill at 80 s, Ready at 130 s. */
export const moments = { point: 60, kill: 80, proof: 127, ready: 130, report: 150 };

export const sourceIp = "172.31.0.13";

export function step(id: string, from: number, to: number, facts = {}): JournalStep {
  return { id, title: id, startedAt: at(from), endedAt: at(to), state: "done", facts };
}

function order(n: number, seconds: number): Order {
  return { n, at: at(seconds) };
}

function volume(name: string, oldVolume: string): VolumeReport {
  return {
    claim: { namespace: "shop", name },
    state: "recovered",
    recoveryPoint: new Date(at(moments.point)).toISOString(),
    lossSeconds: 15,
    files: 10,
    bytes: 240_000_000,
    proof: "kopia",
    oldVolume,
  };
}

/** A drill in which all went well: ten orders a second, and none between the kill and Ready. */
export function makeFacts(): DrillFacts {
  const orders = Array.from({ length: 800 }, (_, index) => order(index + 1, index / 10));
  const later = Array.from({ length: 100 }, (_, index) => order(index + 1000, 131 + index / 10));
  const entry = { type: "file", mode: "0644", owner: "0:0", content: "abc" } as const;
  const tree = { ".": { type: "folder", mode: "0755", owner: "0:0" } as const, picture: entry };
  return {
    machine: { cores: 2, memoryBytes: 2 ** 34, kernel: "6.1", architecture: "x64" },
    versions: { velero: "1.18.3" },
    isWarm: true,
    startedAt: start,
    endedAt: at(170),
    phases: [{ name: "hosts", seconds: 20 }],
    gitopsSeconds: 90,
    source: "vps-aws-1",
    target: "vps-vultr-1",
    uploads: { first: 250_000_000, second: 5_000_000 },
    refusals: {},
    killedAt: at(moments.kill),
    powerAfterKill: "running",
    failover: {
      startedAt: at(moments.kill + 1),
      endedAt: at(moments.report),
      exitCode: 0,
      report: {
        runId: "run1",
        outcome: "done",
        steps: [],
        proofToReadySeconds: 3,
        volumes: [volume("data-postgres-0", "pvc-1"), volume("base-postgres-0", "pvc-2")],
        openItems: [],
      },
      steps: [
        step("restore:shop/base-postgres-0", 85, 89),
        step("rebuild:shop/data-postgres-0", 89, 92),
        step("fence-source", 120, 128, { provenAt: at(moments.proof) }),
        step("cut-over:shop/data-postgres-0+base-postgres-0", 128, 129),
        step("ready:shop/data-postgres-0+base-postgres-0", 128, 130, {
          ready: true,
          readyAt: at(moments.ready),
        }),
      ],
    },
    orders: {
      confirmed: [...orders, ...later],
      kept: [...orders.filter((one) => one.at < at(62)), ...later],
    },
    database: {
      amcheck: { exitCode: 0, output: "" },
      checksums: { enabled: true, failures: 0 },
      catalogue: { before: "1500000 rows, digest 7", after: "1500000 rows, digest 7" },
      bytes: 243_000_000,
      startMilliseconds: 400,
    },
    trees: [{ claim: "shop/uploads", before: tree, after: tree }],
    oldVolumes: [
      { name: "pvc-1", claim: "shop/data-postgres-0", policy: "Retain", files: 900, faults: [] },
      { name: "pvc-2", claim: "shop/base-postgres-0", policy: "Retain", files: 900, faults: [] },
    ],
    status: {
      runs: [],
      nodes: [{ name: "vps-aws-1", cordoned: true, quarantinedBy: "run1", outOfService: true }],
      volumes: [
        {
          name: "pvc-1",
          claim: "shop/data-postgres-0",
          phase: "Released",
          policy: "Retain",
          why: "kept by run run1, was Delete",
        },
      ],
      schedules: [],
      applications: [],
      pods: [],
    },
    applications: { bootstrap: "well", shop: "well" },
    answers: [
      { name: "www.infra-k3s.test", at: at(70), addresses: [sourceIp] },
      { name: "shop.infra-k3s.test", at: at(70), addresses: ["172.31.0.11", sourceIp] },
      { name: "www.infra-k3s.test", at: at(131), addresses: ["172.31.0.12"] },
      { name: "shop.infra-k3s.test", at: at(140), addresses: ["172.31.0.11"] },
    ],
    sourceIp,
    kopia: [{ claim: "shop/base-postgres-0", seconds: [1, 1.4, 0.9] }],
    traps: { planted: 12, touched: [] },
  };
}
