import type { YamlSource } from "../../config/parse-yaml.ts";
import type { PlainScalar } from "../../config/plain-scalars.ts";
import type { FileRule, TextFault } from "../rule.ts";
import type { ReadPlace, ScalarPlace } from "../scalar-place.ts";
import { readAsGo, readAsPython, type Yaml11Reader, type Yaml11Value } from "../yaml11.ts";

export const yaml11Scalar: FileRule = {
  id: "yaml11-scalar",
  codes: ["YAML11_SCALAR"],
  scope: "file",
  summary: "a text without quotes means the same in YAML 1.1 and YAML 1.2",
  why: "Kubernetes, Argo CD and Helm read YAML 1.1 (sigs.k8s.io/yaml): `yes`, `no`, `on`, `off`, `y` and `n` are booleans there, as values and as keys, `0644` is octal and `1_000` a number. Ansible (PyYAML) has its own list, with `12:30:00` as a number of seconds in it. Editors and newer tools read YAML 1.2, where these are texts, or other numbers. kustomize (5.8.1, seen) takes `yes` and `y` for texts and `0644` for 420, so that one file means one thing to `kubectl apply` and another in a kustomization. What a review shows is not what runs. File modes are taken out (`defaultMode` and `mode` of volumes): `0644` is octal to all that read manifests. Our own files under config/ are read by both. `0o644` is read as 420 by Kubernetes and by YAML 1.2, and as a text by Ansible.",
  example: {
    bad: "defaultVolumesToFsBackup: yes\nrunAsUser: 1_000",
    good: "defaultVolumesToFsBackup: true\nrunAsUser: 1000",
  },
};

/** Who else reads a file than those that read YAML 1.2. */
export type OtherReader = "cluster" | "Ansible";

const readers: Readonly<Record<OtherReader, { read: Yaml11Reader; name: string }>> = {
  cluster: { read: readAsGo, name: "in the cluster" },
  Ansible: { read: readAsPython, name: "to Ansible" },
};

/** A scalar that readers of YAML 1.1 read as `read`, and what has to stand at its place. */
export interface Yaml11Scalar {
  scalar: PlainScalar;
  read: Yaml11Value;
  place: ScalarPlace;
}

/** What of a document is read differently by those that read YAML 1.1, in the order of the file; the first `most`. */
export async function listYaml11Scalars(
  { listPlainScalars }: Pick<YamlSource, "listPlainScalars">,
  reader: OtherReader,
  readPlace: ReadPlace,
  most = Number.POSITIVE_INFINITY,
): Promise<Yaml11Scalar[]> {
  const found: Yaml11Scalar[] = [];
  for (const scalar of listPlainScalars()) {
    if (found.length === most) break;
    const read = readers[reader].read(scalar.text, scalar.value);
    if (read === undefined) continue;
    const place = await readPlace(scalar, read);
    if (reader !== "cluster" || !isFileMode(scalar, place)) found.push({ scalar, read, place });
  }
  return found;
}

/** Every program that reads manifests, and every person, takes `0644` for octal there. */
function isFileMode({ text, isKey, under }: PlainScalar, place: ScalarPlace): boolean {
  if (isKey || place === "text" || under.includes("data") || !/^0[0-7]+$/.test(text)) return false;
  return /^(?:defaultMode|mode)$/.test(under.at(-1) ?? "");
}

/** A value that YAML 1.2 and the cluster read alike: what the cluster reads today. */
export function writePlain(text: string, value: Yaml11Value): string {
  return /^0[0-7]+$/.test(text) ? `0o${text.replace(/^0+(?=.)/, "")}` : String(value);
}

export function explainYaml11(
  { scalar, read: value, place }: Yaml11Scalar,
  reader: OtherReader,
): TextFault {
  const { text, offset, isKey } = scalar;
  const { name } = readers[reader];
  const why = `YAML 1.2 reads ${describe(scalar.value)} here`;
  if (isKey) {
    return {
      offset,
      message: `the key ${text} is ${value === "error" ? "an error" : `"${value}"`} ${name}`,
      why: "a key without quotes is read as any other value, by the rules of YAML 1.1",
      fix: `Put it in quotes: "${text}"`,
    };
  }
  // Not by its value: a text may be a password.
  if (place === "text") {
    return {
      offset,
      message: `this is a ${typeof value} ${name}, where a text has to be`,
      why,
      fix: "Put it in quotes",
    };
  }
  return {
    offset,
    message: `${text} is ${describe(value)} ${name}`,
    why,
    fix:
      place === "plain"
        ? `Write ${writePlain(text, value)}`
        : typeof scalar.value === "string"
          ? `Write ${reader === "cluster" ? writePlain(text, value) : value}, or "${text}" if the text is meant`
          : fixNumber(text, value, reader),
  };
}

function fixNumber(text: string, value: Yaml11Value, reader: OtherReader): string {
  if (reader === "cluster") return `Write ${writePlain(text, value)}, or ${value} in its place`;
  return `Write the number that is meant without a prefix, or "${text}" if the text is meant`;
}

function describe(value: unknown): string {
  if (value === "error") return "an error";
  if (typeof value === "string") return "a text";
  return typeof value === "boolean" ? String(value) : `the number ${String(value)}`;
}
