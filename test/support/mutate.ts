/** Numbers that are the same in every run (mulberry32, by Tommy Ettinger, public domain). */
export function createRandom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

type Random = (below: number) => number;
type Mutation = (text: string, random: Random) => string;

const signs = "[]{}:,-?|>'\"&*!%@`#~=<\\ \t\r\n".split("");
const letters =
  "\u0000 \u0007 \u0085 \u00a0 \u00e9 \u1234 \u2028 \u2029 \ufeff \ufffd \ud800 \udc00 😀 \u202e".split(
    " ",
  );
const words =
  "yes no null ~ 0644 1_000 12:30:00 .inf -0 1e400 0x1F << = --- ... __proto__ constructor .5 1.5 0.10 -0.0 09 ~ true".split(
    " ",
  );
const aliases = ["*a", "&a", "<<: *a", "&a *a", "a: &a [*a]", "*b : c", "- *a", "!!binary", "!x"];
const headers = [
  "|",
  ">",
  "|-",
  ">+",
  "|2",
  "|+1",
  "? ",
  "- - - ",
  "!!str ",
  "%YAML 1.1",
  "# ",
  " #",
];

/** What people, editors and merges do to a text, and what nobody does. */
const mutations: readonly Mutation[] = [
  (text, random) => replaceAt(text, random(text.length + 1), 1, String.fromCharCode(random(256))),
  (text, random) => insert(text, random, pick(signs, random)),
  (text, random) => insert(text, random, pick(letters, random)),
  (text, random) => insert(text, random, ` ${pick(words, random)} `),
  (text, random) => insert(text, random, pick(aliases, random)),
  (text, random) => text.slice(0, random(text.length + 1)),
  (text, random) => text.slice(random(text.length + 1)),
  (text, random) => changeLine(text, random, () => []),
  (text, random) => changeLine(text, random, (line) => [line, line]),
  (text, random) => changeLine(text, random, (line) => [` ${line}`]),
  (text, random) => changeLine(text, random, (line) => [line.replace(/^ {1,2}/, "")]),
  (text, random) => changeLine(text, random, (line) => [`\t${line}`]),
  (text, random) => changeLine(text, random, (line) => [`${line}  `]),
  (text, random) => changeLine(text, random, (line) => [line.replace(/: .*/, ":")]),
  (text, random) =>
    changeLine(text, random, (line) => [line.replace(/:.*/, `: ${pick(words, random)}`)]),
  (text, random) =>
    changeLine(text, random, (line) => [line.replace(/:.*/, `: ${pick(headers, random)}`)]),
  (text, random) => changeLine(text, random, (line) => [line, "", "---", ""]),
  (text, random) => changeLine(text, random, (line) => [pick(headers, random) + line]),
  (text, random) => changeLine(text, random, (line) => [line.replace(/: (.*)/, ': "$1"')]),
  (text, random) => changeLine(text, random, (line) => [line.replace(/: (.*)/, ": '$1'")]),
  (text, random) =>
    changeLine(text, random, (line) => [line.replace(/: (.*)/, ": [$1, { a: $1 }]")]),
  (text, random) =>
    changeLine(text, random, (line) => [line.replace(/[\w./-]+:/, `${pick(words, random)}:`)]),
  (text, random) =>
    changeLine(text, random, (line) => [
      line,
      line.replace(/[\w./-]+:/, `${pick(words, random)}:`),
    ]),
  (text) => text.replaceAll("\n", "\r\n"),
  (text) => text.trimEnd(),
];

/** Too slow, or too large, to be among the others. */
const rare: readonly Mutation[] = [
  (text, random) => insert(text, random, "[".repeat(1 + random(6000))),
  (text, random) => insert(text, random, "{a: ".repeat(1 + random(3000))),
  (text, random) => insert(text, random, "\n" + "- ".repeat(1 + random(3000))),
  (text, random) => changeLine(text, random, (line) => [" ".repeat(random(20000)) + line]),
  (text, random) => changeLine(text, random, (line) => [line + "x".repeat(random(20000))]),
  (text, random) => text + nest(1 + random(2000)),
];

/** A text that is a few steps away from another one. */
export function mutate(text: string, random: Random): string {
  if (random(200) === 0) return pick(rare, random)(text, random);
  let mutated = text;
  for (let left = 1 + random(3); left > 0; left -= 1)
    mutated = pick(mutations, random)(mutated, random);
  return mutated;
}

function pick<T>(list: readonly T[], random: Random): T {
  return list[random(list.length)] as T;
}

function replaceAt(text: string, at: number, length: number, by: string): string {
  return text.slice(0, at) + by + text.slice(at + length);
}

function insert(text: string, random: Random, what: string): string {
  return replaceAt(text, random(text.length + 1), 0, what);
}

function changeLine(text: string, random: Random, change: (line: string) => string[]): string {
  const lines = text.split("\n");
  const at = random(lines.length);
  return lines.flatMap((line, index) => (index === at ? change(line) : [line])).join("\n");
}

/** So many maps, one in the other. */
function nest(levels: number): string {
  return Array.from({ length: levels }, (_, level) => `${" ".repeat(level)}a:\n`).join("");
}
