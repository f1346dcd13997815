import type { ComponentGroup } from "../component-group.ts";

const tailscaleModule = "tailscale.com";
// Without them it calls itself a development version.
const tailscaleStamps = {
  [`${tailscaleModule}/version.shortStamp`]: "{number}",
  [`${tailscaleModule}/version.longStamp`]: "{number}",
};

export const tailscale: ComponentGroup = {
  name: "tailscale",
  programs: ["tailscale", "tailscaled"].map((file) => ({
    file,
    package: `${tailscaleModule}/cmd/${file}`,
    module: tailscaleModule,
    stamps: tailscaleStamps,
    answers: { [file]: { args: ["--version"], says: "{number}\n  long version: {number}\n" } },
  })),
};

export const headscale: ComponentGroup = {
  name: "headscale",
  programs: [
    {
      file: "headscale",
      package: ".",
      module: "github.com/juanfont/headscale",
      stamps: { "main.version": "{version}" },
      answers: { headscale: { args: ["version"], says: "headscale version {version}" } },
    },
  ],
};
