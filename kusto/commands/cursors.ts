import { z } from "zod";

/**
 * The database's cursor now (`kusto/query/cursor-current.md`), to be asked with strong consistency. It has a meaning
 * only in a database with a table under the ingestion-time policy (`kusto/query/database-cursor.md`).
 */
export function currentCursor(): string {
  return "print Cursor = cursor_current(), Now = now()";
}

export const currentCursorAnswer = z.object({
  Cursor: z.string(),
  /** The cluster's clock at the moment of the cursor, ISO text. */
  Now: z.string(),
});
