import type { Claim } from "../manifests/claims.ts";
import {
  type Fields,
  getAt,
  getFields,
  getText,
  getTexts,
  type Manifest,
} from "../manifests/manifest.ts";
import type { ManifestFault } from "./rule.ts";

/** k3s makes this class itself; the playbooks check that its volumes are of the type local. */
const usualClass = "local-path";
export const localPath = "rancher.io/local-path";

const defaultMark = "storageclass.kubernetes.io/is-default-class";
/** Still honoured before spec.storageClassName. */
const oldClassAnnotation = "volume.beta.kubernetes.io/storage-class";
/** Of local-path (provisioner.go, provisionFor): on a class, and on a claim, which goes first. */
export const classType = "defaultVolumeType";
const claimType = "volumeType";

/**
 * Why a claim gets no volume, or one that Velero does not copy, given the StorageClasses by name and
 * listCharts.
 */
export function checkClaimType(
  claim: Claim,
  classes: ReadonlyMap<string, Manifest>,
  charts: string,
): ManifestFault[] {
  const { manifest, at, name, spec, annotations } = claim;
  const type = annotations[claimType];
  const faults: ManifestFault[] = [];
  const add = (code: string, path: string[], text: Omit<ManifestFault, "manifest" | "at">) =>
    faults.push({ code, manifest, at: [...at, ...path], ...text });

  if (getText(spec, "volumeMode") === "Block") {
    add("PVC_BLOCK", ["spec", "volumeMode"], {
      part: "value",
      message: `claim "${name}" is a block volume`,
      why: "Velero's file-system backup copies files, and skips it.",
      fix: "Leave volumeMode out, or back it up with the app's own means and accept this finding",
    });
  }
  const wanted = annotations[oldClassAnnotation] ?? getText(spec, "storageClassName");
  const className = typeof wanted === "string" ? wanted : findDefault(classes);
  const provisioner = getText(classes.get(className)?.value, "provisioner");
  if (!isServed(className, spec, classes, charts)) {
    const isOld = typeof annotations[oldClassAnnotation] === "string";
    add(
      "PVC_CLASS",
      isOld ? ["metadata", "annotations", oldClassAnnotation] : ["spec", "storageClassName"],
      {
        part: "value",
        message:
          className === ""
            ? `claim "${name}" asks for no StorageClass and for no volume`
            : `there is no StorageClass "${className}"`,
        why: "The claim stays Pending, and so does the pod that mounts it.",
        fix: `Leave storageClassName out or write ${usualClass}, or add the StorageClass to this repository`,
      },
    );
  }
  const isOfLocalPath = className === usualClass || provisioner === localPath;
  if (!isOfLocalPath) return faults;
  if (typeof type === "string" && !isLocal(type)) {
    add("PVC_HOST_PATH", ["metadata", "annotations", claimType], {
      part: "value",
      message: `claim "${name}" gets a volume that Velero does not copy`,
      why: `The annotation goes before that of the StorageClass. Of a hostPath volume Velero writes a line in its log, and anything else than local or hostPath is refused by local-path.`,
      fix: `Write local, or leave the annotation to the StorageClass`,
    });
  }
  const modes = getTexts(spec, "accessModes");
  const shared = modes.findIndex((mode) => mode.endsWith("Many"));
  if (shared !== -1) {
    add("PVC_ACCESS_MODE", ["spec", "accessModes", String(shared)], {
      part: "value",
      message: `local-path has no volume with ${modes[shared]}`,
      why: "Its volumes are folders of one node. The provisioner refuses the claim, which stays Pending.",
      fix: "Write ReadWriteOnce: all pods of that node can mount it",
    });
  }
  if (getAt(spec, "selector") !== undefined && getAt(spec, "volumeName") === undefined) {
    add("PVC_SELECTOR", ["spec", "selector"], {
      message: "local-path takes no claim with a selector",
      why: "The provisioner answers `claim.Spec.Selector is not supported`, and the claim stays Pending.",
      fix: 'Remove it, or write storageClassName: "" to bind a volume of this repository',
    });
  }
  return faults;
}

/** Whether local-path makes of a type what Velero copies. */
export function isLocal(type: string | undefined): boolean {
  return type?.toLowerCase() === "local";
}

function findDefault(classes: ReadonlyMap<string, Manifest>): string {
  const found = [...classes.values()].find(
    ({ value }) => getFields(value, "metadata", "annotations")[defaultMark] === "true",
  );
  return found?.name ?? usualClass;
}

/** Whether something makes or is a volume for the claim; what charts install, they name. */
function isServed(
  name: string,
  spec: Fields,
  classes: ReadonlyMap<string, Manifest>,
  charts: string,
): boolean {
  if (getAt(spec, "volumeName") !== undefined) return true;
  if (name === "") return getAt(spec, "selector") !== undefined;
  return name === usualClass || classes.has(name) || charts.includes(name);
}
