/**
 * How readers of YAML 1.1 read a plain scalar that YAML 1.2 reads as `value`; undefined where they
 * agree with it.
 */
export type Yaml11Reader = (text: string, value: unknown) => Yaml11Value | undefined;

/** What a reader of YAML 1.1 makes of it; the text "error" when it stops there. */
export type Yaml11Value = boolean | number | string;

const goWords = listWords({ true: ["yes", "on", "y"], false: ["no", "off", "n"] });
const pythonWords = listWords({ true: ["yes", "on"], false: ["no", "off"] });

/** As strconv.ParseInt does in base 0. */
const goInteger = /^[-+]?(?:0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO][0-7]+|0[0-7]*|[1-9][0-9]*)$/;
const goFloat = /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/;
/** What begins with a dot goes to strconv.ParseFloat with its underscores. */
const goFraction = /^\.[0-9](?:_?[0-9])*(?:[eE][-+]?[0-9](?:_?[0-9])*)?$/;

const pythonInteger =
  /^[-+]?(?:0b[01_]+|0[0-7_]+|0|[1-9][0-9_]*|0x[0-9a-fA-F_]+|[1-9][0-9_]*(?::[0-5]?[0-9])+)$/;
const pythonFloat =
  /^(?:[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+][0-9]+)?|\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*)$/;

/** Kubernetes, Argo CD and Helm: sigs.k8s.io/yaml, resolve.go of go.yaml.in/yaml/v2 v2.4.2. */
export const readAsGo: Yaml11Reader = (text, value) => {
  const word = goWords.get(text);
  if (word !== undefined) return word;
  const plain = text.startsWith(".") ? text : text.replaceAll("_", "");
  const isFloat = text.startsWith(".") ? goFraction.test(text) : goFloat.test(plain);
  if (!/^[-+.0-9]/.test(text)) return undefined;
  if (goInteger.test(plain)) return differ(value, toInteger(plain));
  return isFloat ? differ(value, Number(plain.replaceAll("_", ""))) : undefined;
};

/** Ansible: PyYAML 6.0.3, resolver.py. What it reads as a date stays one here: a text. */
export const readAsPython: Yaml11Reader = (text, value) => {
  const word = pythonWords.get(text);
  if (word !== undefined) return word;
  if (text === "=") return "error";
  const plain = text.replaceAll("_", "");
  if (pythonInteger.test(text) || pythonFloat.test(text)) {
    if (text.includes(":")) return toSexagesimal(plain);
    return differ(value, pythonInteger.test(text) ? toInteger(plain) : Number(plain));
  }
  return typeof value === "number" && Number.isFinite(value) ? text : undefined;
};

function listWords(words: Record<"true" | "false", readonly string[]>): Map<string, boolean> {
  return new Map(
    Object.entries(words).flatMap(([value, forms]) =>
      forms
        .flatMap((word) => [word, word.charAt(0).toUpperCase() + word.slice(1), word.toUpperCase()])
        .map((form) => [form, value === "true"] as const),
    ),
  );
}

function differ(value: unknown, read: number): Yaml11Value | undefined {
  if (Number.isNaN(read)) return "error";
  return value === read ? undefined : read;
}

/** An integer without underscores, in the base that its prefix says. */
function toInteger(plain: string): number {
  const [, sign, digits = ""] = /^([-+]?)(.*)$/.exec(plain) ?? [];
  const written = /^0[0-7]+$/.test(digits) ? `0o${digits.slice(1)}` : digits;
  // Not -0, which is no other number to any reader.
  return sign === "-" ? 0 - Number(written) : Number(written);
}

function toSexagesimal(plain: string): number {
  const [, sign, digits = ""] = /^([-+]?)(.*)$/.exec(plain) ?? [];
  const value = digits.split(":").reduce((sum, part) => sum * 60 + Number(part), 0);
  return sign === "-" ? -value : value;
}
