import type { KindMap, KindName, KubeObject, Ref } from "./objects.ts";
import type { RecordChanges, StaticRecords, ZoneRecord } from "./records.ts";

/**
 * Everything a use case may touch. The same plan and steps run on a real cluster, on the lab
 * and on the in-memory world of the tests, since they reach the outside only through this.
 */
export interface World {
  cluster: Cluster;
  power: Power;
  hosts: Hosts;
  dns: Dns;
  staticRecords: StaticRecords;
  journal: Journal;
  clock: Clock;
  random: Random;
}

export interface ListOptions {
  /** All namespaces when left out. */
  namespace?: string;
  labels?: Record<string, string>;
  /** Field selectors that the API server supports for the kind, `spec.nodeName` of Pod for one. */
  fields?: Record<string, string>;
}

export interface DeleteOptions {
  /** The object that was judged; another object of the same name is left alone. */
  uid: string;
  resourceVersion?: string;
  /** 0 removes a pod from the API at once, whether or not its kubelet answers. */
  gracePeriodSeconds?: number;
}

/** A JSON merge patch (RFC 7386): null removes a key, a list is replaced whole. */
export type MergePatch = { [key: string]: unknown };

/**
 * The Kubernetes API. Every method may throw, as InfraError:
 * CLUSTER_UNREACHABLE (no answer, nothing is known of the effect of a write),
 * CLUSTER_TIMEOUT (the request was sent and may have taken effect),
 * CLUSTER_FORBIDDEN (403), CLUSTER_INVALID (422 or another refusal of the object).
 */
export interface Cluster {
  /** The object, or undefined when there is none, or the kind is not installed. */
  find<K extends KindName>(ref: Ref<K>): Promise<KindMap[K] | undefined>;
  /** All matching objects, read in pages; empty when the kind is not installed. */
  list<K extends KindName>(kind: K, options?: ListOptions): Promise<KindMap[K][]>;
  /**
   * Creates the object; with `dryRun` the server runs admission and keeps nothing.
   * Throws CLUSTER_EXISTS when the name is taken, CLUSTER_QUOTA when a quota is used up.
   */
  create<T extends KubeObject>(object: T, options?: { dryRun?: boolean }): Promise<T>;
  /**
   * Merge-patches the object. `metadata.uid` and `metadata.resourceVersion` in the patch are
   * preconditions. Throws CLUSTER_NOT_FOUND, and CLUSTER_CONFLICT when a precondition fails.
   */
  patch<K extends KindName>(ref: Ref<K>, patch: MergePatch): Promise<KindMap[K]>;
  /** Asks for deletion; gone already is fine. Throws CLUSTER_CONFLICT when the precondition fails. */
  delete(ref: Ref, options: DeleteOptions): Promise<void>;
  /**
   * What a container printed so far, or its last `tailLines` lines; empty when it has not started.
   * Throws CLUSTER_NOT_FOUND.
   */
  readLog(
    pod: { namespace: string; name: string; container: string },
    tailLines?: number,
  ): Promise<string>;
}

export const providers = ["hetzner", "vultr", "aws", "manual"] as const;

export type Provider = (typeof providers)[number];

/** A virtual machine as its provider knows it. */
export interface MachineRef {
  provider: Provider;
  id: string;
}

export interface Machine {
  state: "running" | "off" | "changing";
  addresses: string[];
}

/**
 * The power switch of the machines. Every method may throw, as InfraError: POWER_DENIED
 * (credentials), POWER_UNREACHABLE (no answer; a stop may have taken effect), POWER_REFUSED
 * (the provider said no), POWER_UNSUPPORTED (no driver for this provider, or none possible).
 */
export interface Power {
  /** The machine, or undefined when the provider has none of that id. */
  find(machine: MachineRef): Promise<Machine | undefined>;
  /** Cuts the power, as pulling the plug; returns when the provider has accepted the order. */
  stop(machine: MachineRef): Promise<void>;
}

/**
 * The records of zones at their provider. Every method may throw, as InfraError: DNS_DENIED
 * (credentials, or a permission that they lack), DNS_ZONE_UNKNOWN, DNS_UNREACHABLE (no answer;
 * changes may have been made), DNS_LIMITED (too many requests) and DNS_REFUSED (the provider said
 * no); after these two nothing was changed.
 */
export interface Dns {
  /** All records of a zone, whoever made them. */
  listRecords(zone: string): Promise<ZoneRecord[]>;
  /**
   * Makes all of the changes, or none. Throws DNS_CONFLICT when the records are not as they were
   * read: one that was to change is gone, or another one stands where one was to be.
   */
  changeRecords(zone: string, changes: RecordChanges): Promise<void>;
}

/** What a TCP connection attempt told: `closed` is a refusal, `silent` no answer. */
export type ProbeResult = "open" | "closed" | "silent";

export interface ProbeTarget {
  address: string;
  port: number;
  /** Inventory host to probe from, over SSH; the operator's own machine when left out. */
  from?: string;
}

/**
 * Why a login failed: `denied` the key or the user, `key-unusable` on the operator's side,
 * `host-key-unknown` and `host-key-changed` by the list of known hosts, `closed` nothing listens,
 * `silent` nobody answers, `timeout` the time was up, `other` in ssh's own words.
 */
export type LoginFailure =
  | "denied"
  | "key-unusable"
  | "host-key-unknown"
  | "host-key-changed"
  | "closed"
  | "silent"
  | "timeout"
  | "other";

export interface LoginTry {
  address: string;
  failure: LoginFailure;
  /** What ssh said. */
  says: string;
}

/** What came of a script that was to run on a host. */
export type HostAnswer =
  | { kind: "ran"; stdout: string; stderr: string; code: number; address: string }
  | { kind: "no-login"; tries: LoginTry[] };

export interface HostScript {
  /** For a POSIX shell; it comes by stdin and is in no process list. */
  script: string;
  /** With the login; then it is ended and counts as a `timeout`. */
  timeoutSeconds: number;
  signal?: AbortSignal;
}

/** The machines themselves, reached over the network. */
export interface Hosts {
  /**
   * Runs a script as the inventory's user, over the mesh address or else the public one. Throws
   * nothing for what it finds, but EXEC_MISSING without ssh, and the reason of the signal.
   */
  run(host: string, script: HostScript): Promise<HostAnswer>;
  /**
   * Tries a TCP connection for at most 2 s. Never throws for what it finds;
   * throws HOSTS_UNREACHABLE when the host to probe from cannot be reached.
   */
  probe(target: ProbeTarget): Promise<ProbeResult>;
  /** Free bytes of the filesystem of `path` on the host. Throws HOSTS_UNREACHABLE, HOSTS_FAILED. */
  readFreeBytes(host: string, path: string): Promise<number>;
}

export interface PlaybookOptions {
  /** The only hosts that it is for; all when left out. */
  limit?: readonly string[];
  /** For the hosts, beside what is read from the inventory: `via` for one. No secrets. */
  variables?: Readonly<Record<string, unknown>>;
  onProgress?: (note: string) => void;
  signal?: AbortSignal;
}

/** The project's own playbooks, run on the hosts of the site's inventory. */
export interface Playbooks {
  /**
   * Runs `ansible/playbooks/<name>.yml`, tells `onProgress` each play, and counts by host the tasks
   * that changed something. Throws PLAYBOOK_*, EXEC_MISSING, and the reason of `signal`.
   */
  run(name: string, options?: PlaybookOptions): Promise<{ changed: Record<string, number> }>;
}

/** What came of asking a program for its version. */
export type ProgramAnswer =
  | { state: "missing" }
  /** It is there and does not run: a shim of a version manager, or made for another machine. */
  | { state: "broken"; says: string }
  | { state: "runs"; says: string };

export interface FileFacts {
  /** The permission bits, 0o600 for one. */
  mode: number;
  isFile: boolean;
}

/** The machine that a person works on; nothing there is changed, and no value of a variable read. */
export interface Workstation {
  /** Asks a program for its version, for at most 10 s. */
  ask(argv: readonly [string, ...string[]]): Promise<ProgramAnswer>;
  /** Undefined when there is no such file, or it may not be seen. */
  findFile(file: string): Promise<FileFacts | undefined>;
  /** Whether an environment variable is set and not empty. */
  hasVariable(name: string): boolean;
}

export interface JournalEntry {
  /** RFC 3339 with milliseconds. */
  time: string;
  event: string;
  [fact: string]: unknown;
}

/** The run's own record on the operator's machine. */
export interface Journal {
  /** Appends one entry and returns when it is on disk. Throws JOURNAL_UNWRITABLE. */
  append(runId: string, entry: JournalEntry): Promise<void>;
}

export interface Clock {
  /** Milliseconds since 1970-01-01 UTC. */
  now(): number;
  /** Waits; rejects with the signal's reason as soon as it is aborted. */
  sleep(seconds: number, signal?: AbortSignal): Promise<void>;
}

export interface Random {
  /** `length` characters of a-z and 0-9, the first one a letter. */
  name(length: number): string;
}
