import type { JSONSchema } from "json-schema-to-ts";
import type { Kind } from "./catalog.ts";

const text = { type: "string" } as const;
const flag = { type: "boolean" } as const;
const texts = { type: "array", items: text } as const;
const textMap = { type: "object", additionalProperties: text } as const;
const anyMap = { type: "object" } as const;

/** A closed map of optional fields. */
function fieldsOf<P extends Record<string, JSONSchema>>(properties: P, ...required: string[]) {
  return { type: "object", additionalProperties: false, properties, required } as const;
}

const kindFields = { group: text, version: text, kind: text } as const;
const objectFields = { ...kindFields, apiVersion: text, name: text, namespace: text } as const;
const selector = fieldsOf({ ...objectFields, annotationSelector: text, labelSelector: text });
const metadata = fieldsOf({ name: text, namespace: text, labels: textMap, annotations: textMap });

const generatorOptions = {
  labels: textMap,
  annotations: textMap,
  disableNameSuffixHash: flag,
  immutable: flag,
} as const;

const generator = {
  name: { ...text, description: "the name of the object that is made" },
  namespace: text,
  behavior: { enum: ["create", "replace", "merge"], description: "create, replace or merge" },
  literals: texts,
  files: texts,
  envs: texts,
  env: text,
  options: fieldsOf(generatorOptions),
} as const;

const patch = fieldsOf({
  path: text,
  patch: text,
  target: selector,
  options: fieldsOf({ allowNameChange: flag, allowKindChange: flag }),
});

const image = fieldsOf({ name: text, newName: text, newTag: text, tagSuffix: text, digest: text });

const label = fieldsOf({
  pairs: textMap,
  includeSelectors: flag,
  includeTemplates: flag,
  fields: { type: "array", items: fieldsOf({ ...kindFields, path: text, create: flag }) },
});

const replacementOptions = fieldsOf({
  delimiter: text,
  index: { type: "integer" },
  encoding: text,
  create: flag,
});

const replacement = fieldsOf({
  path: text,
  sourceValue: text,
  source: fieldsOf({ ...objectFields, fieldPath: text, options: replacementOptions }),
  targets: {
    type: "array",
    items: fieldsOf(
      {
        select: selector,
        reject: { type: "array", items: selector },
        fieldPaths: texts,
        options: replacementOptions,
      },
      "select",
    ),
  },
});

const helmChart = fieldsOf({
  name: text,
  version: text,
  repo: text,
  releaseName: text,
  namespace: text,
  valuesFile: text,
  additionalValuesFiles: texts,
  valuesInline: anyMap,
  valuesMerge: {
    enum: ["merge", "override", "replace"],
    description: "merge, override or replace",
  },
  includeCRDs: flag,
  skipHooks: flag,
  skipTests: flag,
  apiVersions: texts,
  kubeVersion: text,
  nameTemplate: text,
  debug: flag,
  devel: flag,
});

const variable = fieldsOf(
  { name: text, objref: fieldsOf(objectFields), fieldref: fieldsOf({ fieldPath: text }) },
  "name",
  "objref",
);

const replica = fieldsOf(
  { name: text, count: { type: "integer", minimum: 0, description: "a number" } },
  "name",
  "count",
);

const sortOptions = fieldsOf({
  order: { enum: ["legacy", "fifo"], description: "legacy or fifo" },
  legacySortOptions: fieldsOf({ orderFirst: texts, orderLast: texts }),
});

/**
 * The fields of a kustomization, as kustomize v5 reads them strictly
 * (https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/).
 */
const fields = {
  apiVersion: text,
  kind: text,
  metadata,
  resources: texts,
  components: texts,
  bases: texts,
  crds: texts,
  namespace: text,
  namePrefix: text,
  nameSuffix: text,
  labels: { type: "array", items: label },
  commonLabels: textMap,
  commonAnnotations: textMap,
  patches: { type: "array", items: patch },
  patchesStrategicMerge: texts,
  patchesJson6902: { type: "array", items: patch },
  images: { type: "array", items: image },
  imageTags: { type: "array", items: image },
  replicas: { type: "array", items: replica },
  replacements: { type: "array", items: replacement },
  vars: { type: "array", items: variable },
  sortOptions,
  configMapGenerator: { type: "array", items: fieldsOf(generator) },
  secretGenerator: { type: "array", items: fieldsOf({ ...generator, type: text }) },
  generatorOptions: fieldsOf(generatorOptions),
  helmGlobals: fieldsOf({ chartHome: text, configHome: text }),
  helmCharts: { type: "array", items: helmChart },
  helmChartInflationGenerator: { type: "array", items: anyMap },
  openapi: textMap,
  configurations: texts,
  generators: texts,
  transformers: texts,
  validators: texts,
  buildMetadata: texts,
} as const satisfies Record<string, JSONSchema>;

export const kustomizationSchema = { $id: "kustomization", ...fieldsOf(fields) };

/** The generator that turns files of sops into Secrets (https://github.com/viaduct-ai/kustomize-sops). */
export const ksopsSchema = {
  $id: "ksops",
  ...fieldsOf({
    apiVersion: text,
    kind: text,
    metadata,
    files: texts,
    secretFrom: {
      type: "array",
      items: fieldsOf({ metadata, type: text, files: texts, binaryFiles: texts, envs: texts }),
    },
  }),
};

/** What a tool reads in place of the cluster, by apiVersion and kind. */
export const toolSchemas: Readonly<Record<string, JSONSchema>> = {
  "kustomize.config.k8s.io/v1beta1 Kustomization": kustomizationSchema,
  "kustomize.config.k8s.io/v1alpha1 Component": kustomizationSchema,
  "viaduct.ai/v1 ksops": ksopsSchema,
};

/** Whether a kind is one of toolSchemas. */
export function isToolKind({ apiVersion, kind }: Kind): boolean {
  return Object.hasOwn(toolSchemas, `${apiVersion} ${kind}`);
}
