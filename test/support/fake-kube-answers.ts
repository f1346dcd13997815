import { hasCode } from "../../lib/errors.ts";
import {
  type KindName,
  kinds,
  type KubeObject,
  type Metadata,
  type Ref,
} from "../../lib/objects.ts";
import type { DeleteOptions, ListOptions, MergePatch } from "../../lib/world.ts";
import type { MemoryCluster } from "./memory/cluster.ts";

export interface KubeRequest {
  method: string;
  path: string;
  query: Record<string, string>;
  body: string;
}

export interface KubeAnswer {
  status: number;
  /** JSON, or a plain text. */
  body: unknown;
}

export interface KubeState {
  cluster: MemoryCluster;
  /** Custom resources that are installed; Kubernetes' own always are. */
  installed: Set<KindName>;
  /** What the kubelet answers for `namespace/pod/container`. */
  logs: Map<string, { status: number; text: string }>;
}

interface Target {
  kind: KindName;
  namespace: string | undefined;
  /** Undefined for all objects of the kind. */
  name: string | undefined;
  log: boolean;
}

/** Answers a request word for word as kube-apiserver v1.36.3 does, but for the end of some messages. */
export async function answerKubeRequest(
  state: KubeState,
  request: KubeRequest,
): Promise<KubeAnswer> {
  const target = parsePath(request.path);
  if (target === undefined || (isCustom(target.kind) && !state.installed.has(target.kind))) {
    return { status: 404, body: "404 page not found\n" };
  }
  const { kind, namespace, name, log } = target;
  if (request.method === "POST") return await create(state, request, target);
  if (name === undefined) return await list(state, request.query, target);
  const ref: Ref = { kind, name, ...(namespace === undefined ? {} : { namespace }) };
  const stored = state.cluster.peek(ref);
  if (stored === undefined) {
    const { plural } = kinds[kind];
    return refuse(404, "NotFound", `${plural} "${name}" not found`, { name, kind: plural });
  }
  if (log) return readLog(state, ref, request.query["container"] ?? "");
  if (request.method === "PATCH") return await patch(state, request, ref, stored.metadata);
  if (request.method === "DELETE") return await remove(state, request, ref, stored.metadata);
  return { status: 200, body: managed(stored) };
}

/** A refusal with the API's Status object. */
export function refuse(
  status: number,
  reason: string,
  message: string,
  details: Record<string, unknown> = {},
): KubeAnswer {
  const head = { kind: "Status", apiVersion: "v1", metadata: {}, status: "Failure" };
  return { status, body: { ...head, message, reason, details, code: status } };
}

function parsePath(path: string): Target | undefined {
  const pattern =
    /^\/apis?\/(v1|[^/]+\/[^/]+)(?:\/namespaces\/([^/]+)(?=\/))?\/([^/]+)(?:\/([^/]+))?(\/log)?$/;
  const [, apiVersion, namespace, plural, name, log] = pattern.exec(path) ?? [];
  const kind = (Object.keys(kinds) as KindName[]).find(
    (kind) => kinds[kind].apiVersion === apiVersion && kinds[kind].plural === plural,
  );
  if (kind === undefined) return undefined;
  return { kind, namespace, name: name && decodeURIComponent(name), log: log !== undefined };
}

function isCustom(kind: KindName): boolean {
  return /velero|argoproj/.test(kinds[kind].apiVersion);
}

function managed(object: KubeObject): unknown {
  const managedFields = [{ manager: "infra-k3s", operation: "Update" }];
  return { ...object, metadata: { ...object.metadata, managedFields } };
}

async function create(
  { cluster }: KubeState,
  { body, query }: KubeRequest,
  { kind }: Target,
): Promise<KubeAnswer> {
  const object = JSON.parse(body) as KubeObject;
  try {
    const made = await cluster.create(object, { dryRun: query["dryRun"] === "All" });
    return { status: 201, body: managed(made) };
  } catch (error) {
    if (!hasCode(error, "CLUSTER_EXISTS")) throw error;
    const { name } = object.metadata;
    const { plural } = kinds[kind];
    const message = `${plural} "${name}" already exists`;
    return refuse(409, "AlreadyExists", message, { name, kind: plural });
  }
}

async function list(
  { cluster }: KubeState,
  query: Record<string, string>,
  { kind, namespace }: Target,
): Promise<KubeAnswer> {
  const from = Number(query["continue"] ?? 0);
  const options: ListOptions = {
    ...(namespace === undefined ? {} : { namespace }),
    labels: parseSelector(query["labelSelector"]),
    fields: parseSelector(query["fieldSelector"]),
  };
  const all = await cluster.list(kind, options);
  const end = from + Number(query["limit"] ?? all.length);
  const items = all.slice(from, end).map((object) => {
    const { apiVersion: _, kind: __, ...bare } = object;
    return managed(isCustom(kind) ? object : (bare as KubeObject));
  });
  const more = end < all.length ? { continue: String(end) } : {};
  return { status: 200, body: { kind: `${kind}List`, metadata: more, items } };
}

function parseSelector(selector = ""): Record<string, string> {
  const pairs = selector.split(",").filter(Boolean);
  return Object.fromEntries(pairs.map((pair) => pair.split("=") as [string, string]));
}

async function patch(
  { cluster }: KubeState,
  { body }: KubeRequest,
  ref: Ref,
  stored: Metadata,
): Promise<KubeAnswer> {
  const wanted = JSON.parse(body) as MergePatch & { metadata?: Partial<Metadata> };
  const { uid, resourceVersion } = wanted.metadata ?? {};
  const { kind, name } = ref;
  // The version is looked at first, and only the version is a conflict to the API server.
  if (resourceVersion !== undefined && resourceVersion !== stored.resourceVersion) {
    return conflict(ref, "the object has been modified; please apply your changes");
  }
  if (uid !== undefined && uid !== stored.uid) {
    const message = `Invalid value: "${uid}": field is immutable`;
    const cause = { reason: "FieldValueInvalid", message, field: "metadata.uid" };
    const details = { name, kind, causes: [cause, cause] };
    return refuse(
      422,
      "Invalid",
      `${kind} "${name}" is invalid: metadata.uid: ${message}`,
      details,
    );
  }
  return { status: 200, body: managed(await cluster.patch(ref, wanted)) };
}

async function remove(
  { cluster }: KubeState,
  { body }: KubeRequest,
  ref: Ref,
  stored: Metadata,
): Promise<KubeAnswer> {
  const options = JSON.parse(body || "{}") as { preconditions?: DeleteOptions };
  const { uid, resourceVersion } = options.preconditions ?? {};
  if (uid !== undefined && uid !== stored.uid) {
    return conflict(ref, `the UID in the precondition (${uid}) does not match the UID in record`);
  }
  if (resourceVersion !== undefined && resourceVersion !== stored.resourceVersion) {
    return conflict(
      ref,
      `the ResourceVersion in the precondition (${resourceVersion}) does not match`,
    );
  }
  await cluster.delete(ref, { ...options, uid: stored.uid ?? "" });
  return { status: 200, body: { kind: "Status", apiVersion: "v1", status: "Success" } };
}

function conflict({ kind, name }: Ref, why: string): KubeAnswer {
  const message = `Operation cannot be fulfilled on ${kind} "${name}": ${why}`;
  return refuse(409, "Conflict", message, { name, kind });
}

function readLog({ logs }: KubeState, { namespace, name }: Ref, container: string): KubeAnswer {
  const log = logs.get(`${namespace}/${name}/${container}`);
  if (log === undefined) {
    return refuse(400, "BadRequest", `container ${container} is not valid for pod ${name}`);
  }
  if (log.status === 200) return { status: 200, body: log.text };
  if (log.status === 400) return refuse(400, "BadRequest", log.text);
  const message = `the server could not find the requested resource ( pods/log ${name})`;
  return refuse(log.status, "NotFound", message, { name, kind: "pods/log" });
}
