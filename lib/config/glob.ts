/**
 * Whether a text fits a pattern as Argo CD and Velero read it (github.com/gobwas/glob): `*` for any
 * characters but the separator, `**` for any, `?`, `[a-z]`, `{one,two}`. A pattern that is none fits
 * nothing. Not for paths as Git and shells match them: there, `**` takes in the slash behind it.
 */
export function matchesGlob(pattern: string, text: string, separator = ""): boolean {
  if (!/[*?[{]/.test(pattern)) return pattern === text;
  const regexp = compile(pattern, separator);
  return regexp?.test(text) ?? false;
}

function compile(pattern: string, separator: string): RegExp | undefined {
  const one = separator === "" ? "." : `[^${separator}]`;
  const source = pattern.replace(/\*\*|\*|\?|\[!?[^\]]*\]|[{},]|[^\w]/g, (token) => {
    if (token === "**") return ".*";
    if (token === "*") return `${one}*`;
    if (token === "?") return one;
    if (token === "{") return "(?:";
    if (token === "}") return ")";
    if (token === ",") return pattern.includes("{") ? "|" : ",";
    return token.length > 1 ? token.replace(/^\[!/, "[^") : `\\${token}`;
  });
  try {
    return new RegExp(`^${source}$`, "s");
  } catch {
    return undefined;
  }
}
