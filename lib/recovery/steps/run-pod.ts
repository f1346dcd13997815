import { exitCodes, hasCode, InfraError } from "../../errors.ts";
import type { Pod, Ref } from "../../objects.ts";
import type { StepRun } from "../../steps/step.ts";
import type { World } from "../../world.ts";
import { findPercent, parsePodResult, type PodResult } from "../restore-result.ts";
import { workContainer } from "../restore-pod.ts";
import { restoreExits } from "../restore-script.ts";

/** Reasons for which a container will never start. */
const hopeless = [
  "ErrImageNeverPull",
  "InvalidImageName",
  "CreateContainerConfigError",
  "CreateContainerError",
];

/**
 * A pod whose image is on its node starts in seconds; one whose folder or secret is missing waits for
 * ever without a word.
 */
const startSeconds = 180;

/** Between two looks at the log, which the API server has to fetch from the node. */
const progressSeconds = 1;

/** How many lines at the end of a long log are enough to see the progress. */
const progressLines = 5;

/**
 * Makes the pod unless it runs already, and waits until it has succeeded. One that has ended, of an
 * earlier try, is replaced once it is truly gone. Throws RESTORE_* with what the pod said.
 */
export async function runPod(
  world: World,
  pod: Pod,
  run: StepRun,
  onPercent: (percent: number) => void = () => undefined,
): Promise<void> {
  const ref = refOf(pod);
  const earlier = await world.cluster.find(ref);
  if (earlier !== undefined && !isAtWork(earlier)) await removePod(world, ref, run);
  await createOnce(world, pod);
  const startBy = world.clock.now() + startSeconds * 1000;
  let hasRun = false;
  let toldAt = -Infinity;
  await run.poll(async () => {
    const found = await world.cluster.find(ref);
    if (found === undefined) throw vanished(ref);
    if (findProof(found) !== undefined) return { done: true };
    if (found.status?.phase === "Failed") throw explainFailure(found);
    const stuck = findHopeless(found);
    if (stuck !== undefined) throw cannotStart(ref, stuck);
    hasRun ||= found.status?.phase === "Running" || isInitialising(found);
    if (!hasRun && world.clock.now() >= startBy) throw cannotStart(ref, describeState(found));
    if (world.clock.now() - toldAt >= progressSeconds * 1000) {
      toldAt = world.clock.now();
      const percent = await findProgress(world, found);
      if (percent !== undefined) onPercent(percent);
    }
    return { waiting: describeState(found) };
  }, 0.2);
}

/**
 * How the work of a pod ended well. A kubelet tells that of a container a second before it says so
 * of the whole pod, and a container that is never restarted does not change its mind.
 */
function findProof({ status }: Pod): { message?: string } | undefined {
  const work = status?.containerStatuses?.find((one) => one.name === workContainer);
  const ended = work?.state?.terminated;
  if (status?.phase === "Failed" || ended?.exitCode !== 0) return undefined;
  return ended;
}

/**
 * What the pod found out; nothing unless it has succeeded. The message of one that failed is the end
 * of its log, where a file name may say anything, and one that is being deleted was undone.
 */
export async function readPodResult(world: World, ref: Ref<"Pod">): Promise<PodResult> {
  const pod = await world.cluster.find(ref);
  if (pod === undefined || pod.metadata.deletionTimestamp !== undefined) return parsePodResult("");
  return parsePodResult(findProof(pod)?.message ?? "");
}

/**
 * Deletes a pod and waits until its kubelet has confirmed it: only then nothing writes into its
 * folder any more. Returns whether there was one.
 */
export async function removePod(world: World, ref: Ref<"Pod">, run: StepRun): Promise<boolean> {
  const found = await world.cluster.find(ref);
  if (found === undefined) return false;
  await world.cluster.delete(ref, { uid: found.metadata.uid ?? "" });
  await run.poll(async () => {
    const again = await world.cluster.find(ref);
    return again === undefined ? { done: true } : { waiting: `pod ${ref.name} to end` };
  });
  return true;
}

/** Reference to a pod that is built or read. */
export function refOf(pod: Pod): Ref<"Pod"> {
  const { name, namespace } = pod.metadata;
  return { kind: "Pod", name, ...(namespace === undefined ? {} : { namespace }) };
}

/** Whether it may still do what it is for: one that was undone may take its time to go. */
function isAtWork({ metadata, status }: Pod): boolean {
  if (metadata.deletionTimestamp !== undefined) return false;
  return !["Succeeded", "Failed"].includes(status?.phase ?? "");
}

async function createOnce(world: World, pod: Pod): Promise<void> {
  try {
    await world.cluster.create(pod);
  } catch (error) {
    if (!hasCode(error, "CLUSTER_EXISTS")) throw error;
  }
}

/** The phase of a pod, and why its containers wait. */
function describeState(pod: Pod): string {
  const statuses = [
    ...(pod.status?.initContainerStatuses ?? []),
    ...(pod.status?.containerStatuses ?? []),
  ];
  const reasons = statuses.flatMap(({ state }) => state?.waiting?.reason ?? []);
  const phase = pod.status?.phase ?? "not seen by its node";
  return `pod ${pod.metadata.name} is ${[phase, ...reasons].join(", ")}`;
}

/** An image that is still to be pulled may take its time; what it waits for is shown. */
function isInitialising(pod: Pod): boolean {
  return (pod.status?.initContainerStatuses ?? []).some(
    ({ state }) => state?.running !== undefined || state?.terminated !== undefined,
  );
}

/** Progress is for the eye: a log that cannot be read now is no reason to stop a restore. */
async function findProgress(world: World, pod: Pod): Promise<number | undefined> {
  if (pod.status?.phase !== "Running") return undefined;
  const { name, namespace = "" } = pod.metadata;
  const from = { name, namespace, container: workContainer };
  try {
    return findPercent(await world.cluster.readLog(from, progressLines));
  } catch (error) {
    if (error instanceof InfraError) return undefined;
    throw error;
  }
}

function findHopeless(pod: Pod): string | undefined {
  const statuses = [
    ...(pod.status?.initContainerStatuses ?? []),
    ...(pod.status?.containerStatuses ?? []),
  ];
  for (const { state } of statuses) {
    const reason = state?.waiting?.reason;
    if (reason !== undefined && hopeless.includes(reason)) {
      return [reason, state?.waiting?.message].filter((text) => text !== undefined).join(": ");
    }
  }
  return undefined;
}

function vanished(ref: Ref<"Pod">): InfraError {
  return new InfraError({
    code: "RESTORE_POD_GONE",
    message: `pod "${ref.namespace}/${ref.name}" is gone before it ended`,
    why: "somebody deleted it, or its node took it away",
    fix: "Look at the target node, then run the same command again",
    exitCode: exitCodes.failed,
  });
}

function cannotStart(ref: Ref<"Pod">, why: string): InfraError {
  return new InfraError({
    code: "RESTORE_POD_CANNOT_START",
    message: `pod "${ref.namespace}/${ref.name}" cannot start`,
    why,
    fix: "Correct the image or the secret that it names, then run the same command again",
    exitCode: exitCodes.needsPerson,
  });
}

function explainFailure(pod: Pod): InfraError {
  const ref = refOf(pod);
  const states = [
    ...(pod.status?.initContainerStatuses ?? []),
    ...(pod.status?.containerStatuses ?? []),
  ];
  const ended = states.find((one) => (one.state?.terminated?.exitCode ?? 0) !== 0)?.state
    ?.terminated;
  const said = [
    pod.status?.reason ?? ended?.reason,
    ended === undefined ? pod.status?.message : `exit code ${ended.exitCode}`,
    ended?.message?.trim().split("\n").slice(-3).join("; "),
  ];
  const why = said.filter((text) => text !== undefined && text !== "").join("; ");
  const base = { message: `pod "${ref.namespace}/${ref.name}" failed`, why };
  if (ended?.exitCode === restoreExits.noSpace) {
    const { space } = parsePodResult(ended.message ?? "");
    return new InfraError({
      code: "RESTORE_NO_SPACE",
      message: "the target has too little free space for a volume",
      why: `${space?.freeBytes} bytes are free, ${space?.needBytes} are wanted`,
      fix: "Choose another --target-node, or free space there",
      exitCode: exitCodes.needsPerson,
    });
  }
  if (ended?.exitCode === restoreExits.noSnapshot) {
    return new InfraError({
      ...base,
      code: "RESTORE_NO_SNAPSHOT",
      message: "the snapshot is gone from the bucket",
      fix: "Choose another backup with --backup NAME",
      exitCode: exitCodes.needsPerson,
    });
  }
  if (ended?.exitCode === restoreExits.noRepository) {
    return new InfraError({
      ...base,
      code: "RESTORE_NO_REPOSITORY",
      message: "the backup repository cannot be opened",
      fix: "Check the bucket, its keys and velero-repo-credentials, then run the same command again",
      exitCode: exitCodes.failed,
    });
  }
  return new InfraError({
    ...base,
    code: "RESTORE_POD_FAILED",
    fix: "Run the same command again: it starts with a fresh folder",
    exitCode: exitCodes.failed,
  });
}
