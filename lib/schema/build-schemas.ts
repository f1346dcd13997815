import { convertCrd, type CustomResourceDefinition } from "./convert-crd.ts";
import {
  convertOpenApi,
  type OpenApi,
  renderApiVersion,
  type ServedKind,
} from "./convert-openapi.ts";
import { inlineReferences } from "./inline-references.ts";
import type { Schema } from "./json-schema.ts";
import { renderLines, renderSchema } from "./render-schema.ts";
import { nameSchemaFile, type SchemaIndex } from "./schema-index.ts";
import { shareSubtrees } from "./share-subtrees.ts";

/** What the sources hold, parsed. */
export interface SourceDocuments {
  /** By minor, the oldest first. */
  kubernetes: Record<string, OpenApi>;
  /** By the name of the source. */
  crds: Record<string, CustomResourceDefinition[]>;
}

const objectMeta = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";

/**
 * All generated files by their path in config/schemas. A kind of Kubernetes refers to the one file
 * with the definitions of its minor; the file of a custom resource needs no other. `metadata` of
 * custom resources is that of the minor `pinned`. Throws a plain Error when two sources have the
 * same kind.
 */
export function buildSchemas(
  { kubernetes, crds }: SourceDocuments,
  pinned: string,
): Record<string, string> {
  const files: Record<string, string> = {};
  const index: SchemaIndex = { minors: Object.keys(kubernetes), kubernetes: {}, crds: {} };
  let metadata: Schema = {};
  for (const [minor, document] of Object.entries(kubernetes)) {
    const { kinds, definitions } = convertOpenApi(document);
    files[`kubernetes/v${minor}/_definitions.json`] = renderSchema({ $defs: definitions });
    for (const kind of kinds) {
      files[`kubernetes/v${minor}/${nameSchemaFile(kind)}`] = renderSchema(referTo(kind));
      addKubernetesEntry(index, minor, kind);
    }
    if (minor === pinned)
      metadata = inlineReferences({ $ref: `#/$defs/${objectMeta}` }, definitions);
  }
  for (const [source, documents] of Object.entries(crds)) {
    for (const { schema, ...kind } of documents.flatMap((crd) => convertCrd(crd, metadata))) {
      const file = nameSchemaFile(kind);
      if (files[`crds/${file}`] !== undefined) throw new Error(`two sources have ${file}`);
      files[`crds/${file}`] = renderSchema(shareSubtrees(schema));
      const { namespaced, cel } = kind;
      const entries = (index.crds[renderApiVersion(kind)] ??= {});
      entries[kind.kind] = { file, namespaced, cel, source };
    }
  }
  files["index.json"] = renderIndex(index);
  return files;
}

/** The definition says what the keys are; in a manifest these two have to be there. */
function referTo({ definition }: ServedKind): Schema {
  return {
    allOf: [{ $ref: `../_definitions.json#/$defs/${definition}` }],
    required: ["apiVersion", "kind"],
  };
}

/** What the minors say of a kind is the same; should it change, the newest is right. */
function addKubernetesEntry(index: SchemaIndex, minor: string, kind: ServedKind): void {
  const entries = (index.kubernetes[renderApiVersion(kind)] ??= {});
  const { namespaced, cel } = kind;
  const minors = [...(entries[kind.kind]?.minors ?? []), minor];
  entries[kind.kind] = { file: nameSchemaFile(kind), namespaced, cel, minors };
}

/** A line for each apiVersion. */
function renderIndex({ minors, kubernetes, crds }: SchemaIndex): string {
  const lines = [
    `"minors":${JSON.stringify(minors)}`,
    `"kubernetes":{\n${renderLines(kubernetes).join(",\n")}\n}`,
    `"crds":{\n${renderLines(crds).join(",\n")}\n}`,
  ];
  return `{\n${lines.join(",\n")}\n}\n`;
}
