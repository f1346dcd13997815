/** How often an app is backed up, and for how long. */
export interface Tier {
  /** The Schedule in config/velero/schedules that is made for it. */
  schedule: string;
  everyMinutes: number;
  keptHours: number;
  /** Whether volumes are copied, and not only the objects. */
  hasVolumes: boolean;
}

/** On a pod, or on its claims: the tier; without it an app is `standard`. */
export const tierLabel = "infra-k3s.io/backup";

/** By the value of tierLabel. */
export const tiers = {
  critical: { schedule: "hourly-critical", everyMinutes: 60, keptHours: 7 * 24, hasVolumes: true },
  standard: { schedule: "daily", everyMinutes: 24 * 60, keptHours: 30 * 24, hasVolumes: true },
  stateless: {
    schedule: "daily-config",
    everyMinutes: 24 * 60,
    keptHours: 30 * 24,
    hasVolumes: false,
  },
} as const satisfies Record<string, Tier>;

export type TierName = keyof typeof tiers;

/** The tier that a Schedule is made for, by its name; undefined for a Schedule of one's own. */
export function findTier(schedule: string): Tier | undefined {
  return Object.values(tiers).find((tier) => tier.schedule === schedule);
}
