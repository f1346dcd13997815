import type { Application } from "../objects.ts";
import { pausedAnnotation } from "./names.ts";

/** What Argo CD, which is written in Go, reads as true (strconv.ParseBool). */
const trueWords = ["1", "t", "T", "TRUE", "true", "True"];

/**
 * Whether Argo CD neither compares nor begins to sync an Application. A sync that has begun goes on
 * all the same, and is tried again and again where it fails: the annotation is looked at only when
 * something new is put into a queue (argo-cd 3.6.1: controller/appcontroller.go, canProcessApp).
 */
export function isPaused({ metadata }: Pick<Application, "metadata">): boolean {
  return trueWords.includes(metadata.annotations?.[pausedAnnotation] ?? "");
}

/** Whether an Application syncs without being told to. */
export function syncsByItself({ spec }: Application): boolean {
  const automated = spec.syncPolicy?.automated;
  return automated !== undefined && automated.enabled !== false;
}

/**
 * How far a sync is: `running`, or `waiting` to begin or to be tried again. One that waits lives in the
 * field `operation` alone: without it Argo CD does not go on (processAppOperationQueueItem).
 */
export function readSync({ operation, status }: Application): "none" | "waiting" | "running" {
  const { phase, finishedAt } = status?.operationState ?? {};
  const isAtWork = phase === "Running" || phase === "Terminating";
  if (isAtWork && finishedAt === undefined) return "running";
  return operation === undefined || operation === null ? "none" : "waiting";
}

/** The folders of Git that an Application is made of, for messages. */
export function describeSource({ spec }: Application): string {
  const sources = spec.sources ?? (spec.source === undefined ? [] : [spec.source]);
  const paths = sources.flatMap(({ path }) => path ?? []);
  return paths.length === 0 ? "its source" : paths.join(", ");
}
