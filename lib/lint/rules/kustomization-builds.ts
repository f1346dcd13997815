import type { FileRule } from "../rule.ts";

export const kustomizationBuilds: FileRule = {
  id: "kustomization-builds",
  codes: ["KUSTOMIZATION_FAILED"],
  scope: "file",
  summary: "kustomize can build a kustomization",
  why: "Argo CD builds it with the same program, and shows the Application as Unknown when that fails. Kustomizations are built by the `kustomize` or `kubectl` on the PATH; where there is none, their raw files are judged and the last line counts them.",
  example: {
    bad: "patches:\n  - target: { kind: Deployment, name: not-there }\n    path: patch.yaml",
    good: "patches:\n  - target: { kind: Deployment, name: web }\n    path: patch.yaml",
  },
};
