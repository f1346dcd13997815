import type { InfraError } from "../errors.ts";
import type { CustomResourceDefinition } from "./convert-crd.ts";
import type { Locate } from "./explain.ts";

export interface Kind {
  apiVersion: string;
  kind: string;
}

export interface KindOfObject extends Kind {
  value: unknown;
}

/** The schemas of the objects that the cluster serves. */
export interface Catalog {
  /** True means that `explain` finds nothing; it is told fast. */
  isSurelyValid(object: KindOfObject): boolean;
  /**
   * What is wrong with an object: KIND_UNKNOWN, API_NOT_SERVED, CONFIG_KEY_UNKNOWN,
   * CONFIG_KEY_MISSING, CONFIG_VALUE_INVALID. `locate` takes paths within the object.
   */
  explain(object: KindOfObject, locate: Locate): Promise<InfraError[]>;
  /** Takes in the kinds of a CustomResourceDefinition; of their metadata nothing is judged. */
  learn(definition: CustomResourceDefinition): Promise<void>;
  /** How many rules of the kind only the API server evaluates. */
  countServerRules(kind: Kind): number;
  /** Whether there is a schema of any kind of an API group that is not of Kubernetes itself. */
  hasGroup(group: string): boolean;
  /** Undefined for a kind that is not known. */
  isNamespaced(kind: Kind): boolean | undefined;
}
