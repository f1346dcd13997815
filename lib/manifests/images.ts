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
