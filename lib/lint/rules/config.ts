import type { FileRule } from "../rule.ts";

export const config: FileRule = {
  id: "config",
  codes: ["CONFIG_KEY_UNKNOWN", "CONFIG_KEY_MISSING", "CONFIG_VALUE_INVALID"],
  scope: "file",
  summary: "a file of settings has the keys that its schema knows, with values of the right kind",
  why: "A misspelt key of a setting is a setting that was never made. The schemas are in lib, and generated into config/schemas/own for editors.",
  example: {
    bad: "# config/dr/policy.yaml\nfreeSpaceFaktor: 1.3",
    good: "# config/dr/policy.yaml\nfreeSpaceFactor: 1.3",
  },
};
