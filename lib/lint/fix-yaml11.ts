import { parseYamlDocuments, type PlainScalar } from "../config/parse-yaml.ts";
import { isTextPlace, writePlain } from "./rules/yaml11-scalar.ts";
import { readAsGo } from "./yaml11.ts";

/**
 * A text of manifests with its scalars written so that YAML 1.2 reads what the cluster reads today;
 * where the cluster would take nothing but a text, they are put in quotes. Keys stay as they are:
 * what the cluster reads is surely not what is meant. All else stays, byte for byte. Throws what
 * parseYamlDocuments throws.
 */
export async function fixYaml11(text: string): Promise<string> {
  const documents = await parseYamlDocuments(text, "");
  let fixed = "";
  let from = 0;
  for (const scalar of documents.flatMap((document) => document.listPlainScalars())) {
    const written = rewrite(scalar);
    if (written === undefined) continue;
    fixed += text.slice(from, scalar.offset) + written;
    from = scalar.offset + scalar.text.length;
  }
  return fixed + text.slice(from);
}

function rewrite(scalar: PlainScalar): string | undefined {
  const { text, value, isKey } = scalar;
  const read = readAsGo(text, value);
  if (isKey || read === undefined) return undefined;
  return isTextPlace(scalar) ? `"${text}"` : writePlain(text, read);
}
