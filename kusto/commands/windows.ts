import { z } from "zod";
import { datetimeLiteral, quoteName, quoteString } from "../names.ts";

export interface WindowBounds {
  /** Only what came after this cursor; left out, from the beginning. */
  readonly after?: string | undefined;
  /** Only what came before or at this cursor; left out for a table that cursors can't follow. */
  readonly upTo?: string | undefined;
  /** First tick of ingestion time that belongs to the window. */
  readonly from?: bigint | undefined;
  /** First tick of ingestion time that doesn't. */
  readonly to?: bigint | undefined;
  /** The rows without an ingestion time, and only those. */
  readonly nullIngestionTime?: boolean | undefined;
}

/**
 * The predicates of a window, as the pipes that follow a table's name (empty for a whole table). An upper bound is a
 * cursor and never a clock, since rows get their cursor only after their commit (`kusto/query/database-cursor.md`).
 * Rows from a time without the ingestion-time policy have no ingestion time (`kusto/query/ingestion-time-function.md`)
 * and so no cursor to compare: their window is told by that alone, and no other window has them.
 */
export function windowFilter(bounds: WindowBounds): string {
  if (bounds.nullIngestionTime === true) {
    if (bounds.from !== undefined || bounds.to !== undefined) {
      throw new Error("A window of rows without ingestion time can't have bounds of ingestion time.");
    }
    return " | where isnull(ingestion_time())";
  }
  const predicates: string[] = [];
  if (bounds.after !== undefined && bounds.after !== "")
    predicates.push(`cursor_after(${quoteString(bounds.after)})`);
  if (bounds.upTo !== undefined) predicates.push(`cursor_before_or_at(${quoteString(bounds.upTo)})`);
  if (bounds.from !== undefined) predicates.push(`ingestion_time() >= ${datetimeLiteral(bounds.from)}`);
  if (bounds.to !== undefined) predicates.push(`ingestion_time() < ${datetimeLiteral(bounds.to)}`);
  const byCursorAlone = predicates.length > 0 && bounds.from === undefined && bounds.to === undefined;
  if (byCursorAlone) predicates.push("isnotnull(ingestion_time())");
  return predicates.map((predicate) => ` | where ${predicate}`).join("");
}

/** The rows of a window: the table's name and the predicates. */
export function windowRows(table: string, bounds: WindowBounds): string {
  return `${quoteName(table)}${windowFilter(bounds)}`;
}

/**
 * How many rows lie in which hour of ingestion time, for many tables in one query; a table without new rows has no
 * row in the answer. `filter` is what `windowFilter` answers. A table may come more than once: rows without ingestion time
 * are counted by an entry with the filter of `nullIngestionTime`, and have the bin null.
 */
export function countByHour(tables: readonly { readonly name: string; readonly filter: string }[]): string {
  if (tables.length === 0) throw new Error("There are no tables to count.");
  const legs = tables.map(
    ({ name, filter }) =>
      `(${quoteName(name)}${filter} | project Ingested = ingestion_time() | summarize Rows = count(), MinIngestion = min(Ingested), MaxIngestion = max(Ingested) by Bin = bin(Ingested, 1h) | extend Table = ${quoteString(name)})`,
  );
  return `union ${legs.join(", ")} | project Table, Bin, Rows, MinIngestion, MaxIngestion`;
}

export const countByHourAnswer = z.object({
  Table: z.string(),
  Bin: z.string().nullable(),
  Rows: z.bigint(),
  MinIngestion: z.string().nullable(),
  MaxIngestion: z.string().nullable(),
});

export type CountByHour = z.infer<typeof countByHourAnswer>;

/** The rows of a window and nothing else: `Rows` alone. */
export function countRows(table: string, bounds: WindowBounds): string {
  return `${windowRows(table, bounds)} | summarize Rows = count()`;
}

export const countRowsAnswer = z.object({ Rows: z.bigint() });
