import type { FileRule } from "../rule.ts";

export const ignoreList: FileRule = {
  id: "ignore-list",
  codes: ["IGNORE_EXPIRED", "IGNORE_UNUSED"],
  scope: "file",
  summary: "what is ignored has a reason, an end, and something to ignore",
  why: "An exception that nobody looks at again hides the next mistake. So each entry of config/lint-ignore.yaml ends on a day, and one that matches nothing is a finding itself.",
  example: {
    bad: "- rule: image-unpinned\n  file: kubernetes/apps/shop/app.yaml\n  reason: upstream has no tags\n  until: 2020-01-01",
    good: "- rule: image-unpinned\n  file: kubernetes/apps/shop/app.yaml\n  reason: upstream has no tags\n  until: 2030-01-01",
  },
};
