import type { Catalog, Kind } from "../schema/catalog.ts";
import { namesBringer } from "./argo/crd-sources.ts";
import type { SourceFile } from "./list-files.ts";

/** A catalog to which kinds without a schema are right where a chart or a release in the files brings them. */
export function withBroughtKinds(catalog: Catalog, sources: readonly SourceFile[]): Catalog {
  const known = new Map<string, boolean>();

  function isBrought({ apiVersion }: Kind): boolean {
    const [group = ""] = apiVersion.split("/");
    const isSo = known.get(group) ?? sources.some(({ text }) => namesBringer(text, group));
    known.set(group, isSo);
    return isSo && !catalog.hasGroup(group);
  }

  return {
    ...catalog,
    isSurelyValid: (object) => catalog.isSurelyValid(object) || isBrought(object),
    explain: async (object, locate) =>
      isBrought(object) ? [] : await catalog.explain(object, locate),
  };
}
