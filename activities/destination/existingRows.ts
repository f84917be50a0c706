import type { KustoClient } from "../../kusto/client.ts";
import { readCounts } from "../../kusto/reads.ts";
import { hasBrought } from "../../model/checkpoint/brought.ts";
import type { PlannedTable } from "../../model/checkpoint/entries.ts";
import type { OpenIteration, State } from "../../model/checkpoint/state.ts";
import { chunked } from "../../model/chunked.ts";
import { countedRows } from "../../model/counted.ts";
import type { Job } from "../../model/job.ts";

const TABLES_PER_QUERY = 50;

/**
 * Tables of which this copy has put no row yet into the destination, and which hold rows there, with the reason not to
 * begin: all rows would come once more where another copy, or another tool, had brought them before.
 */
export async function existingRows(
  job: Job,
  destination: KustoClient,
  state: State,
  open: OpenIteration,
  there: ReadonlySet<string>,
): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  if (job.existingRows === "keep") return found;
  const beginning = open.tables.filter((table) => there.has(table.name) && begins(table, job, state));
  for (const some of chunked(beginning, TABLES_PER_QUERY)) {
    const ranges = some.map((table) => ({ table: table.name, filter: "" }));
    for (const { table, rows } of await readCounts(destination, job.destination.database, ranges)) {
      if (rows === 0) continue;
      found.set(table, reasonOf(table, rows));
    }
  }
  return found;
}

/** Why a table that holds so many rows is not begun, and what to do. */
export function reasonOf(table: string, rows: number): string {
  return `Table ${table} holds ${countedRows(rows)} at the destination that this copy did not bring, and might hold rows twice afterwards. Empty it (.clear table ${table} data) or drop it; or set KUSTO_COPY_EXISTING_ROWS (--existing-rows) to keep, to copy beside what is there.`;
}

/**
 * Whether a table's first rows would come with an iteration. New rows don't go where the history may not. A job that copies
 * only what comes begins beside whatever is there.
 */
export function begins(table: PlannedTable, job: Job, state: State): boolean {
  if (table.resync === true || table.days !== undefined || hasBrought(table.name, state)) return false;
  if (job.mode === "new" && table.signature === undefined) return false;
  return table.after === undefined || state.tables[table.name]?.backfill === "pending";
}
