import type { KustoClient } from "../../kusto/client.ts";
import { columnChangesReason } from "../../kusto/commands/columnChanges.ts";
import { alterMergeTable, createMergeTable, type TableSchema } from "../../kusto/commands/schema.ts";
import { readTables, readUpdatePolicies } from "../../kusto/reads.ts";
import type { PlannedTable } from "../../model/checkpoint/entries.ts";
import type { OpenIteration, State } from "../../model/checkpoint/state.ts";
import { columnChanges } from "../../model/columnChanges.ts";
import type { Job } from "../../model/job.ts";
import { stagingTable } from "../../model/naming.ts";
import { type PoliciesByTable, triggeredTarget } from "../../model/updatePolicies.ts";
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
  const policies =
    job.updatePolicies === "refuse" ? await readUpdatePolicies(destination, database) : new Map();
  const stagingOf = (t: number) => stagingTable(state.copyId ?? "", state.run?.id ?? 0, open.iteration, t);
  const existing = await existingRows(job, destination, state, open, new Set(there.keys()));
  const reasons = new Map<string, string>();
  for (const [t, table] of open.tables.entries()) {
    const reason =
      columnConflict(table, database, there.get(table.name)) ??
      (job.schema === "none" ? missing(table, database, there.get(table.name)) : undefined) ??
      updateConflict(table.name, stagingOf(t), policies) ??
      existing.get(table.name);
    if (reason !== undefined) reasons.set(table.name, reason);
  }
  return { there, reasons };
}

/**
 * A column of the same name and another type: extents can't be moved there (`kusto/management/move-extents.md`). Columns that
 * were dropped at the source are told at planning.
 */
function columnConflict(
  table: PlannedTable,
  database: string,
  existing: TableSchema | undefined,
): string | undefined {
  const columns = existing?.columns ?? [];
  return columnChangesReason(
    table.name,
    database,
    columnChanges([], table.columns, columns),
    columns.map((column) => column.name),
  );
}

/** Where the destination's schema is left alone, what the table lacks there, with the command that would create it. */
function missing(
  table: PlannedTable,
  database: string,
  existing: TableSchema | undefined,
): string | undefined {
  const advice = "The next iteration goes on then; or set KUSTO_COPY_SCHEMA to tables.";
  if (!existing) {
    const text = createMergeTable(table.name, table.columns, {
      folder: table.folder,
      docstring: table.docstring,
    });
    return `Table ${table.name} is missing in database ${database} of the destination, where this job creates nothing. Run \`${text}\`. ${advice}`;
  }
  const names = new Set(existing.columns.map((column) => column.name));
  const lacking = table.columns.filter((column) => !names.has(column.name));
  if (lacking.length === 0) return undefined;
  return `Table ${table.name} lacks columns in database ${database} of the destination, where this job creates nothing: ${lacking.map((column) => column.name).join(", ")}. Run \`${alterMergeTable(table.name, lacking)}\`. ${advice}`;
}

/**
 * Update policies fire when extents are moved into their source table, and when rows are ingested into a staging table that
 * a pattern matches (`kusto/management/update-policy.md`).
 */
export function updateConflict(
  table: string,
  staging: string,
  policies: PoliciesByTable,
): string | undefined {
  const target = triggeredTarget(policies, [table]);
  if (target !== undefined)
    return `Table ${table} is the source of an enabled update policy of table ${target} at the destination: moving rows into it would run the policy on copied data. Disable the policy, exclude the table, or set KUSTO_COPY_UPDATE_POLICIES to disable.`;
  const byPattern = triggeredTarget(policies, [staging]);
  return byPattern === undefined
    ? undefined
    : `An enabled update policy of table ${byPattern} at the destination has a pattern as its source that matches the staging tables (${staging}): it would run on copied data. Narrow the pattern, disable the policy, or set KUSTO_COPY_UPDATE_POLICIES to disable.`;
}
