import type { FileRule } from "../rule.ts";

export const duplicateKey: FileRule = {
  id: "duplicate-key",
  codes: ["CONFIG_KEY_DUPLICATE"],
  scope: "file",
  summary: "a key stands in its map once",
  why: "The reader of Kubernetes and Argo CD (sigs.k8s.io/yaml 1.6.0) takes the last value and says nothing, so that the first one is lost; kustomize refuses the file. YAML 1.2 forbids it (https://yaml.org/spec/1.2.2/#nodes).",
  example: {
    bad: "resources:\n  limits: { memory: 1Gi }\n  limits: { cpu: 1 }",
    good: "resources:\n  limits: { memory: 1Gi, cpu: 1 }",
  },
};
