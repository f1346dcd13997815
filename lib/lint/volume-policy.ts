import {
  getAt,
  getFields,
  getList,
  getText,
  getTexts,
  listOfKind,
  type Manifest,
} from "../manifests/manifest.ts";
import type { Claim } from "../manifests/claims.ts";
import { parseQuantity } from "../manifests/quantity.ts";
import { readPlain } from "../manifests/read-plain.ts";
import { veleroNamespace } from "../velero/names.ts";

/** What a Schedule's ConfigMap says about volumes, in its order. */
export type VolumePolicy = readonly unknown[];

/** What the volumes of claims are here, for a policy that asks for their type. */
const volumeType = "local";

/** The volume policies among the objects, by the name of their ConfigMap. */
export function readVolumePolicies(manifests: readonly Manifest[]): Map<string, VolumePolicy> {
  const policies = new Map<string, VolumePolicy>();
  for (const { name, namespace, value } of listOfKind(manifests, "ConfigMap")) {
    if ((namespace ?? veleroNamespace) !== veleroNamespace) continue;
    const [text, ...more] = Object.values(getFields(value, "data"));
    if (typeof text !== "string" || more.length > 0) continue;
    const [policy] = readPlain(text.endsWith("\n") ? text : `${text}\n`) ?? [];
    if (getText(policy, "version") === "v1") policies.set(name, getList(policy, "volumePolicies"));
  }
  return policies;
}

/**
 * The action of the first policy that fits a claim with its volume, such as `skip`; undefined when
 * none does (Velero: internal/resourcepolicies/volume_resources.go).
 */
export function findAction(policy: VolumePolicy, claim: Claim): string | undefined {
  const found = policy.find((one) =>
    Object.entries(getFields(one, "conditions")).every(([key]) => meets(key, one, claim)),
  );
  return getText(found, "action", "type");
}

function meets(key: string, policy: unknown, { spec, labels }: Claim): boolean {
  const texts = getTexts(policy, "conditions", key);
  switch (key) {
    case "volumeTypes":
      return texts.includes(volumeType);
    case "storageClass":
      return texts.includes(getText(spec, "storageClassName") ?? "local-path");
    case "pvcLabels":
      return Object.entries(getFields(policy, "conditions", key)).every(
        ([label, value]) => labels[label] === value,
      );
    case "pvcPhase":
      return texts.includes("Bound");
    case "pvcVolumeMode":
      return getText(policy, "conditions", key) === (getText(spec, "volumeMode") ?? "Filesystem");
    case "pvcAccessModes":
      return texts.toSorted().join() === getTexts(spec, "accessModes").toSorted().join();
    case "capacity":
      return isInRange(getText(policy, "conditions", key), spec);
    default:
      // Of NFS, of a CSI driver, or unknown to Velero as well.
      return false;
  }
}

/** Whether a size lies in a range such as `10Gi,100Gi`, of which either end may be left out. */
function isInRange(range: string | undefined, spec: unknown): boolean {
  const [lowest = "", highest = ""] = range?.split(",") ?? [];
  const wanted = renderQuantity(getAt(spec, "resources", "requests", "storage"));
  try {
    const size = parseQuantity(wanted);
    const [low, high] = [lowest, highest].map((text) => parseQuantity(text.trim() || "0"));
    return size >= (low ?? 0) && (!high || size <= high);
  } catch {
    return false;
  }
}

/** A quantity may be written as a number. */
function renderQuantity(quantity: unknown): string {
  return typeof quantity === "string" || typeof quantity === "number" ? `${quantity}` : "0";
}
