import { describeBlocker, type ErrorDetails, InfraError } from "../errors.ts";
import type { Container, PersistentVolumeClaim, Pod, PodVolume, VolumeMount } from "../objects.ts";
import { chooseBackup } from "../velero/choose-backup.ts";
import { preHookAnnotation } from "../velero/names.ts";
import { planRepository, type Repository } from "../velero/repository.ts";
import { findUnfitness } from "./check-claim.ts";
import type { BoundClaim } from "./find-volumes.ts";
import {
  rebuildAnnotation,
  rebuildFromAnnotation,
  recoveryAnnotation,
} from "../manifests/recovery-annotations.ts";
import { type ClaimName, describeClaim, nameFolder } from "./names.ts";
import type { PlannedVolume, Rebuild, TargetNode, VolumeSource } from "./plan.ts";
import { describeWanted } from "./wanted-claim.ts";
import { buildNewClaim, buildReservedVolume } from "./reserve-volume.ts";
import type { ClusterState } from "./state.ts";

export interface VolumeRequest {
  runId: string;
  /** Name of a Backup, "latest" or "earlier". */
  wanted: string;
  target: TargetNode;
  /** Milliseconds since 1970. */
  failedAt: number;
}

export type Planned<T> = { planned: T } | { blocker: ErrorDetails };

/** Plans one claim of the source: where its data comes from, and what is made for it. */
export function planVolume(
  bound: BoundClaim,
  template: PersistentVolumeClaim | undefined,
  state: ClusterState,
  request: VolumeRequest,
): Planned<PlannedVolume> {
  const { claim, volume } = bound;
  const { namespace = "", name } = claim.metadata;
  const claimName = { namespace, name };
  const unfit = findUnfitness(bound, state);
  if (unfit !== undefined) return { blocker: unfit };
  const source = planSource(bound, state, request);
  if ("blocker" in source) return source;
  const { data, recoveryPoint, passedOver, bytes } = source.planned;
  const folder = nameFolder(request.runId, claimName);
  const reserved = { claim, volume, ...(template === undefined ? {} : { template }) };
  const newVolume = buildReservedVolume(request.runId, reserved, request.target, folder);
  return {
    planned: {
      claim: claimName,
      claimUid: claim.metadata.uid ?? "",
      oldVolume: { name: volume.metadata.name, uid: volume.metadata.uid ?? "" },
      source: data,
      recoveryPoint,
      lossSeconds: Math.max(0, Math.round((request.failedAt - Date.parse(recoveryPoint)) / 1000)),
      passedOver,
      bytes,
      target: request.target,
      folder,
      newVolume,
      newClaim: buildNewClaim(claim, newVolume.metadata.name),
    },
  };
}

interface PlannedSource {
  data: VolumeSource;
  recoveryPoint: string;
  passedOver: PlannedVolume["passedOver"];
  bytes: number;
}

function planSource(
  bound: BoundClaim,
  state: ClusterState,
  request: VolumeRequest,
): Planned<PlannedSource> {
  const { namespace = "", name, annotations } = bound.claim.metadata;
  const claim = { namespace, name };
  if (annotations?.[recoveryAnnotation] !== "rebuild") {
    return planBackup(claim, bound.pods, state, request);
  }
  const from = { namespace, name: annotations[rebuildFromAnnotation] ?? "" };
  const command = annotations[rebuildAnnotation];
  const rebuild = command === undefined ? undefined : planRebuild(claim, from, command, bound.pods);
  if (rebuild === undefined) {
    return {
      blocker: {
        code: "RECOVERY_REBUILD_INCOMPLETE",
        message: `claim "${describeClaim(claim)}" is to be rebuilt, but it is not said how`,
        why: `it needs ${rebuildFromAnnotation} and ${rebuildAnnotation}, and a pod with a container that mounts both claims`,
        fix: "Add the annotations to the claim, or leave recovery: rebuild out",
      },
    };
  }
  const source = planBackup(from, bound.pods, state, request);
  if ("blocker" in source) return source;
  const { recoveryPoint, passedOver, bytes } = source.planned;
  return {
    planned: { data: { kind: "rebuild", from, rebuild }, recoveryPoint, passedOver, bytes },
  };
}

function planBackup(
  claim: ClaimName,
  pods: Pod[],
  state: ClusterState,
  request: VolumeRequest,
): Planned<PlannedSource> {
  const found = state.claims.find(
    ({ metadata }) => metadata.namespace === claim.namespace && metadata.name === claim.name,
  );
  const wantedClaim = found === undefined ? claim : describeWanted(found);
  const { chosen, passedOver } = chooseBackup(wantedClaim, state, request.wanted, state.now);
  const location = state.locations.get(chosen?.location ?? "");
  if (chosen === undefined || location === undefined) {
    const why =
      passedOver.length === 0
        ? "no backup of that kind holds this volume"
        : passedOver.map((one) => `${one.podVolumeBackup}: ${one.reason}`).join("\n");
    return {
      blocker: {
        code: "RECOVERY_NO_BACKUP",
        message: `claim "${describeClaim(claim)}" has no usable backup${describeWish(request.wanted)}`,
        why,
        fix: "See what there is: kubectl -n velero get podvolumebackups; without any, only the volume itself has the data (docs/disaster-recovery.md)",
      },
    };
  }
  let repository: Repository;
  try {
    repository = planRepository(location, claim.namespace);
  } catch (error) {
    if (!(error instanceof InfraError)) throw error;
    return { blocker: describeBlocker(error) };
  }
  // A hook's own start is not recorded; the start of the whole backup is never later.
  const hooked =
    (state.backups.get(chosen.backup)?.spec.hooks?.resources ?? []).length > 0 ||
    pods.some((pod) => preHookAnnotation in (pod.metadata.annotations ?? {}));
  return {
    planned: {
      data: { kind: "files", backup: chosen, repository },
      recoveryPoint: hooked ? chosen.backupStartedAt : chosen.startedAt,
      passedOver,
      bytes: chosen.bytes,
    },
  };
}

function describeWish(wanted: string): string {
  if (wanted === "latest") return "";
  return wanted === "earlier" ? " from before it was made" : ` named "${wanted}"`;
}

/** The rebuild runs as the container that mounts both claims, with no more rights than it. */
function planRebuild(
  claim: ClaimName,
  from: ClaimName,
  command: string,
  pods: Pod[],
): Rebuild | undefined {
  for (const pod of pods) {
    const volumes = pod.spec.volumes ?? [];
    for (const container of pod.spec.containers) {
      const target = findMount(container, volumes, claim.name);
      const source = findMount(container, volumes, from.name);
      if (target === undefined || source === undefined) continue;
      return {
        command,
        image: container.image,
        imagePullSecrets: pod.spec.imagePullSecrets ?? [],
        ...(pod.spec.securityContext === undefined
          ? {}
          : { podSecurity: pod.spec.securityContext }),
        ...(container.securityContext === undefined
          ? {}
          : { containerSecurity: container.securityContext }),
        target,
        from: source,
      };
    }
  }
  return undefined;
}

function findMount(
  container: Container,
  volumes: PodVolume[],
  claimName: string,
): Pick<VolumeMount, "mountPath" | "subPath"> | undefined {
  const volume = volumes.find((one) => one.persistentVolumeClaim?.claimName === claimName);
  const mount = container.volumeMounts?.find((one) => one.name === volume?.name);
  if (mount === undefined) return undefined;
  const { mountPath, subPath } = mount;
  return { mountPath, ...(subPath === undefined ? {} : { subPath }) };
}
