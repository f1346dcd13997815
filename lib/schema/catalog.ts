import type { InfraError } from "../errors.ts";
import type { Locate } from "./explain.ts";

/** An object with the names of its kind. */
export interface KindOfObject {
  apiVersion: string;
  kind: string;
  value: unknown;
}

/** The schemas of the objects that the cluster serves. */
export interface Catalog {
  /** True means that `explain` finds nothing; it is told fast. */
  isSurelyValid(object: KindOfObject): boolean;
  /** What is wrong with an object; `locate` takes paths within the object. */
  explain(object: KindOfObject, locate: Locate): Promise<InfraError[]>;
  /** How many rules of the kind only the API server evaluates. */
  countServerRules(object: Pick<KindOfObject, "apiVersion" | "kind">): number;
}
