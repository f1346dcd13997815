import type { ComponentGroup } from "./component-group.ts";

const veleroModule = "github.com/vmware-tanzu/velero";
// Velero names its own images by it when it installs itself.
const veleroStamps = { [`${veleroModule}/pkg/buildinfo.Version`]: "{version}" };

export const velero: ComponentGroup = {
  name: "velero",
  programs: [
    {
      file: "velero",
      package: `${veleroModule}/cmd/velero`,
      module: veleroModule,
      stamps: veleroStamps,
      answers: { velero: { args: ["version", "--client-only"], says: "Version: {version}" } },
    },
    {
      file: "velero-helper",
      package: `${veleroModule}/cmd/velero-helper`,
      module: veleroModule,
      answers: { "velero-helper": { args: [], says: "the working mode", exitCode: 1 } },
    },
    {
      file: "velero-restore-helper",
      package: `${veleroModule}/cmd/velero-restore-helper`,
      module: veleroModule,
      answers: { "velero-restore-helper": { args: [], says: "ERROR: ", exitCode: 1 } },
    },
    {
      file: "velero-plugin-for-aws",
      package: "github.com/vmware-tanzu/velero-plugin-for-aws/velero-plugin-for-aws",
      module: "github.com/vmware-tanzu/velero-plugin-for-aws",
      // It knows no --version and speaks only to Velero.
      answers: {
        "velero-plugin-for-aws": { args: [], says: "This binary is a plugin", exitCode: 1 },
      },
    },
    {
      // Of the fork that Velero writes its repositories with, so both read the same format.
      file: "kopia",
      package: "github.com/kopia/kopia",
      module: "github.com/kopia/kopia",
      stamps: { "github.com/kopia/kopia/repo.BuildVersion": "{version}" },
      answers: { kopia: { args: ["--version"], says: "{version}" } },
    },
  ],
};
