import { isPaused, readSync, syncsByItself } from "../../../lib/argocd/pause.ts";
import { refreshAnnotation } from "../../../lib/argocd/names.ts";
import type { Application, ApplicationResource, KubeObject } from "../../../lib/objects.ts";
import { refOf } from "./cluster.ts";
import type { MemoryWorld } from "./world.ts";

/** An object as Git has it; what it does not name is nobody's business. */
export type GitObject = KubeObject & { spec?: unknown };

export interface MemoryArgo {
  /** What Git has, by the name of an Application; undefined where it cannot be built. */
  git: Map<string, GitObject[] | undefined>;
  /** What Argo CD has made or changed, `demo: StatefulSet db`. */
  readonly applied: string[];
  /** When it tried to sync which Application, in milliseconds since 1970. */
  readonly tries: { name: string; at: number }[];
  /** Whether its controller is away. */
  isDown: boolean;
}

/** A sync that fails is tried again and again; a test has an end. */
const maxTries = 300;
const retrySeconds = 5;

/**
 * What Argo CD 3.6.1 does with Applications, cut down to what a recovery has to reckon with: it compares
 * and syncs what is not paused, and a sync that has begun is tried again whether or not it is paused.
 */
export function startArgo(world: MemoryWorld): MemoryArgo {
  const { cluster, clock } = world;
  const argo: MemoryArgo = { git: new Map(), applied: [], tries: [], isDown: false };
  /** Applications whose sync has a place in Argo CD's queue. */
  const queued = new Set<string>();
  let scheduled = false;

  cluster.listeners.push(() => {
    if (scheduled) return;
    scheduled = true;
    clock.after(0.3, () => {
      scheduled = false;
      if (!argo.isDown) for (const one of cluster.all("Application")) reconcile(one);
    });
  });
  return argo;

  function reconcile(application: Application): void {
    const { name } = application.metadata;
    if (isPaused(application)) return;
    if (application.operation !== undefined) {
      begin(name);
      return;
    }
    const objects = argo.git.get(name);
    const resources = (objects ?? []).map(describe);
    const isSynced = resources.every(({ status }) => status === "Synced");
    const compared = objects === undefined ? "Unknown" : isSynced ? "Synced" : "OutOfSync";
    const patch = {
      metadata: { annotations: { [refreshAnnotation]: null } },
      status: {
        sync: { status: compared },
        conditions:
          objects === undefined ? [{ type: "ComparisonError", message: "cannot build" }] : null,
        ...(objects === undefined ? {} : { resources }),
      },
    };
    const phase = application.status?.operationState?.phase;
    const mayTry = phase === undefined || phase === "Succeeded";
    const operation =
      compared === "OutOfSync" && syncsByItself(application) && mayTry
        ? { operation: { sync: {} }, status: { ...patch.status, operationState: null } }
        : {};
    change(name, { ...patch, ...operation });
    if ("operation" in operation) begin(name);
  }

  function begin(name: string): void {
    if (queued.has(name)) return;
    queued.add(name);
    sync(name);
  }

  /** One try; it is not looked whether the Application is paused, as Argo CD does not. */
  function sync(name: string): void {
    change(name, { status: { operationState: { phase: "Running", finishedAt: null } } });
    clock.after(0.5, () => {
      const application = find(name);
      if (argo.isDown || application === undefined || readSync(application) === "none") {
        queued.delete(name);
        return;
      }
      if (application.operation === undefined) {
        queued.delete(name);
        change(name, { status: { operationState: null } });
        return;
      }
      const finishedAt = new Date(clock.now()).toISOString();
      argo.tries.push({ name, at: clock.now() });
      if (apply(name)) {
        queued.delete(name);
        const operationState = { phase: "Succeeded", finishedAt };
        change(name, { operation: null, status: { operationState } });
        return;
      }
      change(name, { status: { operationState: { phase: "Running", finishedAt } } });
      if (argo.tries.length >= maxTries) return;
      clock.after(retrySeconds, () => {
        if (!argo.isDown && find(name)?.operation !== undefined) sync(name);
        else queued.delete(name);
      });
    });
  }

  /** Makes everything as Git has it; what the API server would refuse fails all of it. */
  function apply(name: string): boolean {
    const objects = argo.git.get(name) ?? [];
    const differing = objects.filter((object) => !isAsGit(object));
    if (differing.some((one) => one.kind === "PersistentVolumeClaim" && isThere(one))) return false;
    for (const object of differing) {
      argo.applied.push(`${name}: ${object.kind} ${object.metadata.name}`);
      if (isThere(object)) cluster.change(refOf(object), { spec: object.spec });
      else void cluster.create(object);
    }
    return true;
  }

  function isAsGit(object: GitObject): boolean {
    const live = cluster.peek(refOf(object)) as GitObject | undefined;
    return live !== undefined && contains(live.spec, object.spec);
  }

  function describe(object: GitObject): ApplicationResource {
    const { kind } = object;
    const { name, namespace = "" } = object.metadata;
    const [group] = object.apiVersion.includes("/") ? object.apiVersion.split("/") : [undefined];
    return {
      ...(group === undefined ? {} : { group }),
      kind,
      namespace,
      name,
      status: isAsGit(object) ? "Synced" : "OutOfSync",
    };
  }

  function isThere(object: GitObject): boolean {
    return cluster.peek(refOf(object)) !== undefined;
  }

  function find(name: string): Application | undefined {
    return cluster.peek({ kind: "Application", namespace: "argocd", name });
  }

  /** Writes only what is new, since every write wakes everybody. */
  function change(name: string, patch: Record<string, unknown>): void {
    const application = find(name);
    if (application === undefined || contains(application, patch)) return;
    cluster.change({ kind: "Application", namespace: "argocd", name }, patch);
  }
}

/** Whether a value has all that a merge patch would write. */
function contains(live: unknown, wanted: unknown): boolean {
  if (wanted === null) return live === undefined || live === null;
  if (typeof wanted !== "object") return live === wanted;
  if (Array.isArray(wanted)) return JSON.stringify(live) === JSON.stringify(wanted);
  if (typeof live !== "object" || live === null) {
    return Object.values(wanted).every((part) => part === null);
  }
  return Object.entries(wanted).every(([key, part]) =>
    contains((live as Record<string, unknown>)[key], part),
  );
}
