import {
  describeRef,
  type KindMap,
  type KindName,
  kinds,
  type KubeObject,
  type Ref,
} from "../objects.ts";
import type { Cluster, ListOptions } from "../world.ts";
import { RefusalError, toInfraError } from "./api-error.ts";
import { listPath, objectPath, parentPath, refOf, renderQuery, renderSelector } from "./path.ts";
import type { Send } from "./request.ts";

const fieldManager = "infra-k3s";

/** Objects a page; the server forgets where a page ended after 5 to 10 minutes and says 410. */
const pageSize = "500";
const maxListStarts = 3;

/** The cluster's objects over a transport; they come as the server's own JSON. */
export function openObjects(send: Send): Cluster {
  return {
    async find(ref) {
      const path = objectPath(ref);
      return await attempt(ref.kind, `read ${describeRef(ref)}`, async () => {
        try {
          return parse(await send({ method: "GET", path }));
        } catch (error) {
          if (isAbsent(error, ref.kind)) return undefined;
          throw error;
        }
      });
    },

    async list(kind, options = {}) {
      return await attempt(kind, `list ${kind}`, async () => {
        for (let start = 1; ; start += 1) {
          try {
            return await listPages(send, kind, options);
          } catch (error) {
            if (isAbsent(error, kind)) return [];
            const expired = error instanceof RefusalError && error.httpStatus === 410;
            if (!expired || start === maxListStarts) throw error;
          }
        }
      });
    },

    async create(object, { dryRun = false } = {}) {
      const ref = refOf(object);
      const query: Record<string, string> = { fieldManager };
      if (dryRun) query["dryRun"] = "All";
      const path = parentPath(ref) + renderQuery(query);
      return await attempt(ref.kind, `create ${describeRef(ref)}`, async () =>
        parse(await send({ method: "POST", path, body: object })),
      );
    },

    async patch(ref, patch) {
      const path = objectPath(ref) + renderQuery({ fieldManager });
      const contentType = "application/merge-patch+json";
      return await attempt(ref.kind, `patch ${describeRef(ref)}`, async () =>
        parse(await send({ method: "PATCH", path, body: patch, contentType })),
      );
    },

    async delete(ref, { uid, resourceVersion, gracePeriodSeconds }) {
      const path = objectPath(ref);
      const body = {
        apiVersion: "v1",
        kind: "DeleteOptions",
        preconditions: { uid, resourceVersion },
        gracePeriodSeconds,
        propagationPolicy: "Background",
      };
      await attempt(ref.kind, `delete ${describeRef(ref)}`, async () => {
        try {
          await send({ method: "DELETE", path, body });
        } catch (error) {
          if (!isAbsent(error, ref.kind)) throw error;
        }
      });
    },

    async readLog({ namespace, name, container }, tailLines) {
      const ref: Ref<"Pod"> = { kind: "Pod", namespace, name };
      const query: Record<string, string> = { container };
      if (tailLines !== undefined) query["tailLines"] = String(tailLines);
      const path = `${objectPath(ref)}/log${renderQuery(query)}`;
      return await attempt("Pod", `read the log of ${describeRef(ref)}`, async () => {
        try {
          return await send({ method: "GET", path });
        } catch (error) {
          if (isNotStarted(error)) return "";
          throw error;
        }
      });
    },
  };
}

async function attempt<T>(kind: KindName, task: string, body: () => Promise<T>): Promise<T> {
  try {
    return await body();
  } catch (error) {
    const foreign = error instanceof SyntaxError || isForeign(error, kind);
    const cause = foreign ? new Error("what answered is not the Kubernetes API") : error;
    throw toInfraError(cause, task);
  }
}

async function listPages<K extends KindName>(
  send: Send,
  kind: K,
  { namespace, labels, fields }: ListOptions,
): Promise<KindMap[K][]> {
  const { apiVersion } = kinds[kind];
  const query: Record<string, string> = { limit: pageSize };
  if (labels !== undefined) query["labelSelector"] = renderSelector(labels);
  if (fields !== undefined) query["fieldSelector"] = renderSelector(fields);
  const found: KindMap[K][] = [];
  for (;;) {
    const path = listPath(kind, namespace) + renderQuery(query);
    const page = JSON.parse(await send({ method: "GET", path })) as {
      metadata: { continue?: string };
      items: KindMap[K][];
    };
    // In a list only custom resources say what they are.
    for (const item of page.items) found.push({ ...withoutManagers(item), apiVersion, kind });
    if (!page.metadata.continue) return found;
    query["continue"] = page.metadata.continue;
  }
}

function parse<T extends KubeObject>(text: string): T {
  return withoutManagers(JSON.parse(text) as T);
}

/** Who set which field is often the larger half of an object, and nobody here reads it. */
function withoutManagers<T extends KubeObject>(object: T): T {
  const { managedFields: _, ...metadata } = object.metadata as T["metadata"] & {
    managedFields?: unknown;
  };
  return { ...object, metadata };
}

/** Whether the object, or its whole kind, is not there. */
function isAbsent(error: unknown, kind: KindName): boolean {
  return error instanceof RefusalError && error.httpStatus === 404 && !isForeign(error, kind);
}

/**
 * For a kind that is not installed the API server prints "404 page not found", as many servers do
 * for everything; but Kubernetes' own kinds are always installed.
 */
function isForeign(error: unknown, kind: KindName): boolean {
  const plain404 =
    error instanceof RefusalError && error.httpStatus === 404 && error.status === undefined;
  const [group = ""] = kinds[kind].apiVersion.split("/");
  return plain404 && (!group.includes(".") || group.endsWith(".k8s.io"));
}

/** Whether a log is empty since the kubelet has not seen the pod yet, or not started the container. */
function isNotStarted(error: unknown): boolean {
  if (!(error instanceof RefusalError)) return false;
  if (error.httpStatus === 404) return error.status?.details?.kind === "pods/log";
  return (
    error.httpStatus === 400 &&
    /waiting to start|not available|is terminated|no logs available/.test(error.message)
  );
}
