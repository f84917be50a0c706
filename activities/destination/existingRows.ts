import type { KustoClient } from "../../kusto/client.ts";
import { readCounts } from "../../kusto/reads.ts";
import type { OpenIteration, State } from "../../model/checkpoint/state.ts";
import { windowsOf } from "../../model/checkpoint/windows.ts";
import { chunked } from "../../model/chunked.ts";
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
  const beginning = open.tables.filter((table, t) => {
    const known = state.tables[table.name];
    const untouched = windowsOf(open, t).every((window) => window.stage !== "promoted");
    const intended = open.intended.some((move) => move.table === table.name);
    const first =
      table.after === undefined &&
      (known === undefined || known.backfill === "pending") &&
      known?.signature === undefined &&
      // Of a table that was shown in part the destination holds rows of this copy, and a resynchronised one is replaced.
      known?.owed === undefined &&
      table.resync !== true;
    return first && untouched && !intended && there.has(table.name);
  });
  for (const some of chunked(beginning, TABLES_PER_QUERY)) {
    const ranges = some.map((table) => ({ table: table.name, filter: "" }));
    for (const { table, rows } of await readCounts(destination, job.destination.database, ranges)) {
      if (rows === 0) continue;
      found.set(
        table,
        `Table ${table} holds ${rows} rows at the destination that this copy did not bring, and might hold them twice afterwards. Empty it (.clear table ${table} data) or drop it; or set KUSTO_COPY_EXISTING_ROWS to keep, to copy beside them.`,
      );
    }
  }
  return found;
}
