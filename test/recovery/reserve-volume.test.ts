import t from "tap";
import type { PersistentVolume, PersistentVolumeClaim } from "../../lib/objects.ts";
import { buildNewClaim, buildReservedVolume } from "../../lib/recovery/reserve-volume.ts";

const claim: PersistentVolumeClaim = {
  apiVersion: "v1",
  kind: "PersistentVolumeClaim",
  metadata: {
    name: "data",
    namespace: "demo",
    uid: "old",
    resourceVersion: "5",
    labels: { app: "db" },
    annotations: {
      "pv.kubernetes.io/bind-completed": "yes",
      "volume.kubernetes.io/selected-node": "a",
      "argocd.argoproj.io/tracking-id": "x",
    },
    finalizers: ["kubernetes.io/pvc-protection"],
    ownerReferences: [{ apiVersion: "v1", kind: "Pod", name: "p", uid: "u" }],
  },
  spec: {
    accessModes: ["ReadWriteOncePod"],
    storageClassName: "local-path",
    volumeName: "pvc-old",
    resources: { requests: { storage: "2Gi" } },
  },
  status: { phase: "Bound" },
};

t.test("the new claim is the old one without its past", async (t) => {
  t.strictSame(buildNewClaim(claim, "dr-new"), {
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    metadata: {
      name: "data",
      namespace: "demo",
      labels: { app: "db" },
      annotations: { "argocd.argoproj.io/tracking-id": "x" },
    },
    spec: {
      accessModes: ["ReadWriteOncePod"],
      storageClassName: "local-path",
      volumeName: "dr-new",
      resources: { requests: { storage: "2Gi" } },
    },
  });
});

t.test("the reserved volume is as large as the largest wish and bound to the target", async (t) => {
  const volume: PersistentVolume = {
    apiVersion: "v1",
    kind: "PersistentVolume",
    metadata: { name: "pvc-old" },
    spec: { capacity: { storage: "1Gi" }, accessModes: ["ReadWriteOnce"] },
  };
  const template: PersistentVolumeClaim = {
    ...claim,
    spec: { resources: { requests: { storage: "3Gi" } } },
  };
  const target = {
    name: "b",
    uid: "u",
    hostname: "host-b",
    publicIp: "",
    sshPort: 22,
    storagePath: "/storage",
  };
  const reserved = buildReservedVolume(
    "run1",
    { claim, volume, template },
    target,
    "dr-run1.demo.data",
  );
  t.strictSame(
    reserved.metadata.annotations,
    { "pv.kubernetes.io/provisioned-by": "rancher.io/local-path" },
    "else local-path never cleans it up",
  );
  t.strictSame(reserved.metadata.labels, { "infra-k3s.io/run": "run1" });
  t.equal(reserved.spec.capacity.storage, "3Gi");
  t.strictSame(
    reserved.spec.accessModes,
    ["ReadWriteOncePod"],
    "those of the claim, not of the old volume",
  );
  t.equal(reserved.spec.persistentVolumeReclaimPolicy, "Retain");
  t.equal(reserved.spec.local?.path, "/storage/dr-run1.demo.data");
  t.equal(reserved.spec.claimRef?.uid, undefined, "whoever makes the claim gets it");
  t.match(reserved.spec.nodeAffinity, {
    required: { nodeSelectorTerms: [{ matchExpressions: [{ values: ["host-b"] }] }] },
  });
});
