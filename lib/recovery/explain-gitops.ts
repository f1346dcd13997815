import { type ErrorDetails, exitCodes, InfraError } from "../errors.ts";
import type { PinnedWorkload } from "./find-pinned.ts";
import { listPins } from "./hostname-pin.ts";
import { hostnameLabel } from "./labels.ts";
import type { HeldApplication } from "./plan-gitops.ts";

/** What a person reads of an Application that works against the move, before the run starts. */
export function explainHeld({ name, source, claims, pins, unseen }: HeldApplication): string[] {
  return [
    ...(unseen === undefined
      ? []
      : [
          `whether Git has the claims of Application ${name} otherwise cannot be seen, so it is paused for the move: ${unseen}`,
        ]),
    ...claims.map(
      (claim) =>
        `Git has claim "${claim}" otherwise than the cluster (Application ${name}): it moves as the cluster has it`,
    ),
    ...pins.map(
      (pin) =>
        `Git binds ${describeWorkload(pin)} to ${pin.hostname} (Application ${name}): it is freed for the move, and the run stops at its end until Git has that, too: in ${source}, ${explainChange(pin)}`,
    ),
  ];
}

/** An Application that somebody has paused already. */
export function explainPaused({ name }: HeldApplication): string {
  return `Application ${name} is paused already: it stays so, for whoever did it to resume`;
}

/** What has to be changed in Git, for a workload that has to be able to run elsewhere. */
export function explainChange(workload: PinnedWorkload): string {
  const fields = listPins(workload.placement, workload.hostname);
  const places = fields.map((field) => `spec.template.spec.${field}`).join(" and ");
  return `take ${hostnameLabel}: ${workload.hostname} out of ${places} of ${describeWorkload(workload)}`;
}

/** `StatefulSet demo/db`. */
export function describeWorkload({ kind, namespace, name }: PinnedWorkload): string {
  return `${kind} ${namespace}/${name}`;
}

/** An Application that cannot be resumed yet. */
export interface Stuck {
  one: HeldApplication;
  why: string;
  /** Whether Git is seen to bind its workloads still; else nothing could be seen. */
  isBound: boolean;
}

/** Why a run stops with all moved. What Git is seen to bind comes first: that can be corrected at once. */
export function explainStuck(
  source: string,
  stuck: readonly Stuck[],
  paused: readonly HeldApplication[],
): InfraError {
  const isBound = stuck.some((one) => one.isBound);
  const told = stuck
    .filter((one) => one.isBound === isBound)
    .map(({ one, why }) => ({ ...one, why }));
  const workloads = told.flatMap(({ pins }) => pins.map(describeWorkload)).join(", ");
  const why = told.map((one) => `Application ${one.name}: ${one.why}`).join("; ");
  const changes = told.map((one) => `in ${one.source}, ${one.pins.map(explainChange).join("; ")}`);
  const names = paused.map(({ name }) => name).join(", ");
  return new InfraError({
    code: isBound ? "RECOVERY_GIT_PINNED" : "RECOVERY_GIT_UNSEEN",
    message: isBound
      ? `all has moved, but Git still binds ${workloads} to ${source}`
      : `all has moved, but whether Git still binds ${workloads} to ${source} cannot be seen`,
    why: `${why}. Resumed, Argo CD could put the pods back to where their volumes are not. Paused are: ${names}`,
    fix: isBound
      ? `In Git: ${changes.join("; ")}. Commit and push it, then run the same command again`
      : `Correct what it says, or see what keeps Argo CD from it (kubectl get pods,applications -n argocd). In Git: ${changes.join("; ")}. Then run the same command again`,
    exitCode: exitCodes.halfDone,
  });
}

/** What makes Applications of a template keeps few annotations (applicationset_controller.go). */
export function refuseGenerated({ name }: HeldApplication, generator: string): ErrorDetails {
  return {
    code: "RECOVERY_GIT_GENERATED",
    message: `Application "${name}" has to be paused for the move, and cannot be`,
    why: `ApplicationSet "${generator}" makes it, and takes the mark off again`,
    fix: "Change in Git what the warnings of the plan name (--dry-run), then run the same command again",
  };
}
