import { getFields, getList, getText, isFields } from "../../manifests/manifest.ts";
import { isDnsLabel } from "../../manifests/names.ts";
import { type PodTemplate, listContainers } from "../../manifests/pods.ts";
import type { ObjectFault } from "../rule.ts";
import { isFilledIn } from "../filled-in.ts";
import { checkContainer } from "./container.ts";
import { checkOneOf, checkTwice, type Spot } from "./faults.ts";
import { checkQuantity, checkResources } from "./resources.ts";

const hostPathTypes =
  "DirectoryOrCreate Directory FileOrCreate File Socket CharDevice BlockDevice".split(" ");

/**
 * What the API server refuses in a pod (pkg/apis/core/validation: ValidatePodSpec). `claims` are the
 * names of a StatefulSet's own claims, which are volumes of its pods too.
 */
export function checkPod(
  template: PodTemplate,
  claims: readonly string[],
  faults: ObjectFault[],
): void {
  const { at, spec } = template;
  const pod: Spot = { at, fields: spec, faults };
  checkOneOf(pod, "dnsPolicy", ["ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"]);
  checkTolerations(pod);
  checkSpread(pod);
  if (spec["resources"] !== undefined) checkResources(pod);
  const volumes = checkVolumes(pod);
  // A claim of a StatefulSet takes the place of a volume of its name.
  const names = claims.length === 0 ? volumes : [...volumes, ...claims];
  for (const { at: place, fields } of listContainers(template)) {
    checkContainer({ at: place, fields, faults }, names);
  }
  checkContainerNames(pod);
}

/** Of all lists together, as the kubelet knows containers by name alone. */
function checkContainerNames({ at, fields, faults }: Spot): void {
  let seen: string[] = [];
  for (const list of ["containers", "initContainers", "ephemeralContainers"]) {
    const containers = getList(fields, list);
    const spot = { at: [...at, list], faults };
    seen = checkTwice(containers, "name", spot, "container", seen);
    checkNames(containers, spot, "container");
  }
}

function checkVolumes({ at, fields, faults }: Spot): string[] {
  const volumes = getList(fields, "volumes");
  if (volumes.length === 0) return [];
  const spot = { at: [...at, "volumes"], faults };
  for (const [index, volume] of volumes.entries()) {
    if (!isFields(volume)) continue;
    const place = { at: [...spot.at, String(index)], fields: volume, faults };
    if (isFields(volume["emptyDir"])) checkQuantity(place, "emptyDir", "sizeLimit");
    if (!isFields(volume["hostPath"])) continue;
    const path = { at: [...place.at, "hostPath"], fields: volume["hostPath"], faults };
    checkOneOf(path, "type", hostPathTypes);
  }
  checkNames(volumes, spot, "volume");
  return checkTwice(volumes, "name", spot, "volume");
}

function checkNames(
  list: readonly unknown[],
  { at, faults }: Pick<Spot, "at" | "faults">,
  what: string,
): void {
  for (const [index, one] of list.entries()) {
    const name = getText(one, "name");
    if (name === undefined || isDnsLabel(name) || isFilledIn(name)) continue;
    faults.push({
      code: "PART_NAME_INVALID",
      at: [...at, String(index), "name"],
      part: "value",
      message: `"${name}" is no name for a ${what}`,
      why: "it has at most 63 small letters, digits and -, a letter or digit at both ends",
      fix: "Use such letters only, for example - for _",
    });
  }
}

function checkTolerations({ at, fields, faults }: Spot): void {
  for (const [index, toleration] of getList(fields, "tolerations").entries()) {
    const spot = {
      at: [...at, "tolerations", String(index)],
      fields: getFields({ toleration }, "toleration"),
      faults,
    };
    checkOneOf(spot, "operator", ["Exists", "Equal", "Lt", "Gt"]);
    checkOneOf(spot, "effect", ["NoSchedule", "PreferNoSchedule", "NoExecute"]);
    checkLoneToleration(spot);
  }
}

function checkLoneToleration({ at, fields, faults }: Spot): void {
  const isOfAll = (getText(fields, "operator") ?? "") === "Exists";
  const isNameless = (getText(fields, "key") ?? "") === "" && !isOfAll;
  if (!isNameless && (!isOfAll || (getText(fields, "value") ?? "") === "")) return;
  faults.push({
    code: "VALUE_REFUSED",
    at: isNameless ? at : [...at, "value"],
    message: isNameless
      ? "this toleration names no taint"
      : "this toleration has a value for Exists",
    why: isNameless ? "without a key it is for all taints" : "Exists fits any value of the taint",
    fix: isNameless
      ? "Add the key, or write operator: Exists"
      : "Remove the value, or write operator: Equal",
  });
}

function checkSpread({ at, fields, faults }: Spot): void {
  for (const [index, one] of getList(fields, "topologySpreadConstraints").entries()) {
    if (!isFields(one)) continue;
    const spot = { at: [...at, "topologySpreadConstraints", String(index)], fields: one, faults };
    checkOneOf(spot, "whenUnsatisfiable", ["DoNotSchedule", "ScheduleAnyway"]);
  }
}
