import type { ComponentGroup } from "./component-group.ts";

/** What the operator keeps the site's secrets with; no host has it. */
export const sops: ComponentGroup = {
  name: "sops",
  programs: [
    {
      file: "sops",
      package: "github.com/getsops/sops/v3/cmd/sops",
      module: "github.com/getsops/sops/v3",
      answers: { sops: { args: ["--version", "--disable-version-check"], says: "sops {number}" } },
    },
    {
      file: "age-keygen",
      package: "filippo.io/age/cmd/age-keygen",
      module: "filippo.io/age",
      stamps: { "main.Version": "{version}" },
      answers: { "age-keygen": { args: ["-version"], says: "{version}" } },
    },
  ],
};
