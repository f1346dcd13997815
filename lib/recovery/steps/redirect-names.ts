import { applyRecords } from "../../dns/apply-records.ts";
import { listOpen, planRedirected, planRedirection } from "../../dns/redirect.ts";
import { describeBlocker, InfraError } from "../../errors.ts";
import type { NewRecord } from "../../records.ts";
import type { Step } from "../../steps/step.ts";
import type { DnsWay } from "../dns-way.ts";
import { cutOverStepId } from "./ids.ts";
import type { Failover } from "./recovery.ts";

/** Points the static records of the source to the target, in DNS and in the list that Git has of them. */
export function redirectNames({ world, plan }: Failover, by: DnsWay): Step {
  const { names, source, target } = plan;

  async function findOpen(): Promise<NewRecord[]> {
    if (names === undefined) return [];
    return listOpen(await world.dns.listRecords(names.zone), names.redirection);
  }

  async function isInZone(): Promise<boolean> {
    return (await findOpen()).length === 0;
  }

  /** Only what was planned: the list may have got other records of the source since. */
  async function isInList(): Promise<boolean> {
    if (names === undefined) return true;
    const { from, to, records } = names.redirection;
    const { redirection } = planRedirection(await world.staticRecords.load(), { from, to });
    return !redirection.records.some((one) => records.some(({ name }) => name === one.name));
  }

  return {
    id: "redirect-names",
    title: `Point static DNS records to ${target.name}`,
    after: ["declare-out-of-service", ...plan.units.map(cutOverStepId)],
    // A plan and its apply may take as long as lib/exec/tofu.ts lets them.
    timeoutSeconds: 900,
    irreversible: true,
    waitsFor: by === "api" ? "Cloudflare" : "tofu",
    async observe() {
      if (by === "none") return { state: "not-needed", note: "DNS is left alone (--dns none)" };
      if (names === undefined || names.redirection.records.length === 0) {
        return { state: "not-needed", note: `no static record points to ${source.name}` };
      }
      return { state: (await isInZone()) && (await isInList()) ? "done" : "open" };
    },
    async act(run) {
      if (names === undefined) return;
      const { zone, redirection } = names;
      try {
        const open = await findOpen();
        run.report({ note: open.map(({ name }) => name).join(", ") });
        if (open.length > 0 && by === "tofu") await world.staticRecords.apply(redirection, open);
        if (open.length > 0 && by === "api") {
          const list = await world.staticRecords.load();
          const wanted = planRedirected({ ...list, zone }, { ...redirection, records: open });
          await applyRecords(world, wanted);
        }
        await world.staticRecords.declare(redirection);
      } catch (error) {
        throw error instanceof InfraError ? offerOtherWay(error, by) : error;
      }
    },
    async verify(run) {
      await run.poll(async () =>
        (await isInZone()) && (await isInList())
          ? { done: true }
          : { waiting: "the zone and the list to have the new address" },
      );
      const moved = (names?.redirection.records ?? []).map(({ name }) => name);
      const { file } = world.staticRecords;
      return {
        names: moved,
        by,
        redirectedAt: world.clock.now(),
        openItems: [
          `${file} has ${target.name} for ${moved.join(", ")}: commit and push it, or tofu points them back from another clone`,
          ...(by === "api"
            ? ["tofu has not seen the new records: its plan must show no change"]
            : []),
        ],
      };
    },
  };
}

/** The workloads run by then; what is left are names that point to a host which is off. */
function offerOtherWay(error: InfraError, by: DnsWay): InfraError {
  const other = by === "tofu" ? "without tofu: --dns api; " : "";
  return new InfraError({
    ...describeBlocker(error),
    exitCode: error.exitCode,
    fix: `${error.fix ?? "Correct it"}, then run the same command again (${other}to leave DNS alone: --dns none)`,
    cause: error,
  });
}
