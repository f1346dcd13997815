import { getList, isFields } from "../../manifests/manifest.ts";
import {
  type Check,
  type CheckedPod,
  hasUserNamespace,
  isWindows,
  listContainerContexts,
  listContexts,
  type Violation,
} from "./pod.ts";

const volumeTypes = [
  "configMap",
  "csi",
  "downwardAPI",
  "emptyDir",
  "ephemeral",
  "image",
  "persistentVolumeClaim",
  "projected",
  "secret",
];

/** What the level `restricted` asks for beyond `baseline`, as Kubernetes 1.36 checks it. */
export const restrictedChecks: readonly Check[] = [
  checkVolumeTypes,
  checkEscalation,
  checkDroppedCapabilities,
  checkNonRoot,
  checkUser,
  checkSeccomp,
  checkProcMount,
];

function checkVolumeTypes({ at, spec }: CheckedPod): Violation[] {
  return getList(spec, "volumes").flatMap((volume, index) => {
    if (!isFields(volume) || volumeTypes.some((type) => volume[type] !== undefined)) return [];
    // What `baseline` forbids is told there; a volume of no type is an emptyDir.
    const [type] = Object.keys(volume).filter((key) => key !== "name" && key !== "hostPath");
    if (type === undefined) return [];
    return [
      {
        at: [...at, "volumes", String(index), type],
        problem: `mounts a volume of type ${type}`,
        fix: "Take a PersistentVolumeClaim",
      },
    ];
  });
}

function checkEscalation(pod: CheckedPod): Violation[] {
  return isWindows(pod)
    ? []
    : listContainerContexts(pod, "allowPrivilegeEscalation")
        .filter(({ value }) => value !== false)
        .map(({ at, name, value }) => ({
          at,
          problem: `lets container "${name}" gain privileges`,
          fix: `${value === undefined ? "Add" : "Write"} allowPrivilegeEscalation: false to its securityContext`,
        }));
}

function checkDroppedCapabilities(pod: CheckedPod): Violation[] {
  if (isWindows(pod)) return [];
  const kept = listContainerContexts(pod, "capabilities", "drop")
    .filter(({ value }) => !Array.isArray(value) || !value.includes("ALL"))
    .map(({ at, name }) => ({
      at,
      problem: `leaves container "${name}" its capabilities`,
      fix: "Add capabilities: { drop: [ALL] } to its securityContext",
    }));
  const added = listContainerContexts(pod, "capabilities", "add").flatMap(({ at, value, name }) =>
    (Array.isArray(value) ? value : []).flatMap((capability: unknown, index) =>
      capability === "NET_BIND_SERVICE"
        ? []
        : [
            {
              at: [...at, String(index)],
              problem: `adds the capability ${String(capability)} to container "${name}"`,
              fix: "Remove it",
            },
          ],
    ),
  );
  return [...kept, ...added];
}

function checkNonRoot(pod: CheckedPod): Violation[] {
  if (hasUserNamespace(pod)) return [];
  const denied = listContexts(pod, "runAsNonRoot")
    .filter(({ value }) => value === false)
    .map(({ at }) => ({ at, problem: "may run as root", fix: "Write runAsNonRoot: true" }));
  if (denied.length > 0) return denied;
  return checkEach(pod, ["runAsNonRoot"], (value) => value === true, {
    problem: "may run as root",
    fix: "Add runAsNonRoot: true to the securityContext of the pod",
  });
}

function checkUser(pod: CheckedPod): Violation[] {
  return hasUserNamespace(pod)
    ? []
    : listContexts(pod, "runAsUser")
        .filter(({ value }) => value === 0)
        .map(({ at }) => ({
          at,
          problem: "runs as root",
          fix: "Write the number of another user",
        }));
}

function checkSeccomp(pod: CheckedPod): Violation[] {
  if (isWindows(pod)) return [];
  const isProfile = (value: unknown) => value === "RuntimeDefault" || value === "Localhost";
  return checkEach(pod, ["seccompProfile", "type"], isProfile, {
    problem: "has no seccomp profile",
    fix: "Add seccompProfile: { type: RuntimeDefault } to the securityContext of the pod",
  });
}

/** User namespaces relax `baseline` here, and not `restricted`. */
function checkProcMount(pod: CheckedPod): Violation[] {
  return hasUserNamespace(pod)
    ? listContainerContexts(pod, "procMount")
        .filter(({ value }) => value !== undefined && value !== "Default")
        .map(({ at }) => ({ at, problem: "mounts /proc without its masks", fix: "Remove it" }))
    : [];
}

/** What the pod says for all its containers, or else each of them for itself. */
function checkEach(
  pod: CheckedPod,
  path: string[],
  isRight: (value: unknown) => boolean,
  violation: Omit<Violation, "at">,
): Violation[] {
  const ofPod = listContexts({ ...pod, containers: [] }, ...path);
  if (ofPod.some(({ value }) => isRight(value))) return [];
  const missing = listContainerContexts(pod, ...path).filter(({ value }) => !isRight(value));
  const [first] = missing;
  if (first === undefined) return [];
  const isWhole = missing.length === pod.containers.length;
  return [{ ...violation, at: isWhole ? [...pod.at, "securityContext", ...path] : first.at }];
}
