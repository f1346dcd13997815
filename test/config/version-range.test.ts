import t from "tap";
import { isInRange } from "../../lib/config/version-range.ts";

const cases: [version: string, range: string, expected: boolean][] = [
  ["1.18.3", "1.18.3", true],
  ["1.18.3", "=1.18.3", true],
  ["1.18.4", "1.18.3", false],
  ["1.18.4", "1.18", true],
  ["1.180.4", "1.18", false],
  ["1.18.3-rc.1", "1.18.3", false],
  ["1.18.3", ">=1.18.3", true],
  ["1.18.3-rc.1", ">=1.18.3", false],
  ["1.18.4-rc.1", ">=1.18.3", true],
  ["1.18.10", ">1.18.9", true],
  ["1.18.3", ">1.18.3", false],
  ["1.18.9", "<1.19", true],
  ["1.19.0", "<1.19", false],
  ["1.19.0-rc.1", "<1.19", false],
  ["1.19.0", "<=1.19", true],
  ["2.0.0", "<=1.19", false],
  ["v1.36.3+k3s1", ">=1.36.2 <1.37", true],
  ["v1.37.0+k3s1", ">=1.36.2 <1.37", false],
];

for (const [version, range, expected] of cases) {
  t.equal(isInRange(version, range), expected, `${version} in ${range}`);
}
