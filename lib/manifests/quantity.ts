import { InfraError } from "../errors.ts";

const factors: Record<string, number> = {
  "": 1,
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

/** Throws CLUSTER_QUANTITY_INVALID for what findQuantity does not find. */
export function parseQuantity(text: string): number {
  const found = findQuantity(text);
  if (found === undefined) {
    throw new InfraError({
      code: "CLUSTER_QUANTITY_INVALID",
      message: `"${text}" is not a quantity`,
    });
  }
  return found;
}

/**
 * A Kubernetes quantity as a number: bytes, or cores; undefined for what is none
 * (k8s.io/apimachinery/pkg/api/resource/quantity.go).
 */
export function findQuantity(text: string): number | undefined {
  const [, number, unit = ""] =
    /^([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)([a-zA-Z]*)$/.exec(text) ?? [];
  const factor = Object.hasOwn(factors, unit) ? factors[unit] : undefined;
  return number === undefined || factor === undefined ? undefined : Number(number) * factor;
}

/** The largest of some quantities, as it was written; undefined when there is none. */
export function largestQuantity(texts: (string | undefined)[]): string | undefined {
  const known = texts.filter((text) => text !== undefined);
  return known.toSorted((a, b) => parseQuantity(b) - parseQuantity(a))[0];
}
