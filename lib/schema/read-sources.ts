import { exitCodes, InfraError } from "../errors.ts";
import type { SourceDocuments } from "./build-schemas.ts";
import type { CustomResourceDefinition } from "./convert-crd.ts";
import type { OpenApi } from "./convert-openapi.ts";
import { sourcesFile, type SchemaSource, type SchemaSources } from "./sources.ts";
import { showPath } from "../config/paths.ts";

/** Where Go modules come from. */
export interface ModuleStore {
  download(module: string, version: string): Promise<{ zip: string; sum: string }>;
  /** The texts of the files that match, in the order of their names. */
  readFiles(zip: string, patterns: string[]): Promise<string[]>;
}

/** Called before each source is read. */
type OnSource = (name: string, source: SchemaSource) => void;

/**
 * Reads the documents of all sources. Throws SCHEMAS_SUM_WRONG when a module is not the one that
 * sources.yaml has the sum of, and what the store throws.
 */
export async function readSources(
  sources: SchemaSources,
  store: ModuleStore,
  onSource: OnSource = () => undefined,
): Promise<SourceDocuments> {
  const { parseAllDocuments } = await import("yaml");
  const documents: SourceDocuments = { kubernetes: {}, crds: {} };
  for (const [minor, source] of Object.entries(sources.kubernetes)) {
    onSource(`Kubernetes ${minor}`, source);
    const [text = "{}"] = await readTexts(minor, source, store);
    documents.kubernetes[minor] = JSON.parse(text) as OpenApi;
  }
  for (const [name, source] of Object.entries(sources.crds)) {
    onSource(name, source);
    const texts = await readTexts(name, source, store);
    documents.crds[name] = texts
      .flatMap((text) => parseAllDocuments(text).map((one) => one.toJS() as unknown))
      .filter(isCrd);
  }
  return documents;
}

async function readTexts(
  name: string,
  source: SchemaSource,
  store: ModuleStore,
): Promise<string[]> {
  const zip = await downloadSource(name, source, store);
  const root = `${source.module}@${source.version}`;
  return await store.readFiles(
    zip,
    source.files.map((pattern) => `${root}/${pattern}`),
  );
}

/** The archive of a source's module. Throws SCHEMAS_SUM_WRONG, and what the store throws. */
export async function downloadSource(
  name: string,
  { module, version, sum }: SchemaSource,
  store: Pick<ModuleStore, "download">,
): Promise<string> {
  const found = await store.download(module, version);
  if (found.sum !== sum) {
    throw new InfraError({
      code: "SCHEMAS_SUM_WRONG",
      message: `${module}@${version} is not what "${name}" in ${showPath(sourcesFile)} stands for`,
      where: { file: showPath(sourcesFile) },
      why: `its sum is ${found.sum}, and ${sum} is written there`,
      fix: `If you have just changed the version, write the new sum: ${found.sum}`,
      exitCode: exitCodes.badInput,
    });
  }
  return found.zip;
}

function isCrd(document: unknown): document is CustomResourceDefinition {
  return (document as { kind?: string } | null)?.kind === "CustomResourceDefinition";
}
