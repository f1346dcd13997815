import { isPaused } from "../argocd/pause.ts";
import { renderTable } from "../cli/table.ts";
import type { PersistentVolume } from "../objects.ts";
import { listOpenRuns, renderCommand } from "../steps/runs.ts";
import { veleroNamespace } from "../velero/names.ts";
import type { World } from "../world.ts";
import {
  outOfServiceTaint,
  pausedByAnnotation,
  policyBeforeAnnotation,
  quarantineTaint,
  runLabel,
} from "./labels.ts";
import { findTaint } from "./steps/patch-node.ts";

/** What recoveries have left in a cluster, and what is not finished. */
export interface RecoveryStatus {
  runs: { id: string; command: string; startedAt: string; irreversible: boolean }[];
  nodes: { name: string; cordoned: boolean; quarantinedBy?: string; outOfService: boolean }[];
  /** Volumes that a run keeps, or reserved, or whose claim is gone. */
  volumes: { name: string; claim: string; phase: string; policy: string; why: string }[];
  schedules: { name: string; pausedBy?: string }[];
  /** Applications of Argo CD that are paused. */
  applications: { name: string; namespace: string; pausedBy?: string }[];
  /** Restore, rebuild and remove pods of runs, finished ones too. */
  pods: { name: string; namespace: string; phase: string }[];
}

/**
 * Reads the status; changes nothing. `place` are the flags that say where the site is, for the
 * command lines. Throws what Cluster throws.
 */
export async function readStatus(
  { cluster }: Pick<World, "cluster">,
  place: Record<string, string> = {},
): Promise<RecoveryStatus> {
  const [runs, nodes, volumes, schedules, applications, pods] = await Promise.all([
    listOpenRuns(cluster),
    cluster.list("Node"),
    cluster.list("PersistentVolume"),
    cluster.list("Schedule", { namespace: veleroNamespace }),
    cluster.list("Application"),
    cluster.list("Pod", { labels: { "app.kubernetes.io/managed-by": "infra-k3s" } }),
  ]);
  return {
    runs: runs.map((run) => ({
      id: run.id,
      command: renderCommand(run, place),
      startedAt: run.startedAt,
      irreversible: run.irreversible,
    })),
    nodes: nodes.flatMap((node) => {
      const quarantinedBy = findTaint(node, quarantineTaint)?.value;
      const outOfService = findTaint(node, outOfServiceTaint) !== undefined;
      const cordoned = node.spec?.unschedulable === true;
      if (!cordoned && !outOfService && quarantinedBy === undefined) return [];
      const { name } = node.metadata;
      return [
        { name, cordoned, outOfService, ...(quarantinedBy === undefined ? {} : { quarantinedBy }) },
      ];
    }),
    volumes: volumes.flatMap((volume) => {
      const why = explainVolume(volume);
      if (why === undefined) return [];
      const { claimRef, persistentVolumeReclaimPolicy = "Delete" } = volume.spec;
      return [
        {
          name: volume.metadata.name,
          claim: claimRef === undefined ? "-" : `${claimRef.namespace}/${claimRef.name}`,
          phase: volume.status?.phase ?? "Pending",
          policy: persistentVolumeReclaimPolicy,
          why,
        },
      ];
    }),
    schedules: schedules
      .filter((schedule) => schedule.spec.paused === true)
      .map(({ metadata }) => {
        const pausedBy = metadata.annotations?.[pausedByAnnotation];
        return { name: metadata.name, ...(pausedBy === undefined ? {} : { pausedBy }) };
      }),
    applications: applications.flatMap((application) => {
      const { name, namespace = "", annotations } = application.metadata;
      const pausedBy = annotations?.[pausedByAnnotation];
      if (!isPaused(application) && pausedBy === undefined) return [];
      return [{ name, namespace, ...(pausedBy === undefined ? {} : { pausedBy }) }];
    }),
    pods: pods.map(({ metadata: { name, namespace = "" }, status }) => ({
      name,
      namespace,
      phase: status?.phase ?? "Pending",
    })),
  };
}

function explainVolume(volume: PersistentVolume): string | undefined {
  const { annotations, labels } = volume.metadata;
  const before = annotations?.[policyBeforeAnnotation];
  if (before !== undefined) return `kept by run ${labels?.[runLabel] ?? "?"}, was ${before}`;
  if (volume.status?.phase === "Released") return "its claim is gone";
  if (labels?.[runLabel] === undefined) return undefined;
  if (volume.status?.phase !== "Bound") return `reserved by run ${labels[runLabel]}`;
  if (volume.spec.persistentVolumeReclaimPolicy === "Retain")
    return `made by run ${labels[runLabel]}, kept until its new backup exists`;
  return undefined;
}

/** The status for a terminal; says so when there is nothing. */
export function renderStatus(status: RecoveryStatus): string {
  const parts = [
    section(
      "Open runs",
      ["RUN", "STARTED", "CAN BE UNDONE", "GO ON WITH"],
      status.runs.map((run) => [
        run.id,
        run.startedAt,
        run.irreversible ? "no" : "yes, with --abort",
        run.command,
      ]),
    ),
    section(
      "Nodes",
      ["NODE", "CORDONED", "QUARANTINED BY", "OUT OF SERVICE"],
      status.nodes.map((node) => [
        node.name,
        node.cordoned ? "yes" : "no",
        node.quarantinedBy ?? "-",
        node.outOfService ? "yes" : "no",
      ]),
    ),
    section(
      "Volumes kept",
      ["VOLUME", "CLAIM", "PHASE", "POLICY", "WHY"],
      status.volumes.map((volume) => [
        volume.name,
        volume.claim,
        volume.phase,
        volume.policy,
        volume.why,
      ]),
    ),
    section(
      "Paused schedules",
      ["SCHEDULE", "PAUSED BY RUN"],
      status.schedules.map((schedule) => [schedule.name, schedule.pausedBy ?? "not by a run"]),
    ),
    section(
      "Paused Applications",
      ["APPLICATION", "NAMESPACE", "PAUSED BY RUN"],
      status.applications.map((one) => [one.name, one.namespace, one.pausedBy ?? "not by a run"]),
    ),
    section(
      "Pods of runs",
      ["POD", "NAMESPACE", "PHASE"],
      status.pods.map((pod) => [pod.name, pod.namespace, pod.phase]),
    ),
  ].filter((part) => part !== "");
  return parts.length === 0
    ? "Nothing is open, cordoned, tainted, kept or paused.\n"
    : parts.join("\n");
}

function section(title: string, headers: string[], rows: string[][]): string {
  return rows.length === 0 ? "" : `${title}\n${renderTable(rows, headers)}`;
}
