import type { KustoClient } from "../../kusto/client.ts";
import type { TableSchema } from "../../kusto/commands/schema.ts";
import { readQueryColumns, tableExists } from "../../kusto/reads.ts";
import type { Parked, PlannedColumn } from "../../model/checkpoint/entries.ts";
import type { State } from "../../model/checkpoint/state.ts";
import { describe, isOfOneTable, Terminal } from "../../model/errors.ts";
import { type Job, queryOf } from "../../model/job.ts";
import { readQuery } from "../../model/query.ts";
import { sideBySide } from "../destination/sideBySide.ts";
import type { Candidate } from "./candidates.ts";
import type { Unread } from "./readApart.ts";

/** The pipes that a table is read through; empty where all of it is copied. Throws Terminal where they can't be used. */
export function pipesOf(job: Job, table: string): string {
  const reading = readQuery(queryOf(job, table));
  if (reading.ok) return reading.pipes;
  throw new Terminal(`The query can't be used: ${reading.problem}`, { table });
}

/** Tables of the job that can't be copied through their query, and queries of tables that there aren't, with the reason. */
export function wrongQueries(job: Job, selected: readonly string[], all: readonly string[]): Parked[] {
  const unknown = Object.keys(job.tables.queries).filter((name) => !all.includes(name));
  return [
    ...unknown.map((table) => ({
      table,
      reason: `A query is given for table ${table}, and database ${job.source.database} has no table of this name. Names are told apart by case.`,
    })),
    ...selected.flatMap((table) => {
      const reading = readQuery(queryOf(job, table));
      return reading.ok
        ? []
        : [{ table, reason: `The query of table ${table} can't be used: ${reading.problem}` }];
    }),
  ];
}

/**
 * The pipes that what a table holds at the destination was read through, null for none: those of its last commit, or of an
 * iteration that is under way. Undefined where nothing of it was copied.
 */
function pipesBefore(name: string, state: State): string | null | undefined {
  const known = state.tables[name];
  if (known?.query !== undefined) return known.query;
  for (const open of [state.open.forward, state.open.backfill]) {
    const planned = open?.tables.find((table) => table.name === name && table.windows.length > 0);
    if (planned) return planned.query ?? null;
  }
  // A log from before there were queries says nothing of them where all was copied.
  return known?.backfill === "done" ? null : undefined;
}

/** Whether a table is read through other pipes than before. */
export function isReadAnew(name: string, pipes: string, state: State): boolean {
  const before = pipesBefore(name, state);
  return before !== undefined && (before ?? "") !== pipes;
}

/**
 * Why a table can't go on: its rows at the destination were read through other pipes, and new ones beside them would be
 * neither the one nor the other. What replaces a table as a whole begins anew.
 */
export function changedQuery(candidate: Candidate, job: Job, state: State): Parked | undefined {
  const { table, snapshot, replaces } = candidate;
  const pipes = pipesOf(job, table.name);
  if (snapshot || replaces || !isReadAnew(table.name, pipes, state)) return undefined;
  const before = pipesBefore(table.name, state) ?? "";
  return {
    table: table.name,
    reason: `The query of table ${table.name} has changed: the destination holds rows read through ${shown(before)}, and new ones would come through ${shown(pipes)}. Set the query back, or resynchronise the table, which copies it whole through the new one.`,
  };
}

function shown(pipes: string): string {
  if (pipes === "") return "no query";
  const text = pipes.trim().replaceAll(/\s+/g, " ");
  return `"${text.length > 200 ? `${text.slice(0, 200)}…` : text}"`;
}

/** The columns of each table as its query leaves them; a query that the cluster refuses stops its table alone. */
export async function columnsOf(
  job: Job,
  source: KustoClient,
  tables: readonly TableSchema[],
): Promise<Unread & { columns: Map<string, PlannedColumn[]> }> {
  const columns = new Map<string, PlannedColumn[]>();
  const unread: Parked[] = [];
  const gone: string[] = [];
  await sideBySide(tables, async (table) => {
    try {
      const pipes = pipesOf(job, table.name);
      columns.set(table.name, await columnsThrough(source, job.source.database, table, pipes));
    } catch (error) {
      if (!isOfOneTable(error)) throw error;
      if (await tableExists(source, job.source.database, table.name))
        unread.push({ table: table.name, reason: `The query can't be used. ${describe(error)}` });
      else gone.push(table.name);
    }
  });
  return { columns, unread, gone };
}

/**
 * The columns to copy of a table: its own, or those of its query's result, with the docstrings of those that the table has.
 * Throws Terminal with the cluster's own message where it refuses the query.
 */
async function columnsThrough(
  source: KustoClient,
  database: string,
  table: TableSchema,
  pipes: string,
): Promise<PlannedColumn[]> {
  if (pipes === "") return [...table.columns];
  const own = new Map(table.columns.map((column) => [column.name, column]));
  const columns = await readQueryColumns(source, database, table.name, pipes);
  if (columns.length === 0)
    throw new Terminal(
      "The query leaves no column.",
      { table: table.name },
      { advice: "Keep one at least, or exclude the table." },
    );
  return columns.map((column) => {
    const same = own.get(column.name);
    return same === undefined
      ? { ...column, docstring: "", computed: true }
      : { ...column, docstring: same.docstring ?? "" };
  });
}
