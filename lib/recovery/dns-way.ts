/** Who changes static records: tofu by a reviewed plan, the provider's API, or nobody. */
export const dnsWays = ["tofu", "api", "none"] as const;

export type DnsWay = (typeof dnsWays)[number];
