import type { ZoneRecord } from "../records.ts";
import { addressTypes } from "./check-records.ts";
import { normalizeContent } from "./content.ts";

/** That an external-dns has made a record, as it has written it down beside it. */
export interface RegistryClaim {
  /** The name of the record, not of the text that claims it. */
  name: string;
  /** Undefined in texts of old versions, which claim a name whatever its type. */
  type: string | undefined;
  /** --txt-owner-id. */
  owner: string;
  /** What it was made for: `ingress/shop/shop`. */
  resource: string | undefined;
}

/** The types that external-dns writes in front of a name (registry/mapper/mapper.go). */
const claimedTypes = "A AAAA CNAME NS MX PTR SRV NAPTR TXT DNAME".split(" ");

/**
 * The claim that a record is, if it is one of external-dns's TXT registry (external-dns v0.23:
 * endpoint/labels.go, registry/mapper/mapper.go), without --txt-prefix, --txt-suffix and encryption:
 * `a-www.example.com` claims the address of `www.example.com`.
 */
export function parseClaim(record: ZoneRecord): RegistryClaim | undefined {
  if (record.type !== "TXT") return undefined;
  const words = normalizeContent("TXT", record.content).split(",");
  const labels = new Map(words.map((word) => splitOnce(word, "=")));
  if (labels.get("heritage") !== "external-dns") return undefined;
  const [first, rest] = splitOnce(record.name, "-");
  const type = claimedTypes.find((one) => one.toLowerCase() === first);
  return {
    name: type === undefined ? record.name : rest,
    type,
    owner: labels.get("external-dns/owner") ?? "",
    resource: labels.get("external-dns/resource"),
  };
}

/** Finds the claim on a record, or on one that could not be beside it. */
export function findClaim(
  claims: readonly RegistryClaim[],
  { name, type }: { name: string; type: string },
): RegistryClaim | undefined {
  const own = claims.filter((claim) => claim.name === name);
  return (
    own.find((claim) => claim.type === type) ??
    own.find((claim) => claim.type === undefined || isRival(claim.type, type))
  );
}

/** Whether records of both types at one name are answers to one question: who owns its addresses. */
export function isRival(one: string, other: string): boolean {
  return addressTypes.includes(one) && addressTypes.includes(other);
}

function splitOnce(text: string, at: string): [string, string] {
  const index = text.indexOf(at);
  return index < 0 ? [text, ""] : [text.slice(0, index), text.slice(index + at.length)];
}
