import { listComplaints } from "../argocd/describe-application.ts";
import { describeSource, isPaused, syncsByItself } from "../argocd/pause.ts";
import type { ErrorDetails } from "../errors.ts";
import type { Application, Pod } from "../objects.ts";
import { explainHeld, explainPaused, refuseGenerated } from "./explain-gitops.ts";
import type { BoundClaim } from "./find-volumes.ts";
import { findPinned, type PinnedWorkload } from "./find-pinned.ts";
import { withoutPins } from "./hostname-pin.ts";
import { pausedByAnnotation } from "./labels.ts";
import { describeClaim } from "./names.ts";
import type { ClusterState } from "./state.ts";

/** An Application that is paused while volumes move. */
export interface HeldApplication {
  namespace: string;
  name: string;
  /**
   * The Applications that make it, each as `argocd/apps`, which could put back what is changed of it; a
   * root is often one of its own.
   */
  parents: string[];
  /** Where its objects come from, as folders of Git. */
  source: string;
  syncsByItself: boolean;
  /** Claims that move and that Git has otherwise than the cluster, each as `demo/data`. */
  claims: string[];
  /** Workloads that move and that Git binds to the source. */
  pins: PinnedWorkload[];
  /** Why Argo CD cannot compare it: then nothing is known of its claims. */
  unseen?: string;
}

/** What moves, as far as Git may have a say in it. */
export interface Moving {
  claims: readonly BoundClaim[];
  pods: readonly Pod[];
  /** The value by which things are bound to the source. */
  hostname: string;
}

export interface GitopsPlan {
  /** Root first, which is the order to pause them in. */
  applications: HeldApplication[];
  /** The moving pods as they will be made again. */
  pods: Pod[];
  warnings: string[];
  blockers: ErrorDetails[];
}

/**
 * Finds the Applications whose Git works against a move, and those above them up to the root: Argo CD
 * would make a claim from Git between the old one and ours, or bind a pod again to where its volumes
 * are not.
 */
export function planGitops(
  { applications, owners }: Pick<ClusterState, "applications" | "owners">,
  { claims, pods, hostname }: Moving,
): GitopsPlan {
  const tracked = indexTracked(applications);
  const held = new Map<string, HeldApplication>();
  const generators = new Map<HeldApplication, string>();
  const paused: string[] = [];

  function hold(application: Application): HeldApplication {
    const { namespace = "", name, ownerReferences = [] } = application.metadata;
    const key = nameApplication({ namespace, name });
    const known = held.get(key);
    if (known !== undefined) return known;
    const parents = (tracked.get(`argoproj.io/Application ${key}`) ?? []).map((one) => one.by);
    const made: HeldApplication = {
      namespace,
      name,
      parents: parents.map(({ metadata }) =>
        nameApplication({ namespace: metadata.namespace ?? "", name: metadata.name }),
      ),
      source: describeSource(application),
      syncsByItself: syncsByItself(application),
      claims: [],
      pins: [],
    };
    held.set(key, made);
    for (const parent of parents) hold(parent);
    const generator = ownerReferences.find(({ kind }) => kind === "ApplicationSet");
    if (generator !== undefined) generators.set(made, generator.name);
    // A run that has ended without resuming it has nobody who does.
    const isByRun = pausedByAnnotation in (application.metadata.annotations ?? {});
    if (isPaused(application) && !isByRun) paused.push(explainPaused(made));
    return made;
  }

  for (const { claim } of claims) {
    const { namespace = "", name } = claim.metadata;
    const where = describeClaim({ namespace, name });
    for (const { by, status = "Synced" } of tracked.get(`/PersistentVolumeClaim ${where}`) ?? []) {
      if (status === "Unknown") {
        hold(by).unseen = listComplaints(by).join("; ") || "it does not say why";
      } else if (status !== "Synced") {
        hold(by).claims.push(where);
      }
    }
  }
  const freed = new Set<Pod>();
  for (const { workload, pods: bound } of findPinned(pods, owners, hostname)) {
    const { kind, namespace, name } = workload;
    for (const { by } of tracked.get(`apps/${kind} ${namespace}/${name}`) ?? []) {
      hold(by).pins.push(workload);
      for (const pod of bound) freed.add(pod);
    }
  }
  const rootFirst = orderByRoot(held);
  const isNeeded = needsPause(rootFirst);
  const refused = rootFirst.filter((one) => generators.has(one) && isNeeded(one));
  return {
    applications: rootFirst,
    pods: pods.map((pod) => (freed.has(pod) ? freePod(pod, hostname) : pod)),
    warnings: [...rootFirst.flatMap(explainHeld), ...paused],
    blockers: refused.map((one) => refuseGenerated(one, generators.get(one) ?? "")),
  };
}

/** Whether Git is known to work against the move by an Application or one that it makes. */
function needsPause(all: readonly HeldApplication[]): (one: HeldApplication) => boolean {
  return function isNeeded(one: HeldApplication): boolean {
    if (one.claims.length + one.pins.length > 0) return true;
    const name = nameApplication(one);
    return all.some((child) => child !== one && child.parents.includes(name) && isNeeded(child));
  };
}

/** `argocd/apps`. */
export function nameApplication({ namespace, name }: { namespace: string; name: string }): string {
  return `${namespace}/${name}`;
}

/** Which Applications have an object, and how they say it stands, by `group/kind namespace/name`. */
function indexTracked(
  applications: readonly Application[],
): Map<string, { by: Application; status: string | undefined }[]> {
  const index = new Map<string, { by: Application; status: string | undefined }[]>();
  for (const by of applications) {
    for (const { group = "", kind, namespace = "", name, status } of by.status?.resources ?? []) {
      const key = `${group}/${kind} ${namespace}/${name}`;
      index.set(key, [...(index.get(key) ?? []), { by, status }]);
    }
  }
  return index;
}

/** Every Application after those that make it. */
function orderByRoot(held: ReadonlyMap<string, HeldApplication>): HeldApplication[] {
  const ordered = new Set<HeldApplication>();
  const seen = new Set<string>();
  function visit(key: string): void {
    const one = held.get(key);
    if (one === undefined || seen.has(key)) return;
    seen.add(key);
    for (const parent of one.parents) visit(parent);
    ordered.add(one);
  }
  for (const key of held.keys()) visit(key);
  return [...ordered];
}

/** The pod as its workload makes it again once it is bound to no host. */
function freePod(pod: Pod, hostname: string): Pod {
  const { nodeSelector: _selector, affinity: _affinity, ...spec } = pod.spec;
  return { ...pod, spec: { ...spec, ...withoutPins(pod.spec, hostname) } };
}
