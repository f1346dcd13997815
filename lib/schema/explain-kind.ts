import { findNearest } from "../cli/suggest.ts";
import { InfraError } from "../errors.ts";
import type { KindOfObject } from "./catalog.ts";
import type { Locate } from "./explain.ts";
import type { SchemaIndex } from "./schema-index.ts";

/** Why there is no schema for an object: its kind does not exist, or not in this apiVersion. */
export function explainKind(
  { apiVersion, kind }: KindOfObject,
  index: SchemaIndex,
  minor: string,
  locate: Locate,
): InfraError {
  const served = listServed(index, minor);
  const versions = served.filter((one) => one.kind === kind).map((one) => one.apiVersion);
  const later = index.kubernetes[apiVersion]?.[kind]?.minors;
  if (later !== undefined) {
    return new InfraError({
      code: "API_NOT_SERVED",
      message: `Kubernetes ${minor} does not serve ${apiVersion} ${kind}`,
      where: locate(["apiVersion"], "value"),
      why: `${later.join(" and ")} does, and config/versions.yaml pins a k3s of ${minor}`,
      fix: versions.length === 0 ? "Take another kind" : `Write apiVersion: ${versions.join(" or ")}`,
    });
  }
  if (versions.length > 0 && groupOf(apiVersion, versions)) {
    return new InfraError({
      code: "API_NOT_SERVED",
      message: `Kubernetes ${minor} does not serve ${apiVersion} ${kind}`,
      where: locate(["apiVersion"], "value"),
      fix: `Write apiVersion: ${versions.join(" or ")}`,
    });
  }
  return unknownKind(apiVersion, kind, served, locate);
}
