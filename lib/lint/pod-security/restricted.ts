import { getList, isFields } from "../../manifests/manifest.ts";
import { describeAdded, findUnmaskedProc } from "./baseline.ts";
import {
  type Check,
  type CheckedPod,
  hasUserNamespace,
  isWindows,
  listBad,
  listHolders,
  type Violation,
} from "./pod.ts";

const volumeTypes = new Set([
  "configMap",
  "csi",
  "downwardAPI",
  "emptyDir",
  "ephemeral",
  "image",
  "persistentVolumeClaim",
  "projected",
  "secret",
]);

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

function checkVolumeTypes({ pod: { at, fields } }: CheckedPod): Violation[] {
  return getList(fields, "volumes").flatMap((volume, index) => {
    if (!isFields(volume)) return [];
    const types = Object.keys(volume).filter((key) => key !== "name" && key !== "hostPath");
    // What `baseline` forbids is told there; a volume of no type is an emptyDir.
    const [type] = types;
    if (type === undefined || types.some((one) => volumeTypes.has(one))) return [];
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
  if (isWindows(pod)) return [];
  const mayEscalate = (value: unknown) => value !== false;
  return listBad(pod.containers, ["allowPrivilegeEscalation"], mayEscalate).map(
    ({ at, name, value }) => ({
      at,
      problem: `lets container "${name}" gain privileges`,
      fix: `${value === undefined ? "Add" : "Write"} allowPrivilegeEscalation: false to its securityContext`,
    }),
  );
}

function checkDroppedCapabilities(pod: CheckedPod): Violation[] {
  if (isWindows(pod)) return [];
  const keepsSome = (value: unknown) => !Array.isArray(value) || !value.includes("ALL");
  const { containers } = pod;
  return [
    ...listBad(containers, ["capabilities", "drop"], keepsSome).map(({ at, name }) => ({
      at,
      problem: `leaves container "${name}" its capabilities`,
      fix: "Add capabilities: { drop: [ALL] } to its securityContext",
    })),
    ...listBad(containers, ["capabilities", "add"], Array.isArray).flatMap((bad) =>
      describeAdded(bad, (capability) => capability === "NET_BIND_SERVICE"),
    ),
  ];
}

function checkNonRoot(pod: CheckedPod): Violation[] {
  if (hasUserNamespace(pod)) return [];
  const denied = listBad(listHolders(pod), ["runAsNonRoot"], (value) => value === false);
  if (denied.length > 0) {
    return denied.map(({ at }) => ({
      at,
      problem: "may run as root",
      fix: "Write runAsNonRoot: true",
    }));
  }
  return checkEach(pod, ["runAsNonRoot"], (value) => value === true, {
    problem: "may run as root",
    fix: "Add runAsNonRoot: true to the securityContext of the pod",
  });
}

function checkUser(pod: CheckedPod): Violation[] {
  if (hasUserNamespace(pod)) return [];
  return listBad(listHolders(pod), ["runAsUser"], (value) => value === 0).map(({ at }) => ({
    at,
    problem: "runs as root",
    fix: "Write the number of another user as runAsUser",
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
  return hasUserNamespace(pod) ? findUnmaskedProc(pod) : [];
}

/** What the pod says for all its containers, or else each of them for itself. */
function checkEach(
  { pod, containers }: CheckedPod,
  path: readonly [string, ...string[]],
  isRight: (value: unknown) => boolean,
  violation: Omit<Violation, "at">,
): Violation[] {
  const isBad = (value: unknown) => !isRight(value);
  const ofPod = listBad([pod], path, isBad);
  // A container that says something else than the pod has the last word.
  const isRefused =
    ofPod.length === 0 ? (value: unknown) => value !== undefined && isBad(value) : isBad;
  const [first, ...others] = listBad(containers, path, isRefused);
  if (first === undefined) return [];
  const isWhole = ofPod.length > 0 && others.length + 1 === containers.length;
  return [{ ...violation, at: isWhole ? [...pod.at, "securityContext", ...path] : first.at }];
}
