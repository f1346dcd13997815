import { InfraError } from "../errors.ts";
import { listManifests } from "../manifests/manifest.ts";
import type { Catalog } from "../schema/catalog.ts";
import type { CustomResourceDefinition } from "../schema/convert-crd.ts";
import { readDocuments } from "./judge-manifests-closely.ts";
import type { SourceFile } from "./list-files.ts";

/** Takes in the kinds that CustomResourceDefinitions in these files bring. */
export async function learnDefinitions(
  sources: readonly SourceFile[],
  catalog: Catalog,
): Promise<void> {
  for (const { file, text } of sources) {
    const documents = await readDocuments(file, text);
    if (documents instanceof InfraError) continue;
    const values = documents.map(({ value }) => value);
    for (const { apiVersion, kind, value } of listManifests(file, values)) {
      if (kind !== "CustomResourceDefinition") continue;
      // What it has to look like is judged with the other objects.
      if (!catalog.isSurelyValid({ apiVersion, kind, value })) continue;
      await catalog.learn(value as unknown as CustomResourceDefinition);
    }
  }
}
