import { describeKind, getFields, getList, isFields } from "../../manifests/manifest.ts";
import { findPodTemplate, podKinds } from "../../manifests/pods.ts";
import { checkClaimSpec } from "../object-spec/claim.ts";
import type { Spot } from "../object-spec/faults.ts";
import { checkPod } from "../object-spec/pod.ts";
import { checkService } from "../object-spec/service.ts";
import { checkWorkload, listClaimNames } from "../object-spec/workload.ts";
import type { ObjectFault, ObjectRule } from "../rule.ts";

export const objectSpec: ObjectRule = {
  id: "object-spec",
  codes: [
    "SELECTOR_MISMATCH",
    "VOLUME_UNKNOWN",
    "PART_TWICE",
    "PART_NAME_INVALID",
    "PORT_INVALID",
    "PORT_UNKNOWN",
    "QUANTITY_INVALID",
    "REQUEST_ABOVE_LIMIT",
    "VALUE_REFUSED",
    "VALUE_MISSING",
    "SCHEDULE_INVALID",
    "IMAGE_INVALID",
  ],
  scope: "object",
  isAfterSchema: true,
  summary:
    "a workload, Service or claim says nothing that the API server refuses beyond its schema",
  why: "Schemas say of each value what it is, and not what goes together. The API server has checks of its own for that, such as `selector does not match template labels` and `volumeMounts[0].name: Not found`, and Argo CD shows them when it applies the object: after the merge. Read in the source of Kubernetes 1.36 (pkg/apis/core/validation, apps/validation, batch/validation). A probe's port and an image are looked at by the kubelet only, and no pod becomes ready.",
  example: {
    bad: "volumeMounts:\n  - name: date\n    mountPath: /data\nvolumes:\n  - name: data",
    good: "volumeMounts:\n  - name: data\n    mountPath: /data\nvolumes:\n  - name: data",
  },
  kinds: [...podKinds, "Service", "PersistentVolumeClaim"],
  find(manifest) {
    const faults: ObjectFault[] = [];
    if (manifest.isPart) return faults;
    const fields = getFields(manifest.value, "spec");
    const spot: Spot = { at: ["spec"], fields, faults };
    const kind = describeKind(manifest);
    if (kind === "Service") checkService(spot);
    else if (kind === "PersistentVolumeClaim") checkClaimSpec(spot);
    const pod = findPodTemplate(manifest);
    if (pod === undefined) return faults;
    checkWorkload(kind, spot, pod);
    const isStateful = kind === "apps/StatefulSet";
    if (isStateful) checkTemplates(spot);
    checkPod(pod, isStateful ? listClaimNames(fields) : [], faults);
    return faults;
  },
};

function checkTemplates({ fields, faults }: Spot): void {
  for (const [index, template] of getList(fields, "volumeClaimTemplates").entries()) {
    if (!isFields(template)) continue;
    const at = ["spec", "volumeClaimTemplates", String(index), "spec"];
    checkClaimSpec({ at, fields: getFields(template, "spec"), faults });
  }
}
