import t from "tap";
import { InfraError } from "../../lib/errors.ts";
import type { RestoreOptions } from "../../lib/recovery/restore.ts";
import { goDown } from "../support/memory/outage.ts";
import { snapshot } from "../support/memory/refusal.ts";
import { type RestoreRequest, runRestore } from "../support/memory/run-restore.ts";
import { addDeployment } from "../support/memory/workloads.ts";
import { createWorld, type MemoryWorld, source, target } from "../support/memory/world.ts";

/** A restore that must not begin. */
interface Refusal {
  name: string;
  code: string;
  exitCode?: number;
  prepare?(world: MemoryWorld): void | Promise<void>;
  restore?: Partial<RestoreOptions>;
  request?: RestoreRequest;
  /** Text that the reason or the fix has to name. */
  names: string;
}

const location = {
  kind: "BackupStorageLocation",
  name: "default",
  namespace: "velero",
} as const;

const refusals: Refusal[] = [
  {
    name: "an app that is not there",
    code: "RECOVERY_APP_UNKNOWN",
    restore: { app: "shop" },
    names: "demo/files",
  },
  {
    name: "a workload that is not there",
    code: "RECOVERY_APP_UNKNOWN",
    restore: { app: "demo/database" },
    names: "demo/files",
  },
  {
    name: "a target that is not in the cluster",
    code: "CLUSTER_NODE_UNKNOWN",
    restore: { targetNode: "vps-aws-9" },
    names: target,
  },
  {
    name: "a target that is cordoned",
    code: "RECOVERY_TARGET_CORDONED",
    restore: { targetNode: target },
    prepare: (world) => {
      world.cluster.change({ kind: "Node", name: target }, { spec: { unschedulable: true } });
    },
    names: target,
  },
  {
    name: "a backup that is not there",
    code: "RECOVERY_NO_BACKUP",
    restore: { backup: "daily-1" },
    names: "daily-1",
  },
  {
    name: "an app on a node that is down",
    code: "RECOVERY_APP_NODE_DOWN",
    restore: { targetNode: target },
    prepare: goDown,
    names: `failover.ts --source-node ${source}`,
  },
  {
    name: "a bucket that Velero has not read yet",
    code: "RECOVERY_BUCKET_UNREAD",
    prepare: (world) => {
      world.cluster.change(location, { status: { phase: "Unavailable", lastSyncedTime: null } });
    },
    names: "Unavailable",
  },
  {
    name: "Git has another claim than the one that would be restored",
    code: "RECOVERY_GIT_CLAIM_DIFFERS",
    async prepare(world) {
      const claim = { kind: "PersistentVolumeClaim", namespace: "demo", name: "uploads" };
      await world.add({
        apiVersion: "argoproj.io/v1alpha1",
        kind: "Application",
        metadata: { name: "demo-app", namespace: "argocd" },
        spec: { destination: { namespace: "demo" } },
        status: { resources: [{ ...claim, status: "OutOfSync" }] },
      } as never);
    },
    names: "demo-app",
  },
  {
    name: "the app's name was not typed",
    code: "RUN_NOT_CONFIRMED",
    exitCode: 3,
    request: { confirm: undefined },
    names: "--confirm demo",
  },
];

for (const refusal of refusals) {
  t.test(`refused with nothing changed: ${refusal.name}`, async (t) => {
    const world = await createWorld();
    await addDeployment(world, "files", [{ name: "uploads", content: "pictures", backupAge: 300 }]);
    await refusal.prepare?.(world);
    await world.settle(1);
    const before = snapshot(world);
    const error = await runRestore(world, {
      ...refusal.request,
      ...(refusal.restore === undefined ? {} : { restore: refusal.restore }),
    }).then(
      (result) => new Error(`it ran: ${JSON.stringify(result).slice(0, 300)}`),
      (thrown: unknown) => thrown,
    );
    if (!(error instanceof InfraError)) throw error;
    const told = `${error.message} ${error.why} ${error.fix}`;
    t.equal(error.code, refusal.code, told);
    t.equal(error.exitCode, refusal.exitCode ?? 2);
    t.match(told, refusal.names);
    t.equal(snapshot(world), before, "nothing was changed");
  });
}

t.test("a node that dies while its app is to be stopped: nothing is taken from it", async (t) => {
  const world = await createWorld();
  await addDeployment(world, "files", [{ name: "uploads", content: "pictures", backupAge: 300 }]);
  world.hosts.restoreSeconds = 90;
  world.clock.after(5, () => world.setHost(source, "cut-off"));

  const result = await runRestore(world, { restore: { targetNode: target } });

  if (result.kind !== "ran") throw new Error(result.kind);
  t.equal(result.outcome.failure?.error.code, "CUTOVER_NODE_DOWN");
  t.equal(result.exitCode, 3, "all is undone");
  t.strictSame(world.controllers.starts, []);
  const claim = world.cluster.all("PersistentVolumeClaim")[0];
  t.equal(claim?.metadata.deletionTimestamp, undefined, "its claim was not touched");
});
