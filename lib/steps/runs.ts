import { exitCodes, InfraError } from "../errors.ts";
import { type ConfigMap, type Ref } from "../objects.ts";
import type { World } from "../world.ts";
import { ownNamespace } from "./lock.ts";

const runLabel = "infra-k3s.io/run";
const stateLabel = "infra-k3s.io/run-state";

/** A run as the cluster remembers it, so that any machine with the site can finish it. */
export interface RunRecord {
  id: string;
  /** The script, `scripts/dr/failover.ts`. */
  command: string;
  /** The flags that say what the run is about; the same ones again mean "go on". */
  arguments: Record<string, string>;
  state: "open" | "closed";
  outcome?: string;
  /** Whether the first irreversible act has begun: from there on it can only be finished. */
  irreversible: boolean;
  /** RFC 3339. */
  startedAt: string;
  endedAt?: string;
  /** What was planned; JSON, no secrets. */
  plan: unknown;
}

/**
 * The command line that goes on with a run. `place` are the flags that say where the site is: they
 * differ from machine to machine and so are no part of the run.
 */
export function renderCommand(
  run: Pick<RunRecord, "command" | "arguments">,
  place: Record<string, string> = {},
): string {
  const all = { ...run.arguments, ...place };
  const flags = Object.entries(all).map(([name, value]) => `--${name} ${value}`.trimEnd());
  return ["zx", run.command, ...flags].join(" ");
}

/** RUN_OTHER_OPEN, with how to end it. */
export function describeOpenRun(run: RunRecord, place: Record<string, string>): InfraError {
  const command = renderCommand(run, place);
  return new InfraError({
    code: "RUN_OTHER_OPEN",
    message: `run ${run.id} is not finished`,
    why: `it was started ${run.startedAt} as: ${command}`,
    fix: run.irreversible
      ? `Finish it first: ${command}\nor, where that cannot succeed: ${command} --give-up`
      : `Finish it first: ${command}\nor undo it:     ${command} --abort`,
    exitCode: exitCodes.needsPerson,
  });
}

/** All runs that have not ended, the oldest first. */
export async function listOpenRuns(cluster: World["cluster"]): Promise<RunRecord[]> {
  const maps = await cluster.list("ConfigMap", {
    namespace: ownNamespace,
    labels: { [stateLabel]: "open" },
  });
  return maps.map(parseRun).toSorted((a, b) => a.startedAt.localeCompare(b.startedAt));
}

/** How many runs there ever were, those that have ended too. */
export async function countRuns(cluster: World["cluster"]): Promise<number> {
  const maps = await cluster.list("ConfigMap", { namespace: ownNamespace });
  return maps.filter(({ metadata }) => metadata.labels?.[runLabel] !== undefined).length;
}

/** Writes a new run. Throws CLUSTER_EXISTS when its id is taken. */
export async function createRun(cluster: World["cluster"], run: RunRecord): Promise<void> {
  await cluster.create<ConfigMap>({
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: {
      name: runRef(run.id).name,
      namespace: ownNamespace,
      labels: { [runLabel]: run.id, [stateLabel]: run.state },
    },
    data: { run: JSON.stringify(run) },
  });
}

/** Writes a run that changed. Throws CLUSTER_NOT_FOUND when somebody deleted it. */
export async function saveRun(cluster: World["cluster"], run: RunRecord): Promise<void> {
  await cluster.patch(runRef(run.id), {
    metadata: { labels: { [stateLabel]: run.state } },
    data: { run: JSON.stringify(run) },
  });
}

/** Makes our namespace; pods of ours that mount a host's folder need its `privileged` level. */
export async function ensureOwnNamespace(cluster: World["cluster"]): Promise<void> {
  const found = await cluster.find({ kind: "Namespace", name: ownNamespace });
  if (found !== undefined) return;
  await cluster.create({
    apiVersion: "v1",
    kind: "Namespace",
    metadata: {
      name: ownNamespace,
      labels: { "pod-security.kubernetes.io/enforce": "privileged" },
    },
  });
}

function runRef(id: string): Ref<"ConfigMap"> {
  return { kind: "ConfigMap", name: `run-${id}`, namespace: ownNamespace };
}

function parseRun(map: ConfigMap): RunRecord {
  return JSON.parse(map.data?.["run"] ?? "") as RunRecord;
}
