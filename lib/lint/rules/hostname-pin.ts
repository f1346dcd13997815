import { getFields, getList, getText, type Manifest } from "../../manifests/manifest.ts";
import { findPodTemplate, podKinds, type PodTemplate } from "../../manifests/pods.ts";
import type { DataPath } from "../../schema/explain.ts";
import type { ObjectFault, ObjectRule } from "../rule.ts";

/** Labels that name one host. */
const hostLabels = ["kubernetes.io/hostname", "beta.kubernetes.io/hostname", "k3s.io/hostname"];
/** Labels of what a cluster on several clouds has one host of. */
const zoneLabels = ["topology.kubernetes.io/zone", "failure-domain.beta.kubernetes.io/zone"];
/** The provisioner's note of the node that a claim was made on. */
const selectedNode = "volume.kubernetes.io/selected-node";

const fix =
  "Write an affinity to the label `workload/stateful`; which host it runs on is for the scheduler and for the failover to say";

export const hostnamePin: ObjectRule = {
  id: "hostname-pin",
  codes: ["HOSTNAME_PINNED", "ZONE_PINNED", "VOLUME_PINNED"],
  scope: "object",
  summary: "nothing in Git is bound to one host",
  why: "What names its host stays Pending when that host is lost. A failover moves the volume, Git puts the pod back to where the volume is not, and self-heal does so again: the Application has to be paused until Git is changed. The same is true of a zone for a pod with volumes, and of a PersistentVolume that says its node.",
  example: {
    bad: "nodeSelector:\n  kubernetes.io/hostname: vps-hetzner-1",
    good: 'nodeSelector:\n  workload/stateful: "true"',
  },
  kinds: [...podKinds, "PersistentVolume", "PersistentVolumeClaim"],
  find(manifest) {
    if (manifest.kind === "PersistentVolume") return findVolumePins(manifest);
    if (manifest.kind === "PersistentVolumeClaim") return findClaimPins(manifest, []);
    const pod = findPodTemplate(manifest);
    // A DaemonSet runs on every host that it may, and has nothing to move.
    if (pod === undefined || manifest.kind === "DaemonSet") return [];
    return [
      ...findPodPins(pod, isStateful(manifest, pod) ? [...hostLabels, ...zoneLabels] : hostLabels),
      ...getList(manifest.value, "spec", "volumeClaimTemplates").flatMap((claim, index) =>
        findClaimPins({ value: getFields(claim) }, ["spec", "volumeClaimTemplates", String(index)]),
      ),
    ];
  },
};

function isStateful({ kind }: Manifest, { spec }: PodTemplate): boolean {
  const volumes = getList(spec, "volumes").map((volume) => getFields(volume));
  return (
    kind === "StatefulSet" ||
    volumes.some(({ persistentVolumeClaim, ephemeral }) => persistentVolumeClaim ?? ephemeral)
  );
}

function findPodPins({ at, spec }: PodTemplate, labels: readonly string[]): ObjectFault[] {
  const node = getText(spec, "nodeName");
  const selected = Object.entries(getFields(spec, "nodeSelector"));
  return [
    ...(node === undefined ? [] : [pinned([...at, "nodeName"], "node", node)]),
    ...selected
      .filter(([label]) => labels.includes(label))
      .map(([label, value]) => pinned([...at, "nodeSelector", label], label, String(value))),
    ...findTermPins(
      spec,
      ["affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution"],
      labels,
    ).map((fault) => ({ ...fault, at: [...at, ...fault.at] })),
  ];
}

/** What of a required node affinity names hosts: the label, or the field of a node's name. */
function findTermPins(value: unknown, path: string[], labels: readonly string[]): ObjectFault[] {
  return getList(value, ...path, "nodeSelectorTerms").flatMap((term, index) =>
    [
      { list: "matchExpressions", keys: labels },
      { list: "matchFields", keys: ["metadata.name"] },
    ].flatMap(({ list, keys }) =>
      getList(term, list).flatMap((expression, place) => {
        const { key, operator, values } = getFields(expression);
        if (operator !== "In" || typeof key !== "string" || !keys.includes(key)) return [];
        const listed = Array.isArray(values) ? values : [];
        // Between several zones it can move.
        if (zoneLabels.includes(key) && listed.length > 1) return [];
        const at = [...path, "nodeSelectorTerms", String(index), list, String(place), "key"];
        return [pinned(at, key, listed.join(", "))];
      }),
    ),
  );
}

function findVolumePins({ value, name }: Manifest): ObjectFault[] {
  const path = ["spec", "nodeAffinity", "required"];
  return findTermPins(value, path, [...hostLabels, ...zoneLabels]).map(({ at }) => ({
    code: "VOLUME_PINNED",
    at,
    part: "value",
    message: `the PersistentVolume "${name}" belongs to one host`,
    why: "a failover makes a new one on another host, and Git would bring back this one",
    fix: "Leave it to the provisioner: remove it from Git, and keep the claim",
  }));
}

function findClaimPins({ value }: Pick<Manifest, "value">, at: DataPath): ObjectFault[] {
  const node = getText(value, "metadata", "annotations", selectedNode);
  if (node === undefined) return [];
  return [
    {
      code: "VOLUME_PINNED",
      at: [...at, "metadata", "annotations", selectedNode],
      message: `the claim is bound to the host "${node}"`,
      why: "the provisioner makes its volume there, or nowhere",
      fix: "Remove the annotation: the scheduler writes it",
    },
  ];
}

function pinned(at: DataPath, label: string, value: string): ObjectFault {
  const isZone = zoneLabels.includes(label);
  return {
    code: isZone ? "ZONE_PINNED" : "HOSTNAME_PINNED",
    at,
    part: at.at(-1) === "key" || at.at(-1) === "nodeName" ? "value" : "key",
    message: `the pod is bound to the ${isZone ? "zone" : "host"} ${value}`,
    fix,
  };
}
