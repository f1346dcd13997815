import type { ComponentGroup } from "./component-group.ts";

/** What the operator changes records and buckets with; no host has it. */
export const opentofu: ComponentGroup = {
  name: "opentofu",
  onDemand: true,
  toolchain: "go1.26.6",
  programs: [
    {
      file: "tofu",
      package: "github.com/opentofu/opentofu/cmd/tofu",
      module: "github.com/opentofu/opentofu",
      // Without it the version is one of a development build.
      stamps: { "github.com/opentofu/opentofu/version.dev": "no" },
      answers: { tofu: { args: ["version"], says: "OpenTofu {version}\n" } },
    },
  ],
};
