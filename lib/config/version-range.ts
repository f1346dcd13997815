interface Version {
  numbers: number[];
  /** `-rc.1` and the like; a build mark such as `+k3s1` is none. */
  isPrerelease: boolean;
}

/**
 * Whether a version such as `v1.36.3+k3s1` lies within all bounds of a range such as
 * `>=1.36.2 <1.37`; a bound without a sign means that one version, and with fewer than three
 * numbers, all that begin with them. A prerelease lies below its release, and not below `<` of it.
 */
export function isInRange(version: string, range: string): boolean {
  const parsed = parseVersion(version);
  return range.split(" ").every((bound) => meets(parsed, bound));
}

function meets(version: Version, bound: string): boolean {
  const [, sign = "", text = ""] = /^(>=|<=|>|<|=)?(.*)$/.exec(bound) ?? [];
  const limit = parseVersion(text).numbers;
  const order = compare(version.numbers, limit);
  switch (sign) {
    case ">=":
      return order > 0 || (order === 0 && !isBelow(version, limit));
    case ">":
      return order > 0;
    case "<":
      return order < 0;
    case "<=":
      return order <= 0;
    default:
      return order === 0 && !version.isPrerelease;
  }
}

/** Only as many numbers as the limit has are looked at: 1.18.3 and 1.18 are equal. */
function compare(numbers: number[], limit: number[]): number {
  const difference = limit.map((number, index) => (numbers[index] ?? 0) - number);
  return difference.find((one) => one !== 0) ?? 0;
}

function isBelow(version: Version, limit: number[]): boolean {
  return (
    version.isPrerelease && version.numbers.slice(limit.length).every((number) => number === 0)
  );
}

function parseVersion(text: string): Version {
  const [, numbers = "", prerelease] = /^v?([\d.]+)(-[^+]*)?/.exec(text) ?? [];
  return { numbers: numbers.split(".").map(Number), isPrerelease: prerelease !== undefined };
}
