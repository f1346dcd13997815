import { exitCodes, InfraError } from "../../lib/errors.ts";
import type { ConfigMap, Pod } from "../../lib/objects.ts";
import { describeClaim } from "../../lib/recovery/names.ts";
import { type FailoverPlan, listVolumes } from "../../lib/recovery/plan.ts";
import { buildRestorePod } from "../../lib/recovery/restore-pod.ts";
import { connectScript, restoreCommand } from "../../lib/recovery/restore-script.ts";
import { ownNamespace } from "../../lib/steps/lock.ts";
import { veleroNamespace } from "../../lib/velero/names.ts";
import type { DrillFacts } from "./facts.ts";
import type { Cluster } from "../kubectl.ts";

const podName = "drill-time-kopia";

const limitSeconds = 120;

/** How many of the last lines of its log an error shows. */
const shownLines = 5;

/** How often each snapshot is restored; the one in the middle counts. */
const runs = 3;

/**
 * Prints `<snapshot> <seconds>` for each restore: kopia's own program and nothing around it, into a
 * folder that is not there, with nothing in its cache. /proc/uptime counts hundredths of a second.
 */
const script = `
set -eu -o pipefail
folder="$STORAGE/$FOLDER"
${connectScript}
trap 'rm -rf "$folder"' EXIT
for snapshot in $SNAPSHOTS; do
  for run in $(seq ${runs}); do
    rm -rf "$folder"
    rm -rf /cache/*
    sync -f "$STORAGE"
    read -r before _ </proc/uptime
    run_kopia ${restoreCommand} "$snapshot" "$folder" 2>&1
    read -r after _ </proc/uptime
    echo "restored $snapshot $(awk "BEGIN { print $after - $before }")"
  done
done
`;

/**
 * Times kopia's own restore of the snapshots of a run on the run's target, one after the other.
 * Throws DRILL_KOPIA_FAILED with the end of the pod's log.
 */
export async function timeKopia(
  { kubectl, get }: Cluster,
  runId: string,
): Promise<DrillFacts["kopia"]> {
  const map = await get<ConfigMap>(`--namespace=${ownNamespace}`, `configmap/run-${runId}`);
  const { plan } = JSON.parse(map.data?.["run"] ?? "") as { plan: FailoverPlan };
  const inVelero = `--namespace=${veleroNamespace}`;
  await kubectl(["create", "--filename=-"], { stdin: JSON.stringify(buildPod(plan)) });
  try {
    const ended = "--for=jsonpath={.status.containerStatuses[0].state.terminated.reason}";
    await kubectl(["wait", inVelero, `pod/${podName}`, ended, `--timeout=${limitSeconds}s`]);
    const { stdout } = await kubectl(["logs", inVelero, podName]);
    const times = parseTimes(stdout, listSnapshots(plan));
    if (times.some(({ seconds }) => seconds.length < runs)) throw failed(stdout);
    return times;
  } finally {
    await kubectl(["delete", inVelero, `pod/${podName}`, "--ignore-not-found", "--wait=false"]);
  }
}

/** The seconds of each snapshot, from what the script prints. */
export function parseTimes(
  log: string,
  snapshots: readonly { claim: string; id: string }[],
): DrillFacts["kopia"] {
  const lines = [...log.matchAll(/^restored (\S+) (\d+(?:\.\d+)?)$/gm)];
  return snapshots.map(({ claim, id }) => ({
    claim,
    seconds: lines.filter(([, one]) => one === id).map(([, , seconds]) => Number(seconds)),
  }));
}

function failed(log: string): InfraError {
  return new InfraError({
    code: "DRILL_KOPIA_FAILED",
    message: "kopia's own restore could not be timed",
    why: log.trimEnd().split("\n").slice(-shownLines).join("\n"),
    fix: "Correct what it complains about, then run the same command again",
    exitCode: exitCodes.failed,
  });
}

function listSnapshots(plan: FailoverPlan): { claim: string; id: string }[] {
  return listVolumes(plan).flatMap(({ claim, source }) =>
    source.kind === "files" ? [{ claim: describeClaim(claim), id: source.backup.snapshotId }] : [],
  );
}

/** The restore pod of the run, with all that it has but for its script. */
function buildPod(plan: FailoverPlan): Pod {
  const volume = listVolumes(plan).find(({ source }) => source.kind === "files");
  if (volume === undefined) throw new Error("the run restored nothing");
  const pod = buildRestorePod(plan, volume);
  const snapshots = listSnapshots(plan).map(({ id }) => id);
  const [work, ...others] = pod.spec.containers;
  if (work === undefined) throw new Error("a restore pod has a container");
  const [shell = "", flag = "", , name = "", ...connectFlags] = work.command ?? [];
  return {
    ...pod,
    metadata: { name: podName, namespace: veleroNamespace },
    spec: {
      ...pod.spec,
      containers: [
        {
          ...work,
          command: [shell, flag, script, name, ...connectFlags],
          env: [
            ...(work.env ?? []).filter((one) => one.name !== "FOLDER"),
            { name: "FOLDER", value: podName },
            { name: "SNAPSHOTS", value: snapshots.join(" ") },
          ],
        },
        ...others,
      ],
    },
  };
}
