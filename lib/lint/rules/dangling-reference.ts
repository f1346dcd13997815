import { claimKind, findUsers, indexClaimUsers, listClaims } from "../../manifests/claims.ts";
import {
  describeKind,
  getAt,
  getFields,
  getList,
  getText,
  listOfKind,
} from "../../manifests/manifest.ts";
import { kustomizationKinds } from "../../manifests/kustomization.ts";
import { isPortName } from "../../manifests/names.ts";
import { findPodTemplate, podKinds, type PodTemplate } from "../../manifests/pods.ts";
import { chartKinds } from "../chart-claims.ts";
import { isFilledIn } from "../filled-in.ts";
import { findNamespacesOf, isOfCluster } from "../namespaces.ts";
import type { Repository, RepositoryFault, RepositoryRule } from "../rule.ts";
import { listUnseenNamespaces } from "../unseen-namespaces.ts";

export const danglingReference: RepositoryRule = {
  id: "dangling-reference",
  codes: ["SERVICE_PORT_UNKNOWN", "CLAIM_UNDECLARED"],
  scope: "repository",
  summary:
    "a port that a Service names is one of its pods', and a claim that a pod names is declared",
  why: 'The API server takes both. A Service whose targetPort no container has leads nowhere: its EndpointSlice has no port, and every connection is refused. A pod whose claim is not there stays Pending: `persistentvolumeclaim "data" not found`. Where a chart or an operator may bring what is named, nothing is told.',
  example: {
    bad: "# the port of the container is called web\nkind: Service\nspec:\n  ports:\n    - port: 80\n      targetPort: http",
    good: "kind: Service\nspec:\n  ports:\n    - port: 80\n      targetPort: web",
  },
  kinds: ["Service", claimKind, "Namespace", ...podKinds, ...chartKinds, ...kustomizationKinds],
  find(repository) {
    const findUnseen = rememberUnseen(repository);
    return [...findServices(repository, findUnseen), ...findClaims(repository, findUnseen)];
  },
};

/** Whether a namespace may have what nobody sees; asked only where something seems to be missing. */
type AskUnseen = (namespace: string) => boolean;

function rememberUnseen(repository: Repository): AskUnseen {
  let unseen: ReturnType<typeof listUnseenNamespaces> | undefined;
  return (namespace) => {
    unseen ??= listUnseenNamespaces(repository);
    return unseen === "all" || unseen.has(namespace);
  };
}

/** The kinds whose pods stay, so that a Service may lead to them. */
const stayingKinds = new Set(podKinds.filter((kind) => !/Job$|^PodTemplate$/.test(kind)));

/** Kubernetes' own search (k8s.io/endpointslice: FindPort): by name and protocol, among containers that stay. */
function findServices(repository: Repository, isUnseen: AskUnseen): RepositoryFault[] {
  const faults: RepositoryFault[] = [];
  let pods: ReturnType<typeof indexPods> | undefined;
  for (const manifest of repository.manifests) {
    if (manifest.kind !== "Service" || manifest.apiVersion !== "v1") continue;
    const spec = getFields(manifest.value, "spec");
    const selector = Object.entries(getFields(spec, "selector"));
    const [first] = selector;
    if (first === undefined) continue;
    for (const [index, port] of getList(spec, "ports").entries()) {
      const name = getText(port, "targetPort");
      if (name === undefined || !isPortName(name) || isFilledIn(name)) continue;
      pods ??= indexPods(repository);
      for (const namespace of findNamespacesOf(manifest, repository)) {
        const alike = pods.get(toKey(namespace, ...first)) ?? [];
        const selected = alike.filter(({ labels }) =>
          selector.every(([key, value]) => labels[key] === value),
        );
        const protocol = getText(port, "protocol") ?? "TCP";
        if (selected.length === 0 || selected.some((pod) => hasPort(pod, name, protocol))) continue;
        if (isUnseen(namespace)) continue;
        faults.push({
          code: "SERVICE_PORT_UNKNOWN",
          manifest,
          at: ["spec", "ports", String(index), "targetPort"],
          part: "value",
          message: `no container that Service "${manifest.name}" selects has a port "${name}" for ${protocol}`,
          why: describePorts(selected),
          fix: "Write the name or the number of a port of its pods",
        });
        break;
      }
    }
  }
  return faults;
}

/** Pods by namespace and each of their labels. */
function indexPods(repository: Repository): Map<string, PodTemplate[]> {
  const index = new Map<string, PodTemplate[]>();
  for (const manifest of repository.manifests) {
    if (!stayingKinds.has(describeKind(manifest))) continue;
    const pod = findPodTemplate(manifest);
    if (pod === undefined) continue;
    for (const namespace of findNamespacesOf(manifest, repository)) {
      for (const key in pod.labels) {
        const place = toKey(namespace, key, pod.labels[key]);
        const those = index.get(place);
        if (those === undefined) index.set(place, [pod]);
        else those.push(pod);
      }
    }
  }
  return index;
}

function toKey(namespace: string, key: string, value: unknown): string {
  return `${namespace} ${key} ${String(value)}`;
}

function hasPort(pod: PodTemplate, name: string, protocol: string): boolean {
  return listPorts(pod).some((port) => {
    const own = getText(port, "name") ?? "";
    return isFilledIn(own) || (own === name && (getText(port, "protocol") ?? "TCP") === protocol);
  });
}

function listPorts({ spec }: PodTemplate): readonly unknown[] {
  const sidecars = getList(spec, "initContainers").filter(
    (one) => getText(one, "restartPolicy") === "Always",
  );
  return [...getList(spec, "containers"), ...sidecars].flatMap((one) => getList(one, "ports"));
}

function describePorts(pods: readonly PodTemplate[]): string {
  const names = pods.flatMap(listPorts).map((port) => {
    return getText(port, "name") ?? String(getAt(port, "containerPort"));
  });
  return names.length === 0 ? "they have no ports" : `they have ${[...new Set(names)].join(", ")}`;
}

/** Claims that pods name, in namespaces that this repository declares. */
function findClaims(repository: Repository, isUnseen: AskUnseen): RepositoryFault[] {
  const faults: RepositoryFault[] = [];
  const { manifests } = repository;
  // A claim that no pod mounts is the other end of a misspelt name: rule pvc-without-backup tells it.
  const users = indexClaimUsers(manifests);
  if (
    listClaims(manifests).some(
      (claim) =>
        findUsers(claim, users).length === 0 ||
        findNamespacesOf(claim.manifest, repository).size === 0,
    )
  ) {
    return faults;
  }
  let declared: ReadonlySet<string> | undefined;
  let known: ReadonlySet<string> | undefined;
  for (const manifest of manifests) {
    const pod = manifest.kind === "PodTemplate" ? undefined : findPodTemplate(manifest);
    if (pod === undefined || !isOfCluster(manifest.file)) continue;
    for (const [index, volume] of getList(pod.spec, "volumes").entries()) {
      const name = getText(volume, "persistentVolumeClaim", "claimName");
      if (name === undefined || isFilledIn(name)) continue;
      declared ??= new Set(listOfKind(manifests, "Namespace").map((one) => one.name));
      known ??= listKnownClaims(repository);
      for (const namespace of findNamespacesOf(manifest, repository)) {
        if (!declared.has(namespace) || known.has(`${namespace}/${name}`)) continue;
        // Of a StatefulSet with more replicas than it says: its ordinal does not count.
        if (known.has(`${namespace}/${name.replace(/\d+$/, "")}`) || isUnseen(namespace)) continue;
        faults.push({
          code: "CLAIM_UNDECLARED",
          manifest,
          at: [...pod.at, "volumes", String(index), "persistentVolumeClaim", "claimName"],
          part: "value",
          message: `no object declares the claim "${name}" in ${namespace}`,
          why: "the pod would stay Pending",
          fix: "Correct the name, or declare the PersistentVolumeClaim",
        });
        break;
      }
    }
  }
  return faults;
}

/** Claims as NAMESPACE/NAME; those of a StatefulSet also without their ordinals. */
function listKnownClaims(repository: Repository): ReadonlySet<string> {
  const known = new Set<string>();
  for (const { manifest, at, names } of listClaims(repository.manifests)) {
    for (const namespace of findNamespacesOf(manifest, repository)) {
      for (const name of names) {
        known.add(`${namespace}/${name}`);
        if (at.length > 0) known.add(`${namespace}/${name.replace(/\d+$/, "")}`);
      }
    }
  }
  return known;
}
