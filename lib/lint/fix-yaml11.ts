import { parseYamlDocuments } from "../config/parse-yaml.ts";
import { listManifests } from "../manifests/manifest.ts";
import type { Catalog } from "../schema/catalog.ts";
import { listYaml11Scalars, writePlain, type Yaml11Scalar } from "./rules/yaml11-scalar.ts";
import { createPlaceReaders, readNoPlace } from "./scalar-place.ts";

/**
 * A text of manifests with its scalars written so that YAML 1.2 reads what the schema of their object
 * wants: in quotes where it takes nothing but a text, and as what the cluster reads today where it
 * takes no text. Keys, and all else, stay byte for byte. Throws what parseYamlDocuments throws.
 */
export async function fixYaml11(text: string, catalog: Catalog): Promise<string> {
  const documents = await parseYamlDocuments(text, "");
  const values = documents.map(({ value }) => value);
  const places = createPlaceReaders(documents, listManifests("", values), catalog);
  let fixed = "";
  let from = 0;
  for (const [index, document] of documents.entries()) {
    const found = await listYaml11Scalars(document, "cluster", places[index] ?? readNoPlace);
    for (const one of found) {
      const { offset, text: written } = one.scalar;
      fixed += text.slice(from, offset) + rewrite(one);
      from = offset + written.length;
    }
  }
  return fixed + text.slice(from);
}

function rewrite({ scalar: { text }, read, place }: Yaml11Scalar): string {
  if (place === undefined) return text;
  return place === "text" ? `"${text}"` : writePlain(text, read);
}
