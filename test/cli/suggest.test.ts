import t from "tap";
import { findNearest } from "../../lib/cli/suggest.ts";

const cases: [name: string, candidates: string[], nearest: string | undefined, why: string][] = [
  ["dryrun", ["dry-run", "json"], "dry-run", "a letter is missing"],
  ["jsno", ["json", "site"], "json", "two letters are swapped"],
  ["vps-vultr-2", ["vps-hetzner-1", "vps-vultr-1"], "vps-vultr-1", "a letter is another one"],
  ["Vultr", ["vultr"], "vultr", "only the case differs"],
  ["target-nod", ["source-node", "target-node"], "target-node", "the nearest of several"],
  ["frobnicate", ["site", "json"], undefined, "nothing is near"],
  ["a", ["b"], undefined, "one letter for another one is no likeness"],
  ["b1", ["b2"], "b2", "half of it is right"],
  ["", ["a"], undefined, "nothing was written"],
  ["site", [], undefined, "there is nothing to choose from"],
  ["ab", ["ac", "ad"], "ac", "the first of equals"],
];

for (const [name, candidates, nearest, why] of cases) {
  t.equal(findNearest(name, candidates), nearest, why);
}
