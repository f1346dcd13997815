import { InfraError } from "../errors.ts";

const factors: Record<string, number> = {
  "": 1,
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

/**
 * A Kubernetes quantity as a number: bytes, or cores
 * (k8s.io/apimachinery/pkg/api/resource/quantity.go). Throws CLUSTER_QUANTITY_INVALID.
 */
export function parseQuantity(text: string): number {
  const match = /^([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)([a-zA-Z]*)$/.exec(text);
  const factor = factors[match?.[2] ?? "?"];
  if (match?.[1] === undefined || factor === undefined) {
    throw new InfraError({
      code: "CLUSTER_QUANTITY_INVALID",
      message: `"${text}" is not a quantity`,
    });
  }
  return Number(match[1]) * factor;
}

/** The largest of some quantities, as it was written; undefined when there is none. */
export function largestQuantity(texts: (string | undefined)[]): string | undefined {
  const known = texts.filter((text) => text !== undefined);
  return known.toSorted((a, b) => parseQuantity(b) - parseQuantity(a))[0];
}
