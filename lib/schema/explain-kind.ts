import { findNearest } from "../cli/suggest.ts";
import { InfraError } from "../errors.ts";
import type { KindOfObject } from "./catalog.ts";
import type { Locate } from "./explain.ts";
import { findRemovedApi, type RemovedApi } from "./removed-apis.ts";
import type { SchemaIndex } from "./schema-index.ts";

/** What there is to compare a kind with. */
export interface KnownKinds {
  index: SchemaIndex;
  removed: readonly RemovedApi[];
  /** The minor of Kubernetes that is served: "1.36". */
  minor: string;
}

/** Why an object has no schema: its apiVersion is not served any more or not yet, or it has a typo. */
export function explainKind(object: KindOfObject, known: KnownKinds, locate: Locate): InfraError {
  return explainVersion(object, known, locate) ?? explainName(object, known, locate);
}

function explainVersion(
  { apiVersion, kind }: KindOfObject,
  { index, removed, minor }: KnownKinds,
  locate: Locate,
): InfraError | undefined {
  const gone = findRemovedApi(removed, apiVersion, kind);
  const minors = index.kubernetes[apiVersion]?.[kind]?.minors;
  if (gone === undefined && minors === undefined) return undefined;
  return new InfraError({
    code: "API_NOT_SERVED",
    message: `the cluster does not serve ${kind} of ${apiVersion}`,
    where: locate(["apiVersion"], "value"),
    why:
      gone === undefined
        ? `Kubernetes ${minors?.join(" and ")} serves it, and the k3s in config/versions.yaml is ${minor}`
        : `it was removed in ${gone.removedIn}`,
    fix:
      gone === undefined
        ? `Write another apiVersion${listElsewhere(kind, { index, minor })}`
        : describeSuccessor(gone),
  });
}

function describeSuccessor({ use, instead = "Remove the object" }: RemovedApi): string {
  if (use !== undefined) return `Write apiVersion: ${use}, and see what it names differently`;
  return instead.charAt(0).toUpperCase() + instead.slice(1);
}

function explainName(
  { apiVersion, kind }: KindOfObject,
  { index, minor }: KnownKinds,
  locate: Locate,
): InfraError {
  const kinds = listKinds(index, minor);
  const elsewhere = kinds.filter((one) => one.kind === kind).map((one) => one.apiVersion);
  const nearest = findNearest(
    kind,
    kinds.filter((one) => one.apiVersion === apiVersion).map((one) => one.kind),
  );
  const fix =
    elsewhere.length > 0
      ? `Write apiVersion: ${elsewhere.join(" or ")}`
      : nearest === undefined
        ? "Correct the name; or add the CustomResourceDefinition that brings the kind"
        : `Did you mean "${nearest}"?`;
  return new InfraError({
    code: "KIND_UNKNOWN",
    message: `there is no ${kind} in ${apiVersion}`,
    where: locate([elsewhere.length > 0 ? "apiVersion" : "kind"], "value"),
    fix,
  });
}

function listElsewhere(kind: string, { index, minor }: Omit<KnownKinds, "removed">): string {
  const found = listKinds(index, minor).filter((one) => one.kind === kind);
  return found.length === 0 ? "" : `: ${found.map((one) => one.apiVersion).join(" or ")}`;
}

function listKinds(index: SchemaIndex, minor: string): { apiVersion: string; kind: string }[] {
  const core = Object.entries(index.kubernetes).flatMap(([apiVersion, kinds]) =>
    Object.entries(kinds)
      .filter(([, { minors }]) => minors.includes(minor))
      .map(([kind]) => ({ apiVersion, kind })),
  );
  const custom = Object.entries(index.crds).flatMap(([apiVersion, kinds]) =>
    Object.keys(kinds).map((kind) => ({ apiVersion, kind })),
  );
  return [...core, ...custom];
}
