import type { Application } from "../objects.ts";

/** Whether the cluster has what Git has for an Application, and all of it works. */
export function isWell({ status }: Application): boolean {
  return status?.sync?.status === "Synced" && status.health?.status === "Healthy";
}

/** What is the matter with an Application, in a few words; "well" when nothing is. */
export function describeApplication(application: Application): string {
  if (isWell(application)) return "well";
  const { sync, health, operationState } = application.status ?? {};
  const states = [sync?.status ?? "not looked at yet", health?.status].filter(
    (one) => one !== undefined,
  );
  const isSyncing = operationState?.phase === "Running";
  return [...new Set([...states, ...(isSyncing ? ["syncing"] : [])])].join(", ");
}

/** What Argo CD says of an Application that is not well, each sentence once; empty when nothing. */
export function listComplaints({ status }: Application): string[] {
  const { conditions = [], operationState, resources = [] } = status ?? {};
  const { phase = "", message: told = "", finishedAt } = operationState ?? {};
  // The message of a sync that runs or has ended well only says so. One that has failed and waits for its
  // next try is said to run, and has an end (argo-cd 3.6.1: controller/appcontroller.go).
  const waitsForNextTry = phase === "Running" && finishedAt !== undefined;
  const hasFailed = waitsForNextTry || ["Failed", "Error"].includes(phase);
  const ill = resources.filter(({ health }) => health?.status === "Degraded");
  return [
    ...new Set(
      [
        ...conditions.map(({ message }) => message),
        ...(hasFailed ? [told] : []),
        ...ill.map(({ kind, name, health }) =>
          [`${kind} ${name} is Degraded`, health?.message].filter(Boolean).join(": "),
        ),
      ].filter((text) => text !== ""),
    ),
  ];
}
