import { kustomizationKinds } from "../../manifests/kustomization.ts";
import { applicationKinds } from "../argo/applications.ts";
import { findInstallers } from "../argo/running-charts.ts";
import type { RepositoryFault, RepositoryRule } from "../rule.ts";

const controllers = [
  { chart: "traefik", place: /(?:^|\/)traefik(?:\/|$)/ },
  { chart: "ingress-nginx", place: /(?:^|\/)ingress-nginx(?:\/|$)/ },
];

export const ingressSingle: RepositoryRule = {
  id: "ingress-single",
  codes: ["INGRESS_SECOND"],
  scope: "repository",
  summary: "one ingress controller is on",
  why: "Two of them want ports 80 and 443 of the same hosts, where k3s's ServiceLB gives each port to one Service: the other stays Pending. An Ingress without a class is taken by both, and external-dns writes the addresses of both. ingress-nginx is retired since March 2026 (https://kubernetes.io/blog/2025/11/11/ingress-nginx-retirement/).",
  example: {
    bad: "# applied together: the Applications traefik and ingress-nginx",
    good: "# applied: traefik; nothing applies the file of ingress-nginx",
  },
  kinds: [...applicationKinds, ...kustomizationKinds],
  find(repository) {
    const [traefik, nginx] = controllers.map((one) => findInstallers(one, repository));
    const [first] = traefik ?? [];
    if (first === undefined) return [];
    return (nginx ?? []).map(({ application }): RepositoryFault => ({
      manifest: application.manifest,
      at: ["metadata", "name"],
      part: "value",
      message: `the Application "${application.manifest.name}" is a second ingress controller`,
      why: `"${first.application.manifest.name}" in ${first.application.manifest.file} is on, too`,
      fix: "Take one of the two out of what is applied",
    }));
  },
};
