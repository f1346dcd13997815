import type { HostFacts } from "../../../lib/bootstrap/host-facts.ts";
import type { HostToCheck } from "../../../lib/bootstrap/host-target.ts";
import type { HostAnswer, Hosts, LoginFailure } from "../../../lib/world.ts";
import { createClock, type MemoryClock } from "./clock.ts";

export const megabyte = 1e6;

/** A host as an inventory has it. */
export function host(name: string, more: Partial<HostToCheck> = {}): HostToCheck {
  return {
    name,
    group: "k3s_workers",
    publicIp: "192.0.2.1",
    meshIp: undefined,
    ansibleUser: "admin",
    sshPort: 22,
    sshPrivateKeyFile: "/keys/id",
    ...more,
  };
}

type FactLists = { [Name in keyof HostFacts]?: HostFacts[Name] };

/** The facts of a host that is well; `more` replaces whole kinds. */
export function facts(more: FactLists = {}): HostFacts {
  return {
    clock: [{ seconds: Date.parse("2026-01-01T00:00:00Z") / 1000 }],
    user: [{ name: "admin" }],
    sudo: [{ state: "works", says: "" }],
    system: [
      {
        id: "debian",
        version: "12",
        kernel: "6.1.0-28-amd64",
        architecture: "x86_64",
        cgroups: "cgroup2fs",
        init: "systemd",
      },
    ],
    disk: [{ folder: "/", mount: "/", freeKilobytes: 20_000_000 }],
    interface: [{ name: "eth0", network: "192.0.2.1/24", mtu: 1500 }],
    k3s: [{ active: false }],
    port: [],
    link: [],
    end: [{}],
    ...more,
  };
}

/** The lines that a script on a host prints for such facts. */
export function print(all: HostFacts): string {
  const lines = Object.entries(all).flatMap(([fact, each]) =>
    each.map((one) => JSON.stringify({ fact, ...one })),
  );
  return lines.map((line) => `${line}\n`).join("");
}

/** What a host does with a script: prints facts, cannot be logged in to, or never ends. */
export type Behaviour = HostFacts | LoginFailure | "hangs";

/** Hosts that answer as they are told to, for everything that is asked of them by a script. */
export function createFleet(
  behaviours: Record<string, Behaviour>,
  clock: MemoryClock = createClock(),
): { hosts: Hosts; clock: MemoryClock; scripts: { host: string; script: string }[] } {
  const scripts: { host: string; script: string }[] = [];
  const notAsked = (): never => {
    throw new Error("only scripts are run here");
  };
  return {
    clock,
    scripts,
    hosts: {
      probe: notAsked,
      readFreeBytes: notAsked,
      async run(name, { script, timeoutSeconds }): Promise<HostAnswer> {
        scripts.push({ host: name, script });
        const behaviour = behaviours[name] ?? "silent";
        const address = "192.0.2.1";
        if (typeof behaviour === "object") {
          return { kind: "ran", stdout: print(behaviour), stderr: "", code: 0, address };
        }
        if (behaviour === "hangs") await clock.sleep(timeoutSeconds);
        const failure = behaviour === "hangs" ? "timeout" : behaviour;
        return { kind: "no-login", tries: [{ address, failure, says: `ssh: ${failure}` }] };
      },
    },
  };
}
