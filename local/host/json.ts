export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** What a stored text shows as in an answer: its JSON, or the text itself (a termination's reason is none). */
export function shownValue(text: string | null): Json {
  if (text === null) return null;
  const trimmed = text.trim();
  if (trimmed === "") return "";
  try {
    return JSON.parse(trimmed);
  } catch {
    return trimmed;
  }
}
