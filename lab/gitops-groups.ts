import type { ComponentGroup } from "./component-group.ts";

const argocdModule = "github.com/argoproj/argo-cd/v3";

/** All of Argo CD's programs in one; its image has the links. */
export const argocd: ComponentGroup = {
  name: "argocd",
  toolchain: "go1.27.3",
  programs: [
    {
      file: "argocd",
      package: `${argocdModule}/cmd`,
      module: argocdModule,
      // Without Git's commit, which the module does not say, it adds `+unknown`.
      stamps: { [`${argocdModule}/common.version`]: "{number}" },
      answers: { argocd: { args: ["version", "--client"], says: "argocd: {version}" } },
    },
  ],
};

/** What Argo CD renders with, and `npm run validate` where there is no other. */
export const kustomize: ComponentGroup = {
  name: "kustomize",
  programs: [
    {
      file: "kustomize",
      package: "sigs.k8s.io/kustomize/kustomize/v5",
      module: "sigs.k8s.io/kustomize/kustomize/v5",
      answers: { kustomize: { args: ["version"], says: "{version}" } },
    },
  ],
};

/** Our own: what decrypts the secrets that Argo CD applies. */
export const ksops: ComponentGroup = {
  name: "ksops",
  folder: "ksops",
  programs: [
    {
      file: "ksops",
      package: ".",
      module: "github.com/getsops/sops/v3",
      answers: { ksops: { args: ["help"], says: "KSOPS stand-in of the lab", exitCode: 1 } },
    },
  ],
};
