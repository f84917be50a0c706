/**
 * Whether a job copies a table. Patterns are names with `*` for any run of characters; without an include
 * pattern every table is included, and an exclude pattern wins over an include pattern. Names compare as Kusto
 * compares them: case matters.
 */
export function selectsTable(name: string, include: readonly string[], exclude: readonly string[]): boolean {
  const included = include.length === 0 || include.some((pattern) => matches(pattern, name));
  return included && !exclude.some((pattern) => matches(pattern, name));
}

/** Patterns without a wildcard that name no table of the list: most often a typing error worth telling. */
export function unknownNames(patterns: readonly string[], names: readonly string[]): string[] {
  return patterns.filter((pattern) => !pattern.includes("*") && !names.includes(pattern));
}

function matches(pattern: string, name: string): boolean {
  const parts = pattern.split("*");
  const first = parts[0] ?? "";
  const last = parts.at(-1) ?? "";
  if (parts.length === 1) return pattern === name;
  if (name.length < first.length + last.length) return false;
  if (!name.startsWith(first) || !name.endsWith(last)) return false;
  let at = first.length;
  const end = name.length - last.length;
  for (const part of parts.slice(1, -1)) {
    const found = name.indexOf(part, at);
    if (found < 0 || found + part.length > end) return false;
    at = found + part.length;
  }
  return true;
}
