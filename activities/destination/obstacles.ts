import type { KustoClient } from "../../kusto/client.ts";
import { readUpdatePolicies, showUpdatePolicies, type TableSchema } from "../../kusto/commands/schema.ts";
import { readTables } from "../../kusto/reads.ts";
import type { PlannedTable } from "../../model/checkpoint/entries.ts";
import type { OpenIteration, State } from "../../model/checkpoint/state.ts";
import type { Job } from "../../model/job.ts";
import { existingRows } from "./existingRows.ts";

/** What stands in an iteration's way at the destination. */
export interface Obstacles {
  /** The destination's tables by name. */
  readonly there: ReadonlyMap<string, TableSchema>;
  /** Tables of the iteration that can't be copied as the destination stands, with the reason. */
  readonly reasons: ReadonlyMap<string, string>;
}

/** Asks the destination what would keep the tables of an iteration from being copied. Changes nothing. */
export async function readObstacles(
  job: Job,
  destination: KustoClient,
  state: State,
  open: OpenIteration,
): Promise<Obstacles> {
  const database = job.destination.database;
  const there = new Map((await readTables(destination, database)).map((table) => [table.name, table]));
  const updated = await updatePolicySources(destination, database);
  const existing = await existingRows(job, destination, state, open, new Set(there.keys()));
  const reasons = new Map<string, string>();
  for (const table of open.tables) {
    const reason =
      columnConflict(table, there.get(table.name)) ??
      updateConflict(table.name, updated) ??
      existing.get(table.name);
    if (reason !== undefined) reasons.set(table.name, reason);
  }
  return { there, reasons };
}

/** A column of the same name and another type: extents can't be moved there (`kusto/management/move-extents.md`). */
function columnConflict(table: PlannedTable, existing: TableSchema | undefined): string | undefined {
  const types = new Map(existing?.columns.map((column) => [column.name, column.type]));
  const wrong = table.columns.filter((column) => (types.get(column.name) ?? column.type) !== column.type);
  if (wrong.length === 0) return undefined;
  const columns = wrong.map(
    (column) =>
      `${column.name} is ${column.type} at the source and ${types.get(column.name)} at the destination`,
  );
  return `Table ${table.name} can't take the source's columns: ${columns.join(", ")}. Rename or drop the destination's column, or its table, and copy again.`;
}

/** Update policies fire when extents are moved into their source table (`kusto/management/update-policy.md`). */
function updateConflict(
  table: string,
  sources: readonly { source: string; wildcard: boolean; target: string }[],
): string | undefined {
  const found = sources.find((each) => each.source === table || each.wildcard);
  if (!found) return undefined;
  return `Table ${table} is the source of an enabled update policy of table ${found.target} at the destination: moving rows into it would run the policy on copied data. Disable the policy, or exclude the table.`;
}

async function updatePolicySources(destination: KustoClient, database: string) {
  const rows = await destination.command(database, showUpdatePolicies());
  return readUpdatePolicies(database, rows)
    .filter((policy) => policy.enabled)
    .map(({ source, sourceIsWildcard, target }) => ({ source, wildcard: sourceIsWildcard, target }));
}
