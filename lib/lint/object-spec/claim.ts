import { getAt, getTexts } from "../../manifests/manifest.ts";
import { addMissing, addRefused, checkOneOf, type Spot } from "./faults.ts";
import { checkQuantity } from "./resources.ts";

const accessModes = ["ReadWriteOnce", "ReadOnlyMany", "ReadWriteMany", "ReadWriteOncePod"];

/** The spec of a claim, or of a template of one (pkg/apis/core/validation: ValidatePersistentVolumeClaimSpec). */
export function checkClaimSpec(spot: Spot): void {
  checkOneOf(spot, "volumeMode", ["Filesystem", "Block"]);
  const modes = getTexts(spot.fields, "accessModes");
  if (modes.length === 0) {
    addMissing(spot, [], {
      message: "this claim has no accessModes",
      fix: "Add accessModes: [ReadWriteOnce]",
    });
  }
  for (const [index, mode] of modes.entries()) {
    if (accessModes.includes(mode)) continue;
    addRefused(spot, ["accessModes", String(index)], {
      message: `"${mode}" is no access mode`,
      fix: `Write one of ${accessModes.join(", ")}`,
    });
  }
  if (getAt(spot.fields, "resources", "requests", "storage") === undefined) {
    addMissing(spot, ["resources", "requests"], {
      message: "this claim does not say how much it wants",
      fix: "Add resources.requests.storage, such as 10Gi",
    });
  } else checkQuantity(spot, "resources", "requests", "storage");
}
