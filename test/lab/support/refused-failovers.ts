import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Test } from "tap";
import { parseDocument } from "yaml";
import type { Cluster } from "../../../lab/kubectl.ts";
import { askHost } from "../../../lab/host.ts";
import { runScript } from "../../../lab/run-script.ts";
import type { LabPaths } from "../../../lab/paths.ts";
import { run } from "../../../lib/exec/run.ts";
import { compareObjects, readObjects } from "./cluster-snapshot.ts";
import { nameMistakes } from "./refused-names.ts";

export interface Place {
  paths: LabPaths;
  cluster: Cluster;
  source: string;
  target: string;
  /** An empty folder for files that a mistake needs. */
  folder: string;
  signal: AbortSignal;
}

/** One thing that a person gets wrong, or a cluster that cannot do what is asked. */
export interface Mistake {
  name: string;
  code: string;
  /** In place of the right ones. */
  args?: (place: Place) => string[];
  env?: Readonly<Record<string, string>>;
  says?: RegExp;
  /** Makes the cluster unfit; what it returns puts that right again. */
  prepare?(place: Place): Promise<() => Promise<unknown>>;
}

export const mistakes: Mistake[] = [
  {
    name: "a flag that does not exist",
    code: "CLI_FLAG_UNKNOWN",
    says: /--target-node/,
    args: ({ source, target }) => ["--source-node", source, "--target", target],
  },
  {
    name: "a node that does not exist",
    code: "INVENTORY_HOST_UNKNOWN",
    says: /vps-aws-1/,
    args: ({ target }) => ["--source-node", "vps-aws-2", "--target-node", target],
  },
  {
    name: "source and target are one",
    code: "RECOVERY_SAME_NODE",
    args: ({ source }) => ["--source-node", source, "--target-node", source],
  },
  {
    name: "no kubeconfig",
    code: "CLUSTER_KUBECONFIG_MISSING",
    args: (place) => [...nodes(place), "--kubeconfig", path.join(place.folder, "nowhere")],
  },
  {
    name: "another cluster than the site's",
    code: "SITE_WRONG_CLUSTER",
    args: (place) => [...nodes(place), "--site", path.join(place.folder, "site")],
    prepare: async ({ paths, folder }) => {
      const site = parseDocument(await readFile(path.join(paths.state, "site.yaml"), "utf8"));
      site.set("clusterUid", "11111111-0000-4000-8000-000000000001");
      for (const name of ["inventory", "kubeconfig", "sshKnownHosts"]) {
        site.set(name, path.resolve(paths.state, String(site.get(name))));
      }
      site.delete("power");
      await run(["mkdir", path.join(folder, "site")]);
      await writeFile(path.join(folder, "site/site.yaml"), site.toString());
      return async () => undefined;
    },
  },
  {
    name: "an API server that is down",
    code: "CLUSTER_UNREACHABLE",
    args: (place) => [...nodes(place), "--kubeconfig", path.join(place.folder, "down")],
    prepare: async ({ paths, folder }) => {
      const text = await readFile(paths.kubeconfig, "utf8");
      await writeFile(path.join(folder, "down"), text.replace(":6443", ":6444"), { mode: 0o600 });
      return async () => undefined;
    },
  },
  {
    name: "wrong credentials of the provider",
    code: "FENCE_NOT_PROVEN",
    says: /does not accept HCLOUD_TOKEN/,
    env: { HCLOUD_TOKEN: "wrong-token" },
  },
  {
    name: "a backup that does not exist",
    code: "RECOVERY_NO_BACKUP",
    says: /drill-7/,
    args: (place) => [...nodes(place), "--backup", "drill-7"],
  },
  {
    name: "a target that is cordoned",
    code: "RECOVERY_TARGET_CORDONED",
    prepare: async ({ cluster, target }) => {
      await cluster.kubectl(["cordon", target]);
      return async () => await cluster.kubectl(["uncordon", target]);
    },
  },
  {
    // Before the cluster misses its kubelet, so that this is all that is wrong with it.
    name: "a target of another architecture",
    code: "RECOVERY_TARGET_ARCHITECTURE",
    says: /is arm64/,
    prepare: async (place) => {
      const { cluster, target } = place;
      const start = await stopAgent(place);
      const status = JSON.stringify({ status: { nodeInfo: { architecture: "arm64" } } });
      const patch = ["--subresource=status", "--type=merge", "--patch", status];
      await cluster.kubectl(["patch", "node", target, ...patch]);
      return start;
    },
  },
  {
    name: "a target that is not Ready",
    code: "RECOVERY_TARGET_NOT_READY",
    prepare: async (place) => {
      const { cluster, target } = place;
      const start = await stopAgent(place);
      const unknown = `--for=jsonpath={.status.conditions[?(@.type=="Ready")].status}=Unknown`;
      await cluster.kubectl(["wait", "node", target, unknown, "--timeout=120s"]);
      // Taints follow a moment after the condition.
      const taints = `--for=jsonpath={.spec.taints[?(@.effect=="NoExecute")].key}=node.kubernetes.io/unreachable`;
      await cluster.kubectl(["wait", "node", target, taints, "--timeout=60s"]);
      return start;
    },
  },
  {
    name: "a target that the workload does not tolerate",
    code: "RECOVERY_TARGET_NOT_ALLOWED",
    says: /gpu/,
    prepare: async ({ cluster, target }) => {
      await cluster.kubectl(["taint", "node", target, "gpu=yes:NoSchedule"]);
      return async () => await cluster.kubectl(["taint", "node", target, "gpu-"]);
    },
  },
  {
    name: "a target without room",
    code: "RECOVERY_TARGET_NO_SPACE",
    prepare: async ({ paths, target }) => {
      const storage = "/var/lib/rancher/k3s/storage";
      await askHost(paths, target, `mount -t tmpfs -o size=16m tmpfs ${storage}`);
      return async () => await askHost(paths, target, `umount ${storage}`);
    },
  },
  {
    name: "a volume that is a hostPath",
    code: "RECOVERY_VOLUME_HOSTPATH",
    says: /unfit/,
    prepare: async (place) => await addWorkload(place, { hostPath: { path: "/srv/unfit" } }),
  },
  {
    name: "a volume that no backup holds",
    code: "RECOVERY_NO_BACKUP",
    says: /unfit/,
    prepare: async (place) => await addWorkload(place),
  },
];

/** Tries each mistake on the real cluster: the right exit code and error, and nothing changed. */
export async function testMistakes(t: Test, place: Place): Promise<void> {
  for (const { name, code, args, env, says, prepare } of [...mistakes, ...nameMistakes]) {
    await t.test(name, async (t) => {
      const repair = await prepare?.(place);
      try {
        const before = await readObjects(place.cluster);
        const { exitCode, document } = await runScript(
          place.paths,
          [
            "scripts/dr/failover.ts",
            ...(args?.(place) ?? nodes(place)),
            "--yes",
            "--confirm",
            place.source,
          ],
          { home: place.folder, signal: place.signal, ...(env === undefined ? {} : { env }) },
        );
        const after = await readObjects(place.cluster);
        const told = JSON.stringify(document);
        t.equal(exitCode, 2, told);
        // One of several is named behind its message.
        t.match(told, new RegExp(`["[]${code}["\\]]`));
        t.match(told, says ?? /"fix"/);
        t.strictSame(compareObjects(before, after), [], "nothing was changed");
      } finally {
        await repair?.();
      }
    });
  }
}

/**
 * Stops the agent of the target; its containers run on. What it returns starts it and waits until
 * it has told the cluster all about itself again.
 */
async function stopAgent({
  paths,
  cluster,
  target,
  signal,
}: Place): Promise<() => Promise<unknown>> {
  const { nodeInfo } = (
    await cluster.get<{ status: { nodeInfo: { architecture: string } } }>("node", target)
  ).status;
  const readTaints = async () =>
    (await cluster.get<{ spec: { taints?: unknown[] } }>("node", target)).spec.taints ?? [];
  await askHost(paths, target, "systemctl stop k3s-agent");
  return async () => {
    await askHost(paths, target, "systemctl start k3s-agent");
    const told = `--for=jsonpath={.status.nodeInfo.architecture}=${nodeInfo.architecture}`;
    await cluster.kubectl(["wait", "node", target, told, "--timeout=120s"]);
    await cluster.kubectl(["wait", "node", target, "--for=condition=Ready", "--timeout=120s"]);
    // Its taints go a moment after; kubectl cannot wait for what is not there.
    while ((await readTaints()).length > 0) await sleep(500, undefined, { signal });
  };
}

/** Without the names, so that one thing is wrong at a time. */
function nodes({ source, target }: Place): string[] {
  return ["--source-node", source, "--target-node", target, "--dns", "none"];
}

/** A Deployment on the source with one volume: of local-path, or the one that is given. */
async function addWorkload(
  { cluster, source }: Place,
  volume?: Readonly<Record<string, unknown>>,
): Promise<() => Promise<unknown>> {
  const namespace = "unfit";
  const labels = { app: namespace };
  const claim = {
    accessModes: ["ReadWriteOnce"],
    resources: { requests: { storage: "8Mi" } },
    ...(volume === undefined ? {} : { storageClassName: "", volumeName: namespace }),
  };
  const onSource = {
    matchExpressions: [{ key: "kubernetes.io/hostname", operator: "In", values: [source] }],
  };
  const spec = {
    // By wish only: what has to be there cannot move.
    affinity: {
      nodeAffinity: {
        preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 100, preference: onSource }],
      },
    },
    terminationGracePeriodSeconds: 0,
    containers: [
      {
        name: "app",
        image: "docker.io/infra-k3s-lab/uploads:1",
        command: ["sleep", "86400"],
        volumeMounts: [{ name: "data", mountPath: "/data" }],
      },
    ],
    volumes: [{ name: "data", persistentVolumeClaim: { claimName: namespace } }],
  };
  await cluster.apply([
    { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } },
    ...(volume === undefined
      ? []
      : [
          {
            apiVersion: "v1",
            kind: "PersistentVolume",
            metadata: { name: namespace },
            spec: {
              capacity: { storage: "8Mi" },
              accessModes: ["ReadWriteOnce"],
              nodeAffinity: { required: { nodeSelectorTerms: [onSource] } },
              ...volume,
            },
          },
        ]),
    {
      apiVersion: "v1",
      kind: "PersistentVolumeClaim",
      metadata: { name: namespace, namespace },
      spec: claim,
    },
    {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: namespace, namespace },
      spec: {
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec },
      },
    },
  ]);
  const rollout = ["rollout", "status", "-n", namespace, "deployment/unfit", "--timeout=60s"];
  await cluster.kubectl(rollout);
  return async () => {
    await cluster.kubectl(["delete", "namespace", namespace, "--wait"]);
    await cluster.kubectl(["delete", "persistentvolume", namespace, "--ignore-not-found"]);
  };
}
