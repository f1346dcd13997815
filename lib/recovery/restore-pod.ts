import type { EnvVar, Pod, PodSpec, PodVolume, SecurityContext, VolumeMount } from "../objects.ts";
import { ownNamespace } from "../steps/lock.ts";
import { veleroNamespace } from "../velero/names.ts";
import type { Repository } from "../velero/repository.ts";
import { runLabel } from "./labels.ts";
import { nameObject, nameRemovePod } from "./names.ts";
import type { PlannedVolume, Rebuild, RecoveryPlan, TargetNode } from "./plan.ts";
import { prepareScript, removeScript, restoreScript, walkScript } from "./restore-script.ts";

/** The container that does the work, in every pod of this file. */
export const workContainer = "work";

/** Enough to give every file its owner and mode back, and no more; seen against full root. */
const restoreCapabilities = ["CHOWN", "FOWNER", "DAC_OVERRIDE", "FSETID"];

const storageMount = { name: "storage", mountPath: "/storage" };

/** A hard limit, in MB: kopia's cache would otherwise grow to the size of the data. */
const cacheMegabytes = { content: 150, metadata: 100 };

/**
 * The pod that restores one volume into its fresh folder on the target. It lives in Velero's
 * namespace, so that no secret leaves it, and needs nothing of Velero but the bucket.
 */
export function buildRestorePod(plan: RecoveryPlan, volume: PlannedVolume): Pod {
  const { source } = volume;
  if (source.kind !== "files") throw new Error("a rebuilt volume is not restored from a backup");
  const { repository, backup } = source;
  const env: EnvVar[] = [
    { name: "HOME", value: "/home" },
    { name: "STORAGE", value: storageMount.mountPath },
    { name: "FOLDER", value: volume.folder },
    { name: "SNAPSHOT", value: backup.snapshotId },
    { name: "NEED_BYTES", value: String(Math.ceil(volume.bytes * plan.freeSpaceFactor)) },
    { name: "CREDENTIALS", value: `/credentials/${repository.credential.key}` },
    { name: "PROFILE", value: repository.profile },
    { name: "KOPIA_PASSWORD", valueFrom: { secretKeyRef: repository.password } },
  ];
  const mounts: VolumeMount[] = [
    storageMount,
    { name: "home", mountPath: "/home" },
    { name: "cache", mountPath: "/cache" },
    { name: "credentials", mountPath: "/credentials", readOnly: true },
  ];
  const volumes: PodVolume[] = [
    storageVolume(volume.target),
    // kopia writes the bucket's keys into its configuration, so that must not reach the disk.
    { name: "home", emptyDir: { medium: "Memory", sizeLimit: "16Mi" } },
    { name: "cache", emptyDir: { sizeLimit: "1Gi" } },
    { name: "credentials", secret: { secretName: repository.credential.name, defaultMode: 0o400 } },
  ];
  if (repository.caSecret !== undefined) {
    mounts.push({ name: "ca", mountPath: "/ca", readOnly: true });
    volumes.push({ name: "ca", secret: { secretName: repository.caSecret.name } });
  }
  return buildPod(
    plan,
    volume.target,
    nameObject(plan.runId, "restore", volume.claim),
    veleroNamespace,
    {
      // The cluster's DNS may have died with the source.
      hostNetwork: true,
      dnsPolicy: "Default",
      containers: [
        {
          ...container(plan, restoreScript, listConnectFlags(repository)),
          env,
          volumeMounts: mounts,
          resources: { requests: { cpu: "50m", memory: "64Mi" }, limits: { memory: "512Mi" } },
        },
      ],
      volumes,
    },
  );
}

/**
 * The pod that makes a `rebuild` volume from a restored one: an empty folder, the app's own command
 * in the app's own image with the restored folder read-only, then a count of what came out.
 */
export function buildRebuildPod(
  plan: RecoveryPlan,
  volume: PlannedVolume,
  from: PlannedVolume,
): Pod {
  const { source } = volume;
  if (source.kind !== "rebuild") throw new Error("only a rebuild volume is rebuilt");
  const { rebuild } = source;
  const env = [
    { name: "STORAGE", value: storageMount.mountPath },
    { name: "FOLDER", value: volume.folder },
  ];
  return buildPod(
    plan,
    volume.target,
    nameObject(plan.runId, "rebuild", volume.claim),
    ownNamespace,
    {
      ...(rebuild.podSecurity === undefined
        ? {}
        : { securityContext: withoutFsGroup(rebuild.podSecurity) }),
      imagePullSecrets: rebuild.imagePullSecrets,
      initContainers: [
        {
          ...container(plan, prepareScript, []),
          name: "prepare",
          env,
          volumeMounts: [storageMount],
        },
        rebuildContainer(rebuild),
      ],
      containers: [{ ...container(plan, walkScript, []), env, volumeMounts: [storageMount] }],
      volumes: [
        storageVolume(volume.target),
        folderVolume("target", volume),
        folderVolume("from", from),
      ],
    },
  );
}

/** The pod that removes a run's folders on one target. */
export function buildRemovePod(plan: RecoveryPlan, target: TargetNode, folders: string[]): Pod {
  return buildPod(plan, target, nameRemovePod(plan.runId, target.name), ownNamespace, {
    containers: [
      {
        ...container(plan, removeScript, folders),
        env: [{ name: "STORAGE", value: storageMount.mountPath }],
        volumeMounts: [storageMount],
      },
    ],
    volumes: [storageVolume(target)],
  });
}

function buildPod(
  plan: RecoveryPlan,
  target: TargetNode,
  name: string,
  namespace: string,
  spec: PodSpec,
): Pod {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name,
      namespace,
      labels: {
        [runLabel]: plan.runId,
        "app.kubernetes.io/managed-by": "infra-k3s",
        "velero.io/exclude-from-backup": "true",
      },
    },
    spec: {
      // Not the scheduler's business: this pod is about the disk of one node.
      nodeName: target.name,
      tolerations: [{ operator: "Exists" }],
      priorityClassName: "system-node-critical",
      restartPolicy: "Never",
      automountServiceAccountToken: false,
      terminationGracePeriodSeconds: 5,
      ...spec,
    },
  };
}

function container(
  plan: RecoveryPlan,
  script: string,
  args: string[],
): PodSpec["containers"][number] {
  return {
    name: workContainer,
    image: plan.restoreImage,
    imagePullPolicy: "Never",
    command: ["/bin/sh", "-c", script, "infra-k3s", ...args],
    terminationMessagePolicy: "FallbackToLogsOnError",
    securityContext: {
      runAsUser: 0,
      runAsNonRoot: false,
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ["ALL"], add: restoreCapabilities },
      seccompProfile: { type: "RuntimeDefault" },
    },
  };
}

function rebuildContainer(rebuild: Rebuild): PodSpec["containers"][number] {
  return {
    name: "rebuild",
    image: rebuild.image,
    imagePullPolicy: "IfNotPresent",
    command: ["/bin/sh", "-c", rebuild.command],
    volumeMounts: [
      { name: "target", ...rebuild.target },
      { name: "from", ...rebuild.from, readOnly: true },
    ],
    ...(rebuild.containerSecurity === undefined
      ? {}
      : { securityContext: rebuild.containerSecurity }),
  };
}

/** A kubelet gives no group to a hostPath, and must not try on the whole storage folder. */
function withoutFsGroup({ fsGroup, ...rest }: SecurityContext): SecurityContext {
  if (fsGroup === undefined) return rest;
  return { ...rest, supplementalGroups: [...(rest.supplementalGroups ?? []), fsGroup] };
}

function storageVolume(target: TargetNode): PodVolume {
  return {
    name: storageMount.name,
    hostPath: { path: target.storagePath, type: "Directory" },
  };
}

function folderVolume(name: string, { target, folder }: PlannedVolume): PodVolume {
  return { name, hostPath: { path: `${target.storagePath}/${folder}` } };
}

function listConnectFlags(repository: Repository): string[] {
  const { tls, caSecret } = repository;
  return [
    `--bucket=${repository.bucket}`,
    `--prefix=${repository.prefix}`,
    `--endpoint=${repository.endpoint}`,
    ...(repository.region === undefined ? [] : [`--region=${repository.region}`]),
    ...(tls === "off" ? ["--disable-tls"] : []),
    ...(tls === "unverified" ? ["--disable-tls-verification"] : []),
    ...(repository.caCert === undefined ? [] : [`--root-ca-pem-base64=${repository.caCert}`]),
    ...(caSecret === undefined ? [] : [`--root-ca-pem-path=/ca/${caSecret.key}`]),
    "--cache-directory=/cache",
    `--content-cache-size-limit-mb=${cacheMegabytes.content}`,
    `--metadata-cache-size-limit-mb=${cacheMegabytes.metadata}`,
  ];
}
