/** config/schemas/index.json: which schema judges an object, without opening one. */
export interface SchemaIndex {
  /** The minors of Kubernetes that there are schemas of, the oldest first. */
  minors: string[];
  /** Kinds of Kubernetes itself by apiVersion and kind; files lie in `kubernetes/vMINOR/`. */
  kubernetes: Record<string, Record<string, KubernetesEntry>>;
  /** Kinds of CRDs by apiVersion and kind; files lie in `crds/`. */
  crds: Record<string, Record<string, CustomEntry>>;
}

interface Entry {
  /** Relative to the folder of the minor or of the CRDs. */
  file: string;
  namespaced: boolean;
  /** How many rules in CEL belong to the kind; the schema does not hold them. */
  cel: number;
}

export interface KubernetesEntry extends Entry {
  /** The minors that serve the kind. */
  minors: string[];
}

export interface CustomEntry extends Entry {
  /** The name in sources.yaml. */
  source: string;
}

/** Where a kind's schema lies, as kubeconform's `{{.Group}}/{{.ResourceKind}}_{{.ResourceAPIVersion}}.json`. */
export function nameSchemaFile(kind: { group: string; version: string; kind: string }): string {
  // Of `v1`, the apiVersion of the core group, kubeconform takes the whole as the group.
  const folder = kind.group === "" ? kind.version : kind.group;
  return `${folder}/${kind.kind.toLowerCase()}_${kind.version}.json`;
}
