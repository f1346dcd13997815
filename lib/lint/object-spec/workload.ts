import { getFields, getList, getText, isFields } from "../../manifests/manifest.ts";
import { isEmptySelector, matchesSelector } from "../../manifests/label-selector.ts";
import type { PodTemplate } from "../../manifests/pods.ts";
import { isTimeZone, readExpression } from "../../velero/cron.ts";
import { isFilledIn } from "../filled-in.ts";
import { addMissing, addRefused, checkOneOf, type Spot } from "./faults.ts";

/** What the spec of a workload says of its pods; `spot` is that spec. */
export function checkWorkload(kind: string, spot: Spot, pod: PodTemplate): void {
  checkRestart(kind, pod, spot);
  switch (kind) {
    case "apps/Deployment":
      checkSelector(spot, pod);
      checkStrategy(spot, "strategy", "Recreate");
      break;
    case "apps/StatefulSet":
      checkSelector(spot, pod);
      checkStrategy(spot, "updateStrategy", "OnDelete");
      checkOneOf(spot, "podManagementPolicy", ["OrderedReady", "Parallel"]);
      break;
    case "apps/DaemonSet":
      checkSelector(spot, pod);
      checkOneOf(toStrategy(spot, "updateStrategy"), "type", ["RollingUpdate", "OnDelete"]);
      break;
    case "apps/ReplicaSet":
      checkSelector(spot, pod);
      break;
    case "batch/CronJob":
      checkCronJob(spot);
  }
}

/** How often pods of a kind may start again (pkg/apis/apps/validation, pkg/apis/batch/validation). */
function checkRestart(kind: string, { at, spec }: PodTemplate, { faults }: Spot): void {
  const spot = { at, fields: spec, faults };
  if (kind === "Pod" || kind === "PodTemplate") {
    checkOneOf(spot, "restartPolicy", ["Always", "OnFailure", "Never"]);
    return;
  }
  if (kind !== "batch/Job" && kind !== "batch/CronJob") {
    checkOneOf(spot, "restartPolicy", ["Always"]);
    return;
  }
  checkOneOf(spot, "restartPolicy", ["OnFailure", "Never"]);
  if ((spec["restartPolicy"] ?? "") !== "") return;
  addMissing(spot, [], {
    message: "the pods of a Job need a restartPolicy",
    why: "its default is Always, and pods of a Job come to an end",
    fix: "Add restartPolicy: OnFailure or Never to the spec of the pod",
  });
}

/** A workload has to know its own pods (pkg/apis/apps/validation: `selector` does not match template `labels`). */
function checkSelector({ at, fields, faults }: Spot, { at: atPod, labels }: PodTemplate): void {
  const { selector } = fields;
  if (!isFields(selector)) return;
  if (isEmptySelector(selector)) {
    faults.push({
      code: "SELECTOR_MISMATCH",
      at: [...at, "selector"],
      message: "the selector is empty",
      why: "it would take all pods of the namespace for its own",
      fix: "Write labels of the template into it",
    });
    return;
  }
  if (matchesSelector(selector, labels)) return;
  const wanted = Object.entries(getFields(selector, "matchLabels"));
  const texts = [...wanted, ...Object.entries(labels)].flat();
  if (texts.some((text) => typeof text === "string" && isFilledIn(text))) return;
  const [key = "", value] = wanted.find(([one, text]) => labels[one] !== text) ?? [];
  faults.push({
    code: "SELECTOR_MISMATCH",
    at: [...atPod.slice(0, -1), "metadata", "labels", key],
    message: "the selector does not select the labels of the template",
    why:
      key === ""
        ? "its matchExpressions leave them out"
        : `it wants ${key}: ${String(value)}, and the template has ${getText(labels, key) ?? "no such label"}`,
    fix: "Write the same labels in both; once applied, the selector cannot be changed",
  });
}

/** `other` is the type beside RollingUpdate, with which the settings of that have no place. */
function checkStrategy(spot: Spot, key: string, other: string): void {
  const strategy = toStrategy(spot, key);
  checkOneOf(strategy, "type", ["RollingUpdate", other]);
  const { type, rollingUpdate } = strategy.fields;
  if (type !== other || !isFields(rollingUpdate)) return;
  addRefused(strategy, ["rollingUpdate"], {
    message: `rollingUpdate goes with type RollingUpdate, and this is ${other}`,
    fix: "Remove it",
  });
}

function toStrategy({ at, fields, faults }: Spot, key: string): Spot {
  return { at: [...at, key], fields: getFields(fields, key), faults };
}

/** pkg/apis/batch/validation: validateScheduleFormat, validateTimeZone, validateConcurrencyPolicy. */
function checkCronJob(spot: Spot): void {
  const { at, fields, faults } = spot;
  checkOneOf(spot, "concurrencyPolicy", ["Allow", "Forbid", "Replace"]);
  const { schedule, timeZone } = fields;
  const tell = (key: string, message: string, why: string | undefined, fix: string) =>
    faults.push({
      code: "SCHEDULE_INVALID",
      at: [...at, key],
      part: "value",
      message,
      ...(why === undefined ? {} : { why }),
      fix,
    });
  if (typeof schedule === "string" && !isFilledIn(schedule)) {
    const read = schedule.includes("TZ") ? undefined : readExpression(schedule);
    if (read === undefined) {
      tell(
        "schedule",
        `"${schedule}" is no schedule`,
        "a time zone has a field of its own",
        "Write the time zone into timeZone",
      );
    } else if ("fault" in read) {
      tell(
        "schedule",
        `"${schedule}" is no schedule`,
        read.fault,
        "Write five fields, or @daily and the like",
      );
    }
  }
  if (typeof timeZone !== "string" || isFilledIn(timeZone)) return;
  // What has no slash, such as EST5EDT, differs between the lists of zones.
  if (!timeZone.includes("/") || isTimeZone(timeZone)) return;
  tell(
    "timeZone",
    `"${timeZone}" is no time zone`,
    undefined,
    "Write one such as Europe/Berlin or Etc/UTC",
  );
}

/** The names of a StatefulSet's own claims. */
export function listClaimNames(spec: Spot["fields"]): string[] {
  return getList(spec, "volumeClaimTemplates").flatMap(
    (one) => getText(one, "metadata", "name") ?? [],
  );
}
