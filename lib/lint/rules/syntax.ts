import type { FileRule } from "../rule.ts";

export const syntax: FileRule = {
  id: "syntax",
  codes: ["CONFIG_SYNTAX"],
  scope: "file",
  summary: "a YAML file is YAML, and a JSON file is JSON",
  why: "Argo CD stops at the first file that it cannot read, and syncs nothing of the Application: not the other files either. Told by the package `yaml`, which keeps to YAML 1.2: a tab is no indentation there, whatever an editor shows.",
  example: {
    bad: "metadata:\n\tname: web",
    good: "metadata:\n  name: web",
  },
};
