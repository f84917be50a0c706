import type { KustoClient } from "../../kusto/client.ts";
import type { TableSchema } from "../../kusto/commands/schema.ts";
import { readCursor, readSchema, readTimedTables } from "../../kusto/reads.ts";
import type { Parked } from "../../model/checkpoint/entries.ts";
import type { State } from "../../model/checkpoint/state.ts";
import type { Job } from "../../model/job.ts";
import { stagingOwner } from "../../model/naming.ts";
import { selectsTable, unknownNames } from "../../model/tableSelection.ts";
import { hiddenRows } from "./hiddenRows.ts";
import { wrongQueries } from "./tableQueries.ts";

/** The source's tables as a job sees them at one moment. */
export interface Survey {
  /** When the cursor was read, ISO. */
  readonly readAt: string;
  /** Cursor B: everything that is planned lies before or at it. */
  readonly upTo: string;
  /** Names of the tables that the job selects, those that can't be copied included. */
  readonly selected: ReadonlySet<string>;
  /** Tables that the job selects and that may be read whole. */
  readonly readable: readonly TableSchema[];
  /** Names of all tables that have an ingestion time now. */
  readonly timed: ReadonlySet<string>;
  /** Tables that can't be copied, with the reason. */
  readonly refused: readonly Parked[];
}

/** Looks at the source for a job: which of its tables can be copied, up to which cursor. */
export async function surveySource(job: Job, source: KustoClient, state: State): Promise<Survey> {
  const database = job.source.database;
  // Before the cursor, so that lag is never told smaller than it is; and the cursor before the schema, so that no row
  // up to it has a column, or lies in a table, that the schema doesn't know.
  const readAt = new Date().toISOString();
  const upTo = await readCursor(source, database);
  const [{ tables: schema, functions }, timed] = await Promise.all([
    readSchema(source, database),
    readTimedTables(source, database),
  ]);
  const selected = schema.filter(
    (table) =>
      stagingOwner(table.name) === undefined &&
      selectsTable(table.name, job.tables.include, job.tables.exclude),
  );
  const names = selected.map((table) => table.name);
  const hidden = await hiddenRows(source, database, names);
  for (const name of names.filter((each) => functions.has(each))) {
    hidden.set(
      name,
      `Function ${name} of the source database hides table ${name}: queries would read the function. Rename one of them, or exclude the table.`,
    );
  }
  const everyName = schema.map((table) => table.name);
  for (const { table, reason } of wrongQueries(job, names, everyName)) hidden.set(table, reason);
  const refused = [
    ...[...hidden].map(([table, reason]) => ({ table, reason })),
    ...unknownNames(job.tables.include, everyName).map((table) => noSuchTable(job, table)),
    // One pattern of several may wait for tables to come; a job that selects nothing at all is most often a typing error.
    ...(selected.length > 0 ? [] : job.tables.include)
      .filter((pattern) => pattern.includes("*"))
      .map((table) => ({ table, reason: `The source database ${database} has no table that this matches.` })),
    ...selected.flatMap((table) => {
      const stopped = state.tables[table.name]?.stopped;
      return stopped === undefined ? [] : [{ table: table.name, reason: stopped }];
    }),
  ];
  const readable = selected.filter((table) => !hidden.has(table.name));
  return { readAt, upTo, selected: new Set(names), readable, timed, refused };
}

/** Of the tables that are gone since the schema was read, those that the job names: each is told as one that was never there. */
export function goneNamed(job: Job, gone: readonly string[]): Parked[] {
  return gone.filter((name) => job.tables.include.includes(name)).map((table) => noSuchTable(job, table));
}

function noSuchTable(job: Job, table: string): Parked {
  return { table, reason: `The source database ${job.source.database} has no table of this name.` };
}
