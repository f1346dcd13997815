import type { Catalog } from "./catalog.ts";

export async function openCatalog(_minor: string): Promise<Catalog> {
  return { isSurelyValid: () => true, explain: async () => [], countServerRules: () => 0 };
}
