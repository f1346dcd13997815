import type { YamlSource } from "../config/parse-yaml.ts";
import { InfraError } from "../errors.ts";
import { readDocuments } from "./judge-manifests-closely.ts";

/** The documents of a judged file, for the places in it; empty when it cannot be read. */
export type FindDocuments = (file: string) => Promise<readonly YamlSource[]>;

/** Reads each file once, however much is found in it. */
export function createDocumentFinder(texts: ReadonlyMap<string, string>): FindDocuments {
  const found = new Map<string, Promise<readonly YamlSource[]>>();
  return async (file) => {
    const known = found.get(file);
    if (known !== undefined) return await known;
    const documents = readOrNothing(file, texts.get(file) ?? "");
    found.set(file, documents);
    return await documents;
  };
}

async function readOrNothing(file: string, text: string): Promise<readonly YamlSource[]> {
  const documents = await readDocuments(file, text);
  return documents instanceof InfraError ? [] : documents;
}
