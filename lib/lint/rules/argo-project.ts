import { describeKind, getList, getText, type Manifest } from "../../manifests/manifest.ts";
import { listAppliedObjects } from "../argo/applied-objects.ts";
import {
  type Application,
  applicationKinds,
  createsNamespace,
  isTemplate,
  listApplications,
} from "../argo/applications.ts";
import {
  findProject,
  listProjects,
  permitsKind,
  permitsSource,
  projectKind,
} from "../argo/projects.ts";
import { isOff } from "../argo/running-charts.ts";
import type { Repository, RepositoryFault, RepositoryRule } from "../rule.ts";

export const argoProject: RepositoryRule = {
  id: "argo-project",
  codes: ["ARGO_PROJECT_MISSING", "ARGO_PROJECT_DEFAULT", "ARGO_SOURCE_DENIED", "ARGO_KIND_DENIED"],
  scope: "repository",
  summary:
    "an Application belongs to a project of this repository, which permits its sources and kinds",
  why: "A project says what an Application may read and make; `default` permits everything, so that one wrong commit reaches the whole cluster. Argo CD refuses an Application that its project does not permit: `application repo … is not permitted in project`, and `resource :Namespace is not permitted in project` when it is synced. https://argo-cd.readthedocs.io/en/stable/user-guide/projects/",
  example: { bad: "project: default", good: "project: infrastructure" },
  kinds: [...applicationKinds, projectKind],
  find(repository) {
    const projects = listProjects(repository);
    return listApplications(repository).flatMap((application): RepositoryFault[] => {
      const project = findProject(application, projects);
      if (project === undefined) return findProjectFaults(application, projects);
      if (isOff(application.manifest, repository)) return [];
      return [
        ...findSourceFaults(application, project),
        ...findKindFaults(application, project, repository),
        ...findNamespaceFaults(application, project),
      ];
    });
  },
};

function findProjectFaults(
  { spec, at, manifest }: Application,
  projects: ReadonlyMap<string, Manifest>,
): RepositoryFault[] {
  const name = getText(spec, "project");
  if (name === undefined || isTemplate(name)) return [];
  const place = { manifest, at: [...at, "project"], part: "value" as const };
  if (name === "default") {
    return [
      {
        ...place,
        code: "ARGO_PROJECT_DEFAULT",
        message: "the project `default` permits every source, destination and kind",
        fix: "Name a project that permits what this Application needs, and no more",
      },
    ];
  }
  // Where there is no project at all, they are declared elsewhere.
  if (projects.size === 0) return [];
  return [
    {
      ...place,
      code: "ARGO_PROJECT_MISSING",
      message: `no AppProject is called "${name}"`,
      why: `there are: ${[...projects.keys()].join(", ")}`,
      fix: "Correct the name, or declare the AppProject",
    },
  ];
}

function findSourceFaults(
  { sources, manifest }: Application,
  project: Manifest,
): RepositoryFault[] {
  return sources.flatMap(({ at, fields }) => {
    const url = getText(fields, "repoURL");
    if (url === undefined || isTemplate(url) || permitsSource(project, url)) return [];
    return [
      {
        code: "ARGO_SOURCE_DENIED",
        manifest,
        at: [...at, "repoURL"],
        part: "value" as const,
        message: `the project "${project.name}" does not permit ${url}`,
        why: `it is not among the sourceRepos in ${project.file}`,
        fix: "Correct the URL, or add it there",
      },
    ];
  });
}

/** Objects of kinds that the project does not permit, each once where it stands. */
function findKindFaults(
  application: Application,
  project: Manifest,
  repository: Repository,
): RepositoryFault[] {
  return listAppliedObjects(application, repository).flatMap(({ manifest, name }) => {
    const isNamespaced = repository.isNamespaced(manifest);
    const { kind } = manifest;
    const group = describeKind(manifest).replace(/\/?[^/]*$/, "");
    if (isNamespaced === undefined) return [];
    if (permitsKind(project, { group, kind, name }, isNamespaced)) return [];
    const list = isNamespaced ? "namespaceResourceWhitelist" : "clusterResourceWhitelist";
    return [
      {
        code: "ARGO_KIND_DENIED",
        manifest,
        at: ["kind"],
        part: "value" as const,
        message: `the project "${project.name}" does not permit ${kind} "${name}"`,
        why: `the Application "${application.manifest.name}" applies it`,
        fix: `Permit the kind in ${list} of ${project.file}, or move the object to an Application of another project`,
      },
    ];
  });
}

/** To make the namespace of its destination, an Application needs to be permitted that kind too. */
function findNamespaceFaults(application: Application, project: Manifest): RepositoryFault[] {
  const { spec, at, manifest } = application;
  const name = getText(spec, "destination", "namespace") ?? "";
  if (!createsNamespace(application)) return [];
  if (permitsKind(project, { group: "", kind: "Namespace", name }, false)) return [];
  const index = getList(spec, "syncPolicy", "syncOptions").indexOf("CreateNamespace=true");
  return [
    {
      code: "ARGO_KIND_DENIED",
      manifest,
      at: [...at, "syncPolicy", "syncOptions", String(index)],
      part: "value",
      message: `the project "${project.name}" does not permit Namespaces`,
      why: "Argo CD makes the namespace with the rights of the Application",
      fix: `Permit Namespace in clusterResourceWhitelist of ${project.file}, or declare the Namespace elsewhere`,
    },
  ];
}
