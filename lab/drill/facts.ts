import type { RecoveryReport } from "../../lib/recovery/report.ts";
import type { RecoveryStatus } from "../../lib/recovery/status.ts";
import type { JournalStep } from "./journal.ts";
import type { Order } from "./till-log.ts";
import type { Tree } from "./tree.ts";
import type { NameAnswer } from "./watch-names.ts";

/** Everything that one drill has seen and measured; times in milliseconds since 1970. */
export interface DrillFacts {
  machine: MachineFacts;
  /** What ran, by name. */
  versions: Readonly<Record<string, string>>;
  /** Whether nothing had to be built or downloaded first. */
  isWarm: boolean;
  startedAt: number;
  /** When all was measured, before the lab is taken down. */
  endedAt: number;
  /** What the drill itself did, in order. */
  phases: readonly { name: string; seconds: number }[];
  /** From Ready nodes to all Applications Synced and Healthy. */
  gitopsSeconds: number;
  source: string;
  target: string;
  /** Bytes that Velero has sent to the bucket for each of the two backups. */
  uploads: { first: number; second: number };
  /** Requests that R2 would not have served, by what it does not implement. */
  refusals: Readonly<Record<string, number>>;
  killedAt: number;
  /** What the provider said of the host right after that: it is not to know. */
  powerAfterKill: string;
  failover: FailoverFacts;
  orders: OrderFacts;
  database: DatabaseFacts;
  trees: readonly { claim: string; before: Tree; after: Tree }[];
  oldVolumes: readonly OldVolume[];
  /** What Argo CD says afterwards, by Application: "well", or what is not. */
  applications: Readonly<Record<string, string>>;
  /** What scripts/dr/status.ts says afterwards. */
  status: RecoveryStatus;
  /** What the lab's name server answered, beginning before the kill. */
  answers: readonly NameAnswer[];
  /** The address that no name is to have in the end. */
  sourceIp: string;
  /** Kopia's own restore of the same snapshots on the target, by claim. */
  kopia: readonly { claim: string; seconds: readonly number[] }[];
  /** What was planted and then looked at, one sentence each. */
  traps: { planted: number; touched: readonly string[] };
}

export interface MachineFacts {
  cores: number;
  memoryBytes: number;
  kernel: string;
  architecture: string;
}

export interface FailoverFacts {
  /** When the command was started, and when it had printed its report and ended. */
  startedAt: number;
  endedAt: number;
  exitCode: number;
  /** Undefined when the command failed before it had a plan. */
  report?: RecoveryReport;
  steps: readonly JournalStep[];
}

export interface OrderFacts {
  /** What the database has confirmed to the till, before the kill and after the failover. */
  confirmed: Order[];
  /** What is in the database in the end. */
  kept: Order[];
}

export interface DatabaseFacts {
  /** pg_amcheck of every database, indexes against tables too. */
  amcheck: { exitCode: number; output: string };
  checksums: { enabled: boolean; failures: number };
  /** A digest of the tables that nobody writes, before and after. */
  catalogue: { before: string; after: string };
  bytes: number;
  /** From its container's first line to "ready to accept connections". */
  startMilliseconds?: number;
}

export interface OldVolume {
  name: string;
  claim: string;
  /** Undefined when there is no such PersistentVolume any more. */
  policy?: string;
  /** Files in its folder on the disk of the dead host. */
  files: number;
  /** What of a quiet volume is not as it was, one sentence each; empty for the others. */
  faults: readonly string[];
}
