/** An image reference, taken apart; what it does not have is undefined. */
export interface ImageReference {
  /** With its registry, where one is written. */
  name: string;
  tag: string | undefined;
  digest: string | undefined;
}

/** A reference as the distribution's grammar writes it: name, then a tag or a digest or both. */
const reference = /^(?<name>[^@\s]+?)(?::(?<tag>[\w][\w.-]{0,127}))?(?:@(?<digest>[^@\s]+))?$/;

/** Takes an image reference apart; undefined when the text is none. */
export function parseImage(text: string): ImageReference | undefined {
  const groups = reference.exec(text)?.groups;
  if (groups === undefined) return undefined;
  return { name: groups["name"] ?? "", tag: groups["tag"], digest: groups["digest"] };
}

/** What is behind the registry, which may have capital letters, a port, or be an address. */
const part = "[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*";
const registry = String.raw`(?:[\w.-]+(?::\d+)?|\[[\da-fA-F:]+\](?::\d+)?)/`;
const valid = new RegExp(
  String.raw`^(?:${registry})?${part}(?:/${part})*(?::[\w][\w.-]{0,127})?(?:@[A-Za-z][\w+.-]*:[\da-fA-F]{32,})?$`,
);

/**
 * Whether a text is surely no image reference (github.com/distribution/reference: reference.go,
 * regexp.go). Blanks at the ends are left to others, as the API server does.
 */
export function isInvalidImage(text: string): boolean {
  const image = text.trim();
  const [, sum] = /@sha256:(.*)$/.exec(image) ?? [];
  return !valid.test(image) || (sum !== undefined && !/^[\da-f]{64}$/.test(sum));
}
