import type { ComponentGroup } from "./component-group.ts";

const externalDnsModule = "sigs.k8s.io/external-dns";

/** Makes the names of apps at Cloudflare, with upstream's providers all in it. */
export const externalDns: ComponentGroup = {
  name: "external-dns",
  toolchain: "go1.27.3",
  programs: [
    {
      file: "external-dns",
      package: externalDnsModule,
      module: externalDnsModule,
      stamps: { [`${externalDnsModule}/pkg/apis/externaldns.Version`]: "{version}" },
      answers: { "external-dns": { args: ["--version"], says: "{version}" } },
    },
  ],
};
