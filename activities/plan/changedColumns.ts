import type { KustoClient } from "../../kusto/client.ts";
import { columnChangesReason } from "../../kusto/commands/columnChanges.ts";
import type { TableSchema } from "../../kusto/commands/schema.ts";
import { readTables } from "../../kusto/reads.ts";
import type { Parked, PlannedColumn } from "../../model/checkpoint/entries.ts";
import type { State } from "../../model/checkpoint/state.ts";
import { columnChanges, losesColumns } from "../../model/columnChanges.ts";
import type { Job } from "../../model/job.ts";
import { pipesOf } from "./tableQueries.ts";

/**
 * Tables of which columns that were copied are gone at the source, or of another type, and which the destination still has
 * as they were, with the reason. The destination is asked only where there is such a table; what is settled there goes on.
 * A log that doesn't tell which columns were copied leaves the check out.
 */
export async function changedColumns(
  job: Job,
  destination: KustoClient,
  state: State,
  columns: ReadonlyMap<string, readonly PlannedColumn[]>,
): Promise<Parked[]> {
  const suspects = [...columns].filter(([name, now]) => {
    const { columns: copied, resync } = state.tables[name] ?? {};
    // What is resynchronised is replaced as a whole: no older row is left that had the column.
    return copied !== undefined && resync !== true && losesColumns(copied, now);
  });
  if (suspects.length === 0) return [];
  const { database } = job.destination;
  const there = new Map((await readTables(destination, database)).map((table) => [table.name, table]));
  return suspects.flatMap(([name, now]) => {
    const existing = there.get(name)?.columns ?? [];
    const reason = columnChangesReason(
      name,
      database,
      columnChanges(state.tables[name]?.columns ?? [], now, existing),
      existing.map((column) => column.name),
    );
    return reason === undefined ? [] : [{ table: name, reason }];
  });
}

/**
 * Whether a table's folder, docstring or columns at the source are others than at its last commit. The columns of a table that
 * is read through a query are its result's, which are asked for when there is something to copy. Never so where the schema
 * isn't followed.
 */
export function looksOther(job: Job, table: TableSchema, state: State): boolean {
  const known = state.tables[table.name];
  if (job.schema === "none" || known?.columns === undefined) return false;
  if (known.folder !== table.folder || known.docstring !== table.docstring) return true;
  return pipesOf(job, table.name) === "" && told(known.columns) !== told(table.columns);
}

/** Columns as a text that doesn't depend on their order. */
function told(columns: readonly Pick<PlannedColumn, "name" | "type" | "docstring">[]): string {
  const lines = columns.map(({ name, type, docstring }) => JSON.stringify([name, type, docstring ?? ""]));
  return lines.toSorted().join();
}
