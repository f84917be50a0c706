import type { KustoClient } from "../../kusto/client.ts";
import {
  alterCachingPolicy,
  alterIngestionBatchingPolicy,
  alterMergePolicy,
  alterRetentionPolicy,
  createMergeTable,
  createMergeTables,
  type TableSchema,
} from "../../kusto/commands/schema.ts";
import { readStateOfRun } from "../../lake/log.ts";
import type { Parked, PlannedTable } from "../../model/checkpoint/entries.ts";
import { openIteration } from "../../model/checkpoint/state.ts";
import { chunked } from "../../model/chunked.ts";
import { describe, isOfOneTable, Terminal } from "../../model/errors.ts";
import { stagingTable } from "../../model/naming.ts";
import type { Answer, IterationInput, PrepareOutcome } from "../contract.ts";
import { clientsOf } from "../environment.ts";
import { answer } from "../outcome.ts";
import { carryEncodings } from "./carryEncodings.ts";
import { describeTable } from "./describeTable.ts";
import { readObstacles } from "./obstacles.ts";
import { sideBySide } from "./sideBySide.ts";

const TABLES_PER_COMMAND = 50;
const STAGING_FOLDER = "Kusto Copy/staging";
const IDEMPOTENT = { idempotent: true } as const;

/**
 * Makes the destination ready for an iteration: tables and columns that are missing, folders and docstrings, where the job
 * lets the schema follow; and this run's staging tables. Every command may be sent again. Answers the tables that can't be copied as the destination stands.
 */
export function prepareDestination({
  job,
  run,
  next,
  iteration,
}: IterationInput): Promise<Answer<PrepareOutcome>> {
  return answer(async () => {
    const { lake, source, destination } = clientsOf(job);
    const state = await readStateOfRun(lake, run, next);
    const open = openIteration(state, iteration);
    const { copyId } = state;
    if (!open || copyId === undefined) throw new Terminal(`Iteration ${iteration} is not open.`);
    const database = job.destination.database;
    const { there, reasons } = await readObstacles(job, destination, state, open);
    const parked: Parked[] = [];
    const wanted: { table: PlannedTable; staging: string }[] = [];
    open.tables.forEach((table, t) => {
      if (table.name in open.parked) return;
      const reason = reasons.get(table.name);
      if (reason === undefined) wanted.push({ table, staging: stagingTable(copyId, run, iteration, t) });
      else parked.push({ table: table.name, reason });
    });
    const follows = job.schema !== "none";
    const ready = await eachOrParked(wanted, parked, async ({ table }) => {
      if (table.columns.length === 0) throw new Terminal("The table has no columns.", { table: table.name });
      if (!follows) return;
      const existing = there.get(table.name);
      await createTable(destination, database, table, existing);
      await describeTable(destination, database, table, existing, state.tables[table.name]);
    });
    const filled = ready.filter(({ table }) => table.windows.length > 0);
    await createStaging(destination, database, filled);
    await eachOrParked(ready, parked, ({ table, staging }) =>
      carryEncodings(job, source, destination, table, [
        ...(table.windows.length > 0 ? [staging] : []),
        ...(follows ? [table.name] : []),
      ]),
    );
    return { parked };
  });
}

/** Does the work for each table; one that can't be prepared is parked, and stops none of the others. */
async function eachOrParked<T extends { readonly table: PlannedTable }>(
  tables: readonly T[],
  parked: Parked[],
  work: (each: T) => Promise<void>,
): Promise<T[]> {
  const done: T[] = [];
  for (const each of tables) {
    try {
      await work(each);
      done.push(each);
    } catch (error) {
      if (!isOfOneTable(error)) throw error;
      parked.push({ table: each.table.name, reason: describe(error) });
    }
  }
  return done;
}

async function createTable(
  destination: KustoClient,
  database: string,
  table: PlannedTable,
  existing: TableSchema | undefined,
): Promise<void> {
  const names = new Set(existing?.columns.map((column) => column.name));
  if (existing && table.columns.every((column) => names.has(column.name))) return;
  const properties = existing ? {} : { folder: table.folder, docstring: table.docstring };
  await destination.command(database, createMergeTable(table.name, table.columns, properties), {
    ...IDEMPOTENT,
    context: { table: table.name },
  });
}

/**
 * Staging keeps extents as they are until they are moved: no merging, which would change their ids; unlimited
 * retention, since an old creation time would otherwise be dropped at once; nothing in the hot cache.
 */
async function createStaging(
  destination: KustoClient,
  database: string,
  wanted: readonly { table: PlannedTable; staging: string }[],
): Promise<void> {
  for (const some of chunked(wanted, TABLES_PER_COMMAND)) {
    const tables = some.map(({ table, staging }) => ({ name: staging, columns: table.columns }));
    const names = tables.map((table) => table.name);
    await destination.command(database, createMergeTables(tables, { folder: STAGING_FOLDER }), IDEMPOTENT);
    await sideBySide(names, async (name) => {
      await destination.command(
        database,
        alterMergePolicy(name, { allowMerge: false, allowRebuild: false }),
        IDEMPOTENT,
      );
      await destination.command(database, alterRetentionPolicy(name), IDEMPOTENT);
    });
    await destination.command(database, alterCachingPolicy(names, 0), IDEMPOTENT);
    await destination.command(
      database,
      alterIngestionBatchingPolicy(names, { timeSpanMs: 10_000 }),
      IDEMPOTENT,
    );
  }
}
