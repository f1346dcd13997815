import { exitCodes, hasCode, InfraError } from "../errors.ts";
import type { Lease, Ref } from "../objects.ts";
import type { World } from "../world.ts";

/** Namespace of everything that infra-k3s itself keeps in the cluster. */
export const ownNamespace = "infra-k3s";

const lease: Ref<"Lease"> = { kind: "Lease", name: "run-lock", namespace: ownNamespace };

/** A lock that was not renewed for so long belongs to a process that is gone. */
const leaseSeconds = 12;
const renewSeconds = 3;

export interface Lock {
  /** Aborted with RUN_LOCK_LOST when the lease can no longer be renewed in time. */
  lost: AbortSignal;
  release(): Promise<void>;
}

type LockWorld = Pick<World, "cluster" | "clock">;

/**
 * Takes the cluster-wide lock of changing commands and keeps it renewed. When somebody holds it,
 * watches for as long as a lease lasts whether it is still renewed, so that the lock of a killed
 * process passes on by itself; clocks of two machines are never compared.
 * Throws RUN_LOCKED (exit 3) when the holder is alive.
 */
export async function acquireLock(
  world: LockWorld,
  holder: string,
  onWait: (note: string) => void,
): Promise<Lock> {
  const deadline = world.clock.now() + leaseSeconds * 1000;
  let seen: string | undefined;
  for (;;) {
    const found = await world.cluster.find(lease);
    if (found === undefined) {
      if (await createLease(world, holder)) break;
      continue;
    }
    const renewal = `${found.spec?.holderIdentity ?? ""}@${found.spec?.renewTime ?? ""}`;
    if (!found.spec?.holderIdentity || (renewal === seen && world.clock.now() >= deadline)) {
      if (await takeLease(world, holder, found)) break;
      continue;
    }
    if (seen !== undefined && renewal !== seen) throw lockedError(found.spec.holderIdentity);
    if (seen === undefined) {
      onWait(`the lock of ${found.spec.holderIdentity} to run out, in case its process is gone`);
    }
    seen = renewal;
    await world.clock.sleep(1);
  }
  return keepLock(world, holder);
}

function lockedError(holder: string): InfraError {
  return new InfraError({
    code: "RUN_LOCKED",
    message: "another run is changing this cluster",
    why: `the lock is held by ${holder}, which is alive`,
    fix: "Wait for it to end, or stop it with Ctrl-C where it runs",
    exitCode: exitCodes.needsPerson,
  });
}

async function createLease(world: LockWorld, holder: string): Promise<boolean> {
  try {
    await world.cluster.create<Lease>({
      apiVersion: "coordination.k8s.io/v1",
      kind: "Lease",
      metadata: { name: lease.name, namespace: ownNamespace },
      spec: held(world, holder),
    });
    return true;
  } catch (error) {
    if (hasCode(error, "CLUSTER_EXISTS")) return false;
    throw error;
  }
}

async function takeLease(world: LockWorld, holder: string, found: Lease): Promise<boolean> {
  try {
    const { resourceVersion } = found.metadata;
    await world.cluster.patch(lease, { metadata: { resourceVersion }, spec: held(world, holder) });
    return true;
  } catch (error) {
    if (hasCode(error, "CLUSTER_CONFLICT", "CLUSTER_NOT_FOUND")) return false;
    throw error;
  }
}

function held(world: LockWorld, holder: string): NonNullable<Lease["spec"]> {
  // The API's MicroTime wants six digits of a second.
  const now = new Date(world.clock.now()).toISOString().replace("Z", "000Z");
  return {
    holderIdentity: holder,
    leaseDurationSeconds: leaseSeconds,
    acquireTime: now,
    renewTime: now,
  };
}

function keepLock(world: LockWorld, holder: string): Lock {
  const lost = new AbortController();
  const ended = new AbortController();
  const loop = renewUntil(world, holder, ended.signal).catch((error: unknown) => {
    if (!ended.signal.aborted) lost.abort(error);
  });
  return {
    lost: lost.signal,
    async release() {
      ended.abort();
      await loop;
      const found = await world.cluster.find(lease);
      if (found?.spec?.holderIdentity !== holder) return;
      const { resourceVersion } = found.metadata;
      await world.cluster.patch(lease, {
        metadata: { resourceVersion },
        spec: { holderIdentity: null },
      });
    },
  };
}

async function renewUntil(world: LockWorld, holder: string, ended: AbortSignal): Promise<never> {
  let renewedAt = world.clock.now();
  for (;;) {
    await world.clock.sleep(renewSeconds, ended);
    const startedAt = world.clock.now();
    const silent = (startedAt - renewedAt) / 1000;
    // A request may hang for longer than the lease lasts, and others do not wait for it.
    const isRenewed = await Promise.race([
      renew(world, holder),
      world.clock.sleep(leaseSeconds - renewSeconds - silent, ended).then(() => false),
    ]);
    if (isRenewed) renewedAt = startedAt;
    else if (world.clock.now() - renewedAt >= (leaseSeconds - renewSeconds) * 1000) {
      throw lostError("it could not be renewed in time");
    }
  }
}

/** Throws RUN_LOCK_LOST when somebody else has it; false when nobody knows. */
async function renew(world: LockWorld, holder: string): Promise<boolean> {
  try {
    const found = await world.cluster.find(lease);
    if (found?.spec?.holderIdentity !== holder) throw lostError("another process took it");
    const { resourceVersion } = found.metadata;
    const { renewTime } = held(world, holder);
    await world.cluster.patch(lease, { metadata: { resourceVersion }, spec: { renewTime } });
    return true;
  } catch (error) {
    if (hasCode(error, "RUN_LOCK_LOST")) throw error;
    return false;
  }
}

function lostError(why: string): InfraError {
  return new InfraError({
    code: "RUN_LOCK_LOST",
    message: "this run lost its lock and stopped",
    why,
    fix: "Run the same command again",
    exitCode: exitCodes.failed,
  });
}
