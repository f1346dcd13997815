import { InfraError } from "../../../lib/errors.ts";
import {
  describeRef,
  type KindMap,
  type KindName,
  kinds,
  type KubeObject,
  type Ref,
} from "../../../lib/objects.ts";
import type { Cluster, DeleteOptions, ListOptions, MergePatch } from "../../../lib/world.ts";

/** Told after every write, so that the controllers of the test can react. */
export type Listener = (kind: KindName) => void;

/**
 * An API server in memory: names, UIDs, resource versions, preconditions, finalizers and merge
 * patches as the real one has them. It knows no kind's meaning; controllers.ts does. Objects are
 * frozen, which is many times as fast as a copy for everybody who looks at one.
 */
export interface MemoryCluster extends Cluster {
  readonly listeners: Listener[];
  /** What `find` gives, at once; for controllers and assertions. */
  peek<K extends KindName>(ref: Ref<K>): KindMap[K] | undefined;
  /** All objects of a kind, at once. */
  all<K extends KindName>(kind: K): KindMap[K][];
  /** A patch without the API's asynchrony; throws what `patch` throws. */
  change<K extends KindName>(ref: Ref<K>, patch: MergePatch): KindMap[K];
  /** Takes an object away, whatever holds it. */
  remove(ref: Ref): void;
}

/** An empty cluster; `now` gives milliseconds. */
export function createCluster(now: () => number): MemoryCluster {
  const objects = new Map<string, KubeObject>();
  let version = 0;
  const listeners: Listener[] = [];

  async function find<K extends KindName>(ref: Ref<K>): Promise<KindMap[K] | undefined> {
    return peek(ref);
  }

  async function list<K extends KindName>(
    kind: K,
    options: ListOptions = {},
  ): Promise<KindMap[K][]> {
    return all(kind).filter((object) => matchesOptions(object, options));
  }

  async function create<T extends KubeObject>(
    object: T,
    options: { dryRun?: boolean } = {},
  ): Promise<T> {
    const ref = refOf(object);
    if (objects.has(keyOf(ref))) throw failure("CLUSTER_EXISTS", ref);
    if (options.dryRun === true) return freeze(copy(object));
    version += 1;
    const stored = copy(object);
    stored.metadata.uid = `00000000-0000-4000-8000-${String(version).padStart(12, "0")}`;
    stored.metadata.resourceVersion = String(version);
    stored.metadata.creationTimestamp = new Date(now()).toISOString();
    if (stored.kind === "PersistentVolumeClaim") {
      stored.metadata.finalizers = ["kubernetes.io/pvc-protection"];
    }
    objects.set(keyOf(ref), freeze(stored));
    tell(ref.kind);
    return stored;
  }

  async function patch<K extends KindName>(ref: Ref<K>, patch: MergePatch): Promise<KindMap[K]> {
    return change(ref, patch);
  }

  async function deleteObject(ref: Ref, options: DeleteOptions): Promise<void> {
    const stored = objects.get(keyOf(ref));
    if (stored === undefined) return;
    const { uid, resourceVersion } = stored.metadata;
    if (uid !== options.uid) throw failure("CLUSTER_CONFLICT", ref);
    if (options.resourceVersion !== undefined && resourceVersion !== options.resourceVersion) {
      throw failure("CLUSTER_CONFLICT", ref);
    }
    const byForce = options.gracePeriodSeconds === 0;
    const held = (stored.metadata.finalizers ?? []).length > 0;
    const waitsForKubelet = stored.kind === "Pod" && !byForce && hasNode(stored);
    if (!held && !waitsForKubelet) {
      remove(ref);
      return;
    }
    if (stored.metadata.deletionTimestamp !== undefined) return;
    change(ref, { metadata: { deletionTimestamp: new Date(now()).toISOString() } });
  }

  async function readLog({
    namespace,
    name,
  }: {
    namespace: string;
    name: string;
  }): Promise<string> {
    if (peek({ kind: "Pod", namespace, name }) === undefined) {
      throw failure("CLUSTER_NOT_FOUND", { kind: "Pod", namespace, name });
    }
    // Pods here tell nothing before their end.
    return "";
  }

  function peek<K extends KindName>(ref: Ref<K>): KindMap[K] | undefined {
    return objects.get(keyOf(ref)) as KindMap[K] | undefined;
  }

  function all<K extends KindName>(kind: K): KindMap[K][] {
    return [...objects.values()].filter((object) => object.kind === kind) as KindMap[K][];
  }

  function change<K extends KindName>(ref: Ref<K>, patch: MergePatch): KindMap[K] {
    const stored = objects.get(keyOf(ref));
    if (stored === undefined) throw failure("CLUSTER_NOT_FOUND", ref);
    const wanted = (patch["metadata"] ?? {}) as { uid?: string; resourceVersion?: string };
    if (wanted.uid !== undefined && wanted.uid !== stored.metadata.uid)
      throw failure("CLUSTER_CONFLICT", ref);
    if (
      wanted.resourceVersion !== undefined &&
      wanted.resourceVersion !== stored.metadata.resourceVersion
    ) {
      throw failure("CLUSTER_CONFLICT", ref);
    }
    version += 1;
    const versioned = { metadata: { resourceVersion: String(version) } };
    const patched = freeze(mergePatch(mergePatch(stored, patch), versioned) as KindMap[K]);
    objects.set(keyOf(ref), patched);
    tell(ref.kind);
    return patched;
  }

  function remove(ref: Ref): void {
    if (objects.delete(keyOf(ref))) tell(ref.kind);
  }

  function tell(kind: KindName): void {
    for (const listener of listeners) listener(kind);
  }

  return {
    find,
    list,
    create,
    patch,
    delete: deleteObject,
    readLog,
    listeners,
    peek,
    all,
    change,
    remove,
  };
}

/** Reference to a stored or wanted object. */
export function refOf(object: KubeObject): Ref {
  const kind = object.kind as KindName;
  const { name, namespace } = object.metadata;
  return {
    kind,
    name,
    ...(namespace === undefined || !kinds[kind].namespaced ? {} : { namespace }),
  };
}

/** A copy of JSON-like data, many times as fast as structuredClone. */
function copy<T>(value: T): T {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((item: unknown) => copy(item)) as T;
  const result: Record<string, unknown> = {};
  for (const key of Object.keys(value)) result[key] = copy((value as Record<string, unknown>)[key]);
  return result as T;
}

/** Freezes JSON-like data; what is frozen already is so down to its leaves. */
function freeze<T>(value: T): T {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return value;
  for (const part of Object.values(value)) freeze(part);
  return Object.freeze(value);
}

function keyOf(ref: Ref): string {
  return describeRef(ref);
}

function hasNode(object: KubeObject): boolean {
  return (object as KubeObject & { spec?: { nodeName?: string } }).spec?.nodeName !== undefined;
}

function failure(code: string, ref: Ref): InfraError {
  return new InfraError({ code, message: describeRef(ref), exitCode: 4 });
}

function matchesOptions(object: KubeObject, options: ListOptions): boolean {
  const { metadata } = object;
  if (options.namespace !== undefined && metadata.namespace !== options.namespace) return false;
  for (const [key, value] of Object.entries(options.labels ?? {})) {
    if (metadata.labels?.[key] !== value) return false;
  }
  for (const [path, value] of Object.entries(options.fields ?? {})) {
    const found = path
      .split(".")
      .reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], object);
    if (found !== value) return false;
  }
  return true;
}

/** RFC 7386. */
function mergePatch(target: unknown, patch: unknown): unknown {
  if (typeof patch !== "object" || patch === null || Array.isArray(patch)) return copy(patch);
  const result: Record<string, unknown> =
    typeof target === "object" && target !== null && !Array.isArray(target)
      ? { ...(target as Record<string, unknown>) }
      : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else if (value !== undefined) result[key] = mergePatch(result[key], value);
  }
  return result;
}
