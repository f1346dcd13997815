import { hasCode } from "../errors.ts";
import type { FailoverPlan } from "./plan.ts";
import type { Machine, ProbeResult, World } from "../world.ts";

/** What could be asked at one moment; `unknown` when the question itself failed. */
export interface Sample {
  /** Milliseconds since 1970. */
  at: number;
  ready: "True" | "False" | "Unknown" | "no node";
  /** RFC 3339; the kubelet renews it every 10 s. */
  heartbeat?: string;
  /** Seconds since the heartbeat. */
  heartbeatAge?: number;
  /** SSH port of the source, from the operator. */
  ssh: ProbeResult;
  /** Kubelet port of the source, from the target. */
  kubelet: ProbeResult | "unknown";
  power: Machine["state"] | "unknown" | "no machine";
  /** SSH port of the target, from the operator: whether the operator's own path works at all. */
  operatorPath: ProbeResult;
}

export type Verdict =
  | { is: "ALIVE" | "PARTITIONED" | "DEAD"; why: string }
  /** More samples may decide it. */
  | { is: "UNDECIDED"; why: string };

const kubeletPort = 10250;

/**
 * At least so many samples, over at least so long, before anything but "off" is believed: longer than
 * a kubelet takes from one heartbeat to the next, so that a living one is seen to renew it.
 */
const minSamples = 3;
const minSeconds = 12;

/** Two heartbeats in a row were missed. */
const staleSeconds = 20;

/** Asks everybody who can know about the source once, at the same time. */
export async function takeSample(world: World, plan: FailoverPlan): Promise<Sample> {
  const { source, target } = plan;
  const lease = { kind: "Lease", name: source.name, namespace: "kube-node-lease" } as const;
  const [node, heartbeat, ssh, operatorPath, kubelet, power] = await Promise.all([
    world.cluster.find({ kind: "Node", name: source.name }),
    world.cluster.find(lease),
    probeSsh(world, source),
    probeSsh(world, target),
    probeKubelet(world, plan),
    readPower(world, plan),
  ]);
  const at = world.clock.now();
  const ready = node?.status?.conditions?.find((one) => one.type === "Ready")?.status;
  const renewed = heartbeat?.spec?.renewTime;
  return {
    at,
    ready:
      node === undefined ? "no node" : ready === "True" || ready === "False" ? ready : "Unknown",
    ...(renewed === undefined
      ? {}
      : { heartbeat: renewed, heartbeatAge: Math.round((at - Date.parse(renewed)) / 1000) }),
    ssh,
    kubelet,
    power,
    operatorPath,
  };
}

/**
 * What the samples together say. DEAD here is an opinion, not a proof: the proof is the fence.
 */
export function judge(samples: Sample[]): Verdict {
  const last = samples.at(-1);
  const first = samples[0];
  if (last === undefined || first === undefined)
    return { is: "UNDECIDED", why: "nothing was asked yet" };
  const previous = samples.at(-2);
  if (last.power === "off" && previous?.power === "off") {
    return { is: "DEAD", why: "its provider says that it is off" };
  }
  if (last.ready === "True" && last.heartbeat !== undefined && last.heartbeat !== first.heartbeat) {
    return { is: "ALIVE", why: "it renews its heartbeat, and is Ready" };
  }
  const seconds = (last.at - first.at) / 1000;
  if (samples.length < minSamples || seconds < minSeconds) {
    return {
      is: "UNDECIDED",
      why: `${samples.length} samples over ${seconds.toFixed(0)} s so far`,
    };
  }
  // The node's clock may differ from ours; how long we saw no new heartbeat cannot.
  const since = samples.find((one) => one.heartbeat === last.heartbeat)?.at ?? last.at;
  const watched = (last.at - since) / 1000;
  const age = Math.max(last.heartbeatAge ?? Number.POSITIVE_INFINITY, watched);
  if (age < staleSeconds) {
    return { is: "UNDECIDED", why: `its last heartbeat is only ${Math.round(age)} s old` };
  }
  const answers = samples.filter((one) => isAnswer(one.ssh) || isAnswer(one.kubelet));
  if (answers.length > 0) {
    const who = answers.some((one) => isAnswer(one.ssh)) ? "SSH" : "its kubelet";
    return { is: "PARTITIONED", why: `no heartbeat reaches the cluster, but ${who} answers` };
  }
  if (!isAnswer(last.operatorPath)) {
    return {
      is: "UNDECIDED",
      why: "the target does not answer either: this machine's own network may be broken",
    };
  }
  return {
    is: "DEAD",
    why: `no heartbeat for ${last.heartbeatAge ?? "?"} s, and nothing of it answers`,
  };
}

/** One line per sample, for the plan and the report. */
export function renderSample(sample: Sample): string {
  const age = sample.heartbeatAge === undefined ? "none" : `${sample.heartbeatAge} s old`;
  return [
    `Ready ${sample.ready}`,
    `heartbeat ${age}`,
    `ssh ${sample.ssh}`,
    `kubelet ${sample.kubelet}`,
    `power ${sample.power}`,
  ].join(", ");
}

/** A refused connection is an answer too: somebody's network stack is up. */
function isAnswer(result: ProbeResult | "unknown"): boolean {
  return result === "open" || result === "closed";
}

/** Whether sshd of a host answers at its public or its mesh address; one answer is enough. */
async function probeSsh(
  world: World,
  host: { publicIp: string; meshIp?: string; sshPort: number },
): Promise<ProbeResult> {
  const addresses = [host.publicIp, ...(host.meshIp === undefined ? [] : [host.meshIp])];
  const results = await Promise.all(
    addresses.map((address) => world.hosts.probe({ address, port: host.sshPort })),
  );
  return results.find((one) => one === "open") ?? results.find(isAnswer) ?? "silent";
}

async function probeKubelet(world: World, plan: FailoverPlan): Promise<ProbeResult | "unknown"> {
  const { internalIp } = plan.source;
  if (internalIp === undefined) return "unknown";
  try {
    return await world.hosts.probe({
      address: internalIp,
      port: kubeletPort,
      from: plan.target.name,
    });
  } catch (error) {
    if (hasCode(error, "HOSTS_UNREACHABLE", "HOSTS_FAILED")) return "unknown";
    throw error;
  }
}

async function readPower(world: World, plan: FailoverPlan): Promise<Sample["power"]> {
  try {
    return (await world.power.find(plan.source.machine))?.state ?? "no machine";
  } catch (error) {
    if (hasCode(error, "POWER_DENIED", "POWER_UNREACHABLE", "POWER_REFUSED", "POWER_UNSUPPORTED")) {
      return "unknown";
    }
    throw error;
  }
}
