const HYPHENATED = /^\{?([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})\}?$/i;
const PLAIN = /^([0-9a-f]{8})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{12})$/i;

/** The physical form of a guid, lower case with hyphens; undefined where the text is no guid. */
export function guidText(text: string): string | undefined {
  const trimmed = text.trim();
  const hyphenated = HYPHENATED.exec(trimmed);
  if (hyphenated !== null) return hyphenated[1]?.toLowerCase();
  const plain = PLAIN.exec(trimmed);
  return plain === null ? undefined : plain.slice(1, 6).join("-").toLowerCase();
}
