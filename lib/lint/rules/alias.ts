import type { FileRule } from "../rule.ts";

export const alias: FileRule = {
  id: "alias",
  codes: ["CONFIG_ALIAS_INVALID"],
  scope: "file",
  summary: "an alias stands for an anchor above it in the same document, and not for too much",
  why: "A text that begins with `*`, such as a host `*.example.org`, is an alias unless it is in quotes. Anchors end with their document. An alias inside its own anchor has no end, and aliases of aliases grow without bounds: readers give up on them (https://en.wikipedia.org/wiki/Billion_laughs_attack).",
  example: {
    bad: "host: *.example.org",
    good: 'host: "*.example.org"',
  },
};
