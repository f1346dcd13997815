import t from "tap";
import type { Pod } from "../../lib/objects.ts";
import { type FailoverPlan, listVolumes, type PlannedVolume } from "../../lib/recovery/plan.ts";
import {
  buildRebuildPod,
  buildRemovePod,
  buildRestorePod,
} from "../../lib/recovery/restore-pod.ts";
import { goDown } from "../support/memory/outage.ts";
import { planOnly } from "../support/memory/run-failover.ts";
import { addStatefulSet, rebuiltDatabase } from "../support/memory/workloads.ts";
import { createWorld, restoreImage, target } from "../support/memory/world.ts";

interface Pods {
  plan: FailoverPlan;
  restore: Pod;
  rebuild: Pod;
  remove: Pod;
}

/** The pods of a plan with a database that is rebuilt from its base backup. */
async function buildPods(): Promise<Pods> {
  const world = await createWorld();
  const securityContext = { runAsUser: 999, fsGroup: 999 };
  await addStatefulSet(world, "db", rebuiltDatabase, { securityContext });
  await goDown(world);
  const { plan } = await planOnly(world);
  const data = getVolume(plan, "data-db-0");
  const base = getVolume(plan, "base-db-0");
  return {
    plan,
    restore: buildRestorePod(plan, base),
    rebuild: buildRebuildPod(plan, data, base),
    remove: buildRemovePod(plan, plan.target, [data.folder, base.folder]),
  };
}

function getVolume(plan: FailoverPlan, name: string): PlannedVolume {
  const volume = listVolumes(plan).find((one) => one.claim.name === name);
  if (volume === undefined) throw new Error(`no volume of ${name}`);
  return volume;
}

const confined = {
  runAsUser: 0,
  runAsNonRoot: false,
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ["ALL"], add: ["CHOWN", "FOWNER", "DAC_OVERRIDE", "FSETID"] },
  seccompProfile: { type: "RuntimeDefault" },
};

t.test(
  "every pod of a run starts on the target whatever is broken there, with no rights",
  async (t) => {
    const { restore, rebuild, remove } = await buildPods();
    for (const pod of [restore, rebuild, remove]) {
      const { name, labels } = pod.metadata;
      t.strictSame(
        labels,
        {
          "infra-k3s.io/run": "run1",
          "app.kubernetes.io/managed-by": "infra-k3s",
          "velero.io/exclude-from-backup": "true",
        },
        name,
      );
      t.equal(pod.spec.nodeName, target, "no scheduler is needed");
      t.strictSame(pod.spec.tolerations, [{ operator: "Exists" }]);
      t.equal(pod.spec.priorityClassName, "system-node-critical");
      t.equal(pod.spec.restartPolicy, "Never");
      t.equal(pod.spec.automountServiceAccountToken, false);
      const own = [...(pod.spec.initContainers ?? []), ...pod.spec.containers].filter(
        (one) => one.name !== "rebuild",
      );
      for (const container of own) {
        t.equal(container.image, restoreImage);
        t.equal(container.imagePullPolicy, "Never", "no registry may be reachable");
        t.strictSame(container.securityContext, confined);
      }
    }
  },
);

t.test("pods live where their secrets are, and only the restore needs the network", async (t) => {
  const { restore, rebuild, remove } = await buildPods();
  t.equal(restore.metadata.namespace, "velero");
  t.equal(restore.spec.hostNetwork, true);
  t.equal(restore.spec.dnsPolicy, "Default", "the cluster's DNS may have died with the source");
  for (const pod of [rebuild, remove]) {
    t.equal(pod.metadata.namespace, "infra-k3s");
    t.equal(pod.spec.hostNetwork, undefined);
    t.notMatch(JSON.stringify(pod), /secretName|secretKeyRef/);
  }
});

t.test("a restore's secrets are named, not written, and stay in memory", async (t) => {
  const { restore } = await buildPods();
  const [work] = restore.spec.containers;
  const env = new Map(work?.env?.map((one) => [one.name, one]));
  t.strictSame(env.get("KOPIA_PASSWORD"), {
    name: "KOPIA_PASSWORD",
    valueFrom: {
      secretKeyRef: { name: "velero-repo-credentials", key: "repository-password" },
    },
  });
  t.strictSame(
    [...env.values()].filter((one) => one.value !== undefined).map((one) => one.name),
    ["HOME", "STORAGE", "FOLDER", "SNAPSHOT", "NEED_BYTES", "CREDENTIALS", "PROFILE"],
  );
  t.equal(env.get("NEED_BYTES")?.value, "1300", "the backup's size with the factor");
  const volumes = new Map(restore.spec.volumes?.map((one) => [one.name, one]));
  const home = work?.volumeMounts?.find((one) => one.mountPath === env.get("HOME")?.value);
  t.match(volumes.get(home?.name ?? ""), { emptyDir: { medium: "Memory" } });
  t.match(volumes.get("credentials"), {
    secret: { secretName: "cloud-credentials", defaultMode: 0o400 },
  });
  t.equal(work?.volumeMounts?.find((one) => one.name === "credentials")?.readOnly, true);
  t.match(work?.command?.slice(4), ["--bucket=velero", "--prefix=kopia/demo/"]);
});

t.test("a rebuild reads its source and writes only its own folder", async (t) => {
  const { plan, rebuild } = await buildPods();
  const { initContainers = [], volumes = [], securityContext } = rebuild.spec;
  t.strictSame(
    initContainers.map((one) => one.name),
    ["prepare", "rebuild"],
  );
  const app = initContainers[1];
  t.equal(app?.image, "docker.io/lab/app:1");
  t.strictSame(app?.command, ["/bin/sh", "-c", "tar -xf /base/base.tar -C /data"]);
  t.strictSame(app?.volumeMounts, [
    { name: "target", mountPath: "/data" },
    { name: "from", mountPath: "/base", readOnly: true },
  ]);
  t.equal(app?.env, undefined);
  t.strictSame(Object.fromEntries(volumes.map((one) => [one.name, one.hostPath?.path])), {
    storage: "/storage",
    target: `/storage/${getVolume(plan, "data-db-0").folder}`,
    from: `/storage/${getVolume(plan, "base-db-0").folder}`,
  });
  t.strictSame(
    securityContext,
    { runAsUser: 999, supplementalGroups: [999] },
    "the kubelet must not try to give the storage folder a group",
  );
});

t.test("the pod that removes folders gets just the folders of the run", async (t) => {
  const { remove } = await buildPods();
  t.strictSame(remove.spec.containers[0]?.command?.slice(4).toSorted(), [
    "dr-run1.demo.base-db-0",
    "dr-run1.demo.data-db-0",
  ]);
});
