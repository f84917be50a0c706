const PARTS = /^([0-9a-f]{8})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{12})$/;

/** The physical form of a guid, lower case with hyphens, which the text may have anywhere (`query/toguid-function.md`); undefined where it is none. */
export function guidText(text: string): string | undefined {
  const digits = text
    .trim()
    .replace(/^\{(.*)\}$/, "$1")
    .replaceAll("-", "")
    .toLowerCase();
  return PARTS.exec(digits)?.slice(1, 6).join("-");
}
