import { isDeepStrictEqual } from "node:util";
import type { YamlSource } from "../config/parse-yaml.ts";
import type { PlainScalar } from "../config/plain-scalars.ts";
import { type Fields, getAt, type Manifest } from "../manifests/manifest.ts";
import type { ManifestJudge } from "./judge-manifests.ts";
import type { Yaml11Value } from "./yaml11.ts";

/** What has to stand at a place: a text, or a boolean or number; undefined when that is not sure. */
export type ScalarPlace = "text" | "plain" | undefined;

/** The place of a value that readers of YAML 1.1 read as `read`. */
export type ReadPlace = (scalar: PlainScalar, read: Yaml11Value) => Promise<ScalarPlace>;

/** Of scalars in no object, such as those of Helm's values. */
export const readNoPlace: ReadPlace = async () => undefined;

/** Asks the schemas of the objects of a document: what they refuse and what they take. */
export function createReadPlace(
  manifests: readonly Manifest[],
  judge: Pick<ManifestJudge, "explain">,
): ReadPlace {
  return async (scalar, read) => {
    const path = scalar.isKey ? [] : scalar.readPath();
    const manifest = manifests.find(({ at }) => at.every((step, index) => step === path[index]));
    if (manifest === undefined || path.length === 0) return undefined;
    const at = path.slice(manifest.at.length);
    // Labels and annotations are texts in every kind, known or not.
    if (at[0] === "metadata" && /^(?:labels|annotations)$/.test(at[1] ?? "")) return "text";
    if (getAt(manifest.value, ...at) !== scalar.value) return undefined;
    const takes = async (value: unknown) => {
      const changed = { ...manifest, value: narrow(manifest.value, at, value) as Fields };
      // Of errors at one place the first is told: all others stand on a line of their own.
      const errors = await judge.explain(changed, (where) => ({
        file: manifest.file,
        line: isDeepStrictEqual(where, at) ? 1 : 2,
      }));
      return !errors.some(({ where }) => where?.line === 1);
    };
    const takesText = await takes(scalar.text);
    if (takesText === (await takes(read))) return undefined;
    return takesText ? "text" : "plain";
  };
}

/** For each document of a file, in their order. */
export function createPlaceReaders(
  documents: readonly YamlSource[],
  manifests: readonly Manifest[],
  judge: Pick<ManifestJudge, "explain">,
): ReadPlace[] {
  return documents.map((_, index) =>
    createReadPlace(
      manifests.filter(({ document }) => document === index),
      judge,
    ),
  );
}

/** A value with nothing but `leaf` in its maps: an object of thousands of keys is asked about each. */
function narrow(value: unknown, [step, ...rest]: readonly string[], leaf: unknown): unknown {
  if (step === undefined) return leaf;
  if (Array.isArray(value))
    return value.with(Number(step), narrow(value[Number(step)], rest, leaf));
  return { [step]: narrow(getAt(value, step), rest, leaf) };
}
