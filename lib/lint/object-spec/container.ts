import { isInvalidImage, parseImage } from "../../manifests/images.ts";
import { getList, getText, isFields } from "../../manifests/manifest.ts";
import { isFilledIn } from "../filled-in.ts";
import { addMissing, addRefused, checkOneOf, checkTwice, type Spot } from "./faults.ts";
import { checkAskedPort, checkContainerPorts } from "./ports.ts";
import { checkResources } from "./resources.ts";

const probes = ["livenessProbe", "readinessProbe", "startupProbe"];
const handlers = ["exec", "httpGet", "tcpSocket", "grpc"];

/** What the API server refuses in a container (pkg/apis/core/validation: validateContainerCommon). */
export function checkContainer(spot: Spot, volumes: readonly string[]): void {
  const { fields } = spot;
  checkOneOf(spot, "imagePullPolicy", ["Always", "IfNotPresent", "Never"]);
  checkOneOf(spot, "terminationMessagePolicy", ["File", "FallbackToLogsOnError"]);
  checkImage(spot);
  if (fields["ports"] !== undefined) checkContainerPorts(spot);
  if (fields["resources"] !== undefined) checkResources(spot);
  checkMounts(spot, volumes);
  for (const key of probes) if (isFields(fields[key])) checkProbe(spot, key);
  if (isFields(fields["lifecycle"])) checkHooks(spot);
}

/** A reference that no registry has; the API server takes it, and the pod ends in InvalidImageName. */
function checkImage(spot: Spot): void {
  const image = spot.fields["image"];
  if (image === undefined || image === "") {
    addMissing(spot, image === undefined ? [] : ["image"], {
      message: "this container has no image",
      fix: "Add the image",
    });
  }
  if (typeof image !== "string" || image === "" || !isInvalidImage(image)) return;
  // What has neither is told by rule image-unpinned.
  const { tag, digest } = parseImage(image) ?? {};
  if ((digest ?? tag ?? "latest") === "latest" || isFilledIn(image)) return;
  const isOfDigest = image.includes("@");
  spot.faults.push({
    code: "IMAGE_INVALID",
    at: [...spot.at, "image"],
    part: "value",
    message: `"${image}" is no image`,
    why: isOfDigest
      ? "behind @ is an algorithm, a colon and its sum: sha256 has 64 digits from 0 to f"
      : "behind its registry the name of an image has small letters only, and none has https:// in front",
    fix: isOfDigest ? "Copy the whole digest" : "Write it as docker pull takes it",
  });
}

function checkMounts({ at, fields, faults }: Spot, volumes: readonly string[]): void {
  for (const [list, path] of [
    ["volumeMounts", "mountPath"],
    ["volumeDevices", "devicePath"],
  ] as const) {
    const mounts = getList(fields, list);
    for (const [index, mount] of mounts.entries()) {
      const name = getText(mount, "name");
      if (name === undefined || volumes.includes(name)) continue;
      if (isFilledIn(name) || volumes.some(isFilledIn)) continue;
      faults.push({
        code: "VOLUME_UNKNOWN",
        at: [...at, list, String(index), "name"],
        part: "value",
        message: `no volume of this pod is "${name}"`,
        why: volumes.length === 0 ? "it has no volumes" : `it has ${volumes.join(", ")}`,
        fix: "Correct the name, or add the volume to the pod",
      });
    }
    if (mounts.length > 1) checkTwice(mounts, path, { at: [...at, list], faults }, path);
  }
}

function checkProbe({ at, fields: container, faults }: Spot, key: string): void {
  const fields = container[key];
  if (!isFields(fields)) return;
  checkHandler({ at: [...at, key], fields, faults }, container, handlers);
}

function checkHooks({ at, fields: container, faults }: Spot): void {
  const hooks = container["lifecycle"];
  if (!isFields(hooks)) return;
  for (const key of ["postStart", "preStop"]) {
    const fields = hooks[key];
    if (!isFields(fields)) continue;
    checkHandler({ at: [...at, "lifecycle", key], fields, faults }, container, [
      ...handlers,
      "sleep",
    ]);
  }
}

/** How a container is asked or told (validateHandler): in exactly one way. */
function checkHandler(spot: Spot, container: Spot["fields"], known: readonly string[]): void {
  const { at, fields, faults } = spot;
  const [first, second] = known.filter((key) => (fields[key] ?? null) !== null);
  if (first === undefined) {
    addMissing(spot, [], {
      message: "this says when to ask, and not what",
      why: `one of ${known.join(", ")} has to be there`,
      fix: "Add one of them, or remove the probe or hook",
    });
    return;
  }
  if (second !== undefined) {
    addRefused(spot, [second], {
      message: `${first} and ${second} stand side by side`,
      why: "a container is asked in one way",
      fix: "Remove one of them",
    });
  }
  const action = fields[first];
  if (!isFields(action) || (first !== "httpGet" && first !== "tcpSocket")) return;
  const inner = { at: [...at, first], fields: action, faults };
  checkAskedPort(inner, container);
  checkOneOf(inner, "scheme", ["HTTP", "HTTPS"]);
}
