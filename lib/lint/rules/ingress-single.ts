import { kustomizationKinds } from "../../manifests/kustomization.ts";
import { getTexts } from "../../manifests/manifest.ts";
import { applicationKinds } from "../argo/applications.ts";
import { findInstallers, type Installer } from "../argo/running-charts.ts";
import type { Repository, RepositoryFault, RepositoryRule } from "../rule.ts";

const controllers = [
  { chart: "traefik", place: /(?:^|\/)traefik(?:\/|$)/ },
  { chart: "ingress-nginx", place: /(?:^|\/)ingress-nginx(?:\/|$)/ },
];

export const ingressSingle: RepositoryRule = {
  id: "ingress-single",
  codes: ["INGRESS_SECOND", "INGRESS_PACKAGED"],
  scope: "repository",
  summary: "one ingress controller is on",
  why: "Two of them want ports 80 and 443 of the same hosts, where k3s's ServiceLB gives each port to one Service: the other stays Pending. k3s itself brings Traefik along unless k3s_disable of the inventory names it. An Ingress without a class is taken by both, and external-dns writes the addresses of both. ingress-nginx is retired since March 2026 (https://kubernetes.io/blog/2025/11/11/ingress-nginx-retirement/).",
  example: {
    bad: "# applied together: the Applications traefik and ingress-nginx",
    good: "# applied: traefik; nothing applies the file of ingress-nginx",
  },
  kinds: [...applicationKinds, ...kustomizationKinds],
  find(repository) {
    const [traefik, nginx] = controllers.map((one) => findInstallers(one, repository));
    const [first] = traefik ?? [];
    if (bringsTraefik(repository)) {
      const others = setsUpTraefik(repository) ? [] : (traefik ?? []);
      return [...others, ...(nginx ?? [])].map(tellPackaged);
    }
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

const groupVariables = "ansible/inventory/group_vars/";

/** Whether the playbooks of this repository let k3s install its own Traefik. */
function bringsTraefik({ files, read }: Repository): boolean {
  const variables = [...files].filter((file) => file.startsWith(groupVariables));
  return (
    variables.length > 0 &&
    !variables.some((file) => {
      const documents = read(file);
      // What cannot be read is told by rule variables.
      if (documents === undefined) return true;
      const [first] = Array.isArray(documents) ? documents : [];
      return getTexts(first, "k3s_disable").includes("traefik");
    })
  );
}

/** Whether an Application for Traefik is one with the settings of the Traefik of k3s. */
function setsUpTraefik({ written }: Repository): boolean {
  return written.some(({ kind, name }) => kind === "HelmChartConfig" && name === "traefik");
}

function tellPackaged({ application: { manifest } }: Installer): RepositoryFault {
  return {
    code: "INGRESS_PACKAGED",
    manifest,
    at: ["metadata", "name"],
    part: "value",
    message: `the Application "${manifest.name}" is an ingress controller beside the one of k3s`,
    why: `k3s installs its own Traefik: no file in ${groupVariables} disables it`,
    fix: `Write k3s_disable: [traefik] in ${groupVariables}k3s_cluster/main.yml, or take the Application out of what is applied`,
  };
}
