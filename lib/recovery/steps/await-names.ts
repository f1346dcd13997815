import { addressTypes } from "../../dns/check-records.ts";
import { describeError, InfraError } from "../../errors.ts";
import type { ZoneRecord } from "../../records.ts";
import type { Step } from "../../steps/step.ts";
import type { DnsWay } from "../dns-way.ts";
import { cutOverStepId } from "./ids.ts";
import type { Failover } from "./recovery.ts";

/** external-dns looks once a minute, and may have to start on another host first. */
const limitSeconds = 300;

/**
 * Waits until external-dns has taken the source's address out of the names of apps. One that is late is
 * a fact and not a failure: the workloads are back, and nothing here would make it faster.
 */
export function awaitNames({ world, plan }: Failover, by: DnsWay): Step {
  const { names, source } = plan;
  return {
    id: "await-names",
    title: `Wait for external-dns to take ${source.name} out of the names of apps`,
    after: ["declare-out-of-service", ...plan.units.map(cutOverStepId)],
    // The last look may have to wait for Cloudflare.
    timeoutSeconds: limitSeconds + 180,
    waitsFor: "external-dns",
    async observe() {
      if (by === "none") return { state: "not-needed", note: "DNS is left alone (--dns none)" };
      if (names === undefined || names.awaited.length === 0) {
        return { state: "not-needed", note: `no name of an app points to ${source.name}` };
      }
      return { state: "open" };
    },
    async act() {},
    async verify(run) {
      const end = world.clock.now() + limitSeconds * 1000;
      const awaited = names?.awaited ?? [];
      let late = awaited;
      return await run.poll<{ names: string[]; redirectedAt?: number; openItems: string[] }>(
        async () => {
          const answer = await look();
          if (Array.isArray(answer)) late = answer;
          if (late.length === 0) {
            return { done: { names: awaited, redirectedAt: world.clock.now(), openItems: [] } };
          }
          const why = Array.isArray(answer) ? "" : ` (${answer})`;
          if (world.clock.now() < end) return { waiting: `${late.join(", ")}${why}` };
          return {
            done: { names: awaited, openItems: late.map((name) => explainLate(name, why)) },
          };
        },
        3,
      );
    },
  };

  /** The names that are not right yet, or why that cannot be seen. */
  async function look(): Promise<string[] | string> {
    if (names === undefined) return [];
    try {
      const found = await world.dns.listRecords(names.zone);
      return names.awaited.filter((name) => !isRight(found, name, source.publicIp));
    } catch (error) {
      if (!(error instanceof InfraError)) throw error;
      return describeError(error);
    }
  }

  function explainLate(name: string, why: string): string {
    return `${name} does not have other addresses after ${limitSeconds} s${why}: kubectl -n external-dns logs deployment/external-dns`;
  }
}

/** Whether a name has addresses, and not the source's among them. */
function isRight(found: readonly ZoneRecord[], name: string, publicIp: string): boolean {
  const own = found.filter((one) => one.name === name && addressTypes.includes(one.type));
  return own.length > 0 && own.every(({ content }) => content !== publicIp);
}
