import { kustomizationKinds } from "../../manifests/kustomization.ts";
import { getFields, getText, type Manifest } from "../../manifests/manifest.ts";
import { listAppliedObjects } from "../argo/applied-objects.ts";
import {
  type Application,
  applicationKinds,
  isTemplate,
  listApplications,
} from "../argo/applications.ts";
import {
  findProject,
  inCluster,
  listProjects,
  permitsDestination,
  projectKind,
  readDestination,
} from "../argo/projects.ts";
import { isOff } from "../argo/running-charts.ts";
import { listNamespaces } from "../namespaces.ts";
import type { Repository, RepositoryFault, RepositoryRule } from "../rule.ts";

export const argoDestination: RepositoryRule = {
  id: "argo-destination",
  codes: [
    "ARGO_DESTINATION_DENIED",
    "ARGO_DESTINATION_AMBIGUOUS",
    "ARGO_DESTINATION_MISSING",
    "ARGO_NAMESPACE_UNDECLARED",
  ],
  scope: "repository",
  summary:
    "an Application goes to one cluster, and to namespaces that are there and that its project permits",
  why: "Argo CD refuses a destination that no entry of the project's destinations permits, an empty namespace too, and with both `name` and `server` it cannot tell the cluster. Into a namespace that is not there nothing can be made. https://argo-cd.readthedocs.io/en/stable/user-guide/projects/#managing-projects",
  example: {
    bad: "destination:\n  name: in-cluster\n  server: https://kubernetes.default.svc",
    good: "destination:\n  server: https://kubernetes.default.svc\n  namespace: shop",
  },
  kinds: [...applicationKinds, projectKind, ...kustomizationKinds],
  find(repository) {
    const projects = listProjects(repository);
    const namespaces = listNamespaces(repository);
    return listApplications(repository).flatMap((application): RepositoryFault[] => {
      const cluster = findClusterFault(application);
      if (cluster !== undefined) return [cluster];
      if (isOff(application.manifest, repository)) return [];
      const project = findProject(application, projects);
      return [
        ...(project === undefined ? [] : findDenied(application, project, repository)),
        ...(namespaces === undefined ? [] : findUndeclared(application, namespaces)),
      ];
    });
  },
};

function findClusterFault({ spec, at, manifest }: Application): RepositoryFault | undefined {
  const { name, server } = getFields(spec, "destination");
  const place = { manifest, at: [...at, "destination"] };
  if (isFilled(name) && isFilled(server)) {
    return {
      ...place,
      at: [...place.at, "name"],
      code: "ARGO_DESTINATION_AMBIGUOUS",
      message: "the destination has a name and a server",
      why: "`application destination can't have both name and server defined`",
      fix: "Keep the server",
    };
  }
  if (isFilled(name) || isFilled(server)) return undefined;
  return {
    ...place,
    code: "ARGO_DESTINATION_MISSING",
    message: "the destination has no cluster",
    fix: `Add "server: ${inCluster.server}", the cluster that Argo CD runs in`,
  };
}

function findDenied(
  application: Application,
  project: Manifest,
  repository: Repository,
): RepositoryFault[] {
  const { at, manifest } = application;
  const destination = readDestination(application);
  if (destination === undefined) return [];
  if (!permitsDestination(project, destination)) {
    const key = findDeniedKey(application, project);
    const cluster = destination.server || destination.name;
    return [
      {
        manifest,
        at: [...at, "destination", key ?? ""],
        part: key === undefined ? "key" : "value",
        message: `the project "${project.name}" does not permit ${key === undefined ? "a destination without a namespace" : `the namespace "${destination.namespace}" of ${cluster}`}`,
        why: `no entry of the destinations in ${project.file} fits`,
        fix: key === undefined ? "Add the namespace" : "Correct it, or add it there",
      },
    ];
  }
  return listAppliedObjects(application, repository).flatMap((object) => {
    const { namespace } = object;
    if (namespace === undefined || repository.isNamespaced(object.manifest) !== true) return [];
    if (permitsDestination(project, { ...destination, namespace })) return [];
    const isOwn = object.manifest.namespace === namespace;
    return [
      {
        manifest: object.manifest,
        at: isOwn ? ["metadata", "namespace"] : ["metadata", "name"],
        part: "value" as const,
        message: `the project "${project.name}" does not permit the namespace "${namespace}"`,
        why: `the Application "${manifest.name}" applies it, and no entry of the destinations in ${project.file} fits`,
        fix: "Move the object to another Application, or add the namespace there",
      },
    ];
  });
}

/** What of a destination is not permitted; undefined for a namespace that is not written. */
function findDeniedKey({ spec }: Application, project: Manifest): string | undefined {
  const { namespace, server } = getFields(spec, "destination");
  if (typeof namespace !== "string") return undefined;
  if (!permitsDestination(project, { ...inCluster, namespace })) return "namespace";
  return server === undefined ? "name" : "server";
}

function findUndeclared(
  { spec, at, manifest }: Application,
  namespaces: ReadonlySet<string>,
): RepositoryFault[] {
  const namespace = getText(spec, "destination", "namespace");
  if (namespace === undefined || isTemplate(namespace) || namespaces.has(namespace)) return [];
  // It is there when the Application is.
  if (namespace === manifest.namespace) return [];
  return [
    {
      code: "ARGO_NAMESPACE_UNDECLARED",
      manifest,
      at: [...at, "destination", "namespace"],
      part: "value",
      message: `no object declares the namespace "${namespace}"`,
      fix: "Correct the name, declare the Namespace in kubernetes/bootstrap/namespaces.yaml, or add the sync option CreateNamespace=true",
    },
  ];
}

function isFilled(value: unknown): boolean {
  return typeof value === "string" && value !== "";
}
