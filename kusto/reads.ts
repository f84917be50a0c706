import type { Content, PlannedTable, WindowRange } from "../model/checkpoint/entries.ts";
import { Terminal } from "../model/errors.ts";
import { ticksFromIso } from "../model/ticks.ts";
import { type PoliciesByTable, policiesOf } from "../model/updatePolicies.ts";
import { type KustoClient, rowsOf, singleRow } from "./client.ts";
import { type BinnedRange, binAnswer, countByBin, countRanges } from "./commands/bins.ts";
import { readCapacity, showCapacity } from "./commands/capacity.ts";
import {
  type BagComparison,
  combineHashes,
  hashByExtent,
  hashQuery,
  type Origins,
  originsQuery,
  readHash,
  readHashByExtent,
  readOrigins,
} from "./commands/contentHash.ts";
import { currentCursor, currentCursorAnswer } from "./commands/cursors.ts";
import { type Extent, type ExtentFilter, extentAnswer, showExtentsOfTables } from "./commands/extents.ts";
import { queryColumns, readColumns } from "./commands/queryColumns.ts";
import {
  readDatabaseSchema,
  readFunctionNames,
  readIngestionTimePolicies,
  readTablePolicies,
  showDatabaseSchema,
  showIngestionTimePolicies,
  showTableNamed,
  showUpdatePolicies,
  type TableSchema,
} from "./commands/schema.ts";
import { filterOfWindow, pipesOfWindow } from "./commands/windowRange.ts";
import type { Column } from "./names.ts";

/*
 * Questions that the copy asks of a cluster: a command's text, the request and the reading of its answer together.
 * Whatever decides about rows is asked with strong consistency (`kusto/concepts/queryconsistency.md`).
 */

const STRONG = { consistency: "strong" } as const;
const HOUR_MS = 3_600_000;

export async function readTables(client: KustoClient, database: string): Promise<TableSchema[]> {
  return readDatabaseSchema(database, await client.command(database, showDatabaseSchema(database)));
}

/** The tables, and the names of the stored functions, which a query prefers to tables of the same name. */
export async function readSchema(
  client: KustoClient,
  database: string,
): Promise<{ tables: TableSchema[]; functions: Set<string> }> {
  const rows = await client.command(database, showDatabaseSchema(database));
  return { tables: readDatabaseSchema(database, rows), functions: readFunctionNames(database, rows) };
}

/** Whether a table is there: for one table much less than the whole schema. */
export async function tableExists(client: KustoClient, database: string, table: string): Promise<boolean> {
  return (await client.command(database, showTableNamed(table))).length > 0;
}

/** Names of the tables that have an ingestion time. */
export async function readTimedTables(client: KustoClient, database: string): Promise<Set<string>> {
  const policies = readIngestionTimePolicies(
    database,
    await client.command(database, showIngestionTimePolicies()),
  );
  return new Set([...policies].flatMap(([table, on]) => (on ? [table] : [])));
}

/** The update policies of all tables, those that are switched off included. */
export async function readUpdatePolicies(client: KustoClient, database: string): Promise<PoliciesByTable> {
  const rows = readTablePolicies(database, await client.command(database, showUpdatePolicies()));
  return new Map(
    rows.map(({ table, policy }) => {
      try {
        return [table, policiesOf(policy)] as const;
      } catch (cause) {
        throw new Terminal("The update policy has an unknown form", { database, table }, { cause });
      }
    }),
  );
}

/** The database's cursor now. */
export async function readCursor(client: KustoClient, database: string): Promise<string> {
  return singleRow(currentCursorAnswer, await client.query(database, currentCursor(), STRONG)).Cursor;
}

/** Total slots of a cluster. */
export async function readSlots(
  client: KustoClient,
  database: string,
): Promise<{ export: number; ingestion: number; queries: number }> {
  const capacity = readCapacity(await client.command(database, showCapacity()));
  return {
    export: capacity.export.total,
    ingestion: capacity.ingestion.total,
    queries: capacity.queries.total,
  };
}

/** Rows by bin of ingestion time (`start` in ticks), or by table alone where no bin size is given. */
export async function readBins(
  client: KustoClient,
  database: string,
  ranges: readonly BinnedRange[],
  size: bigint,
): Promise<{ table: string; start: bigint; rows: number }[]> {
  const rows = await client.query(database, countByBin(ranges, size), {
    ...STRONG,
    noTruncation: true,
    timeoutMs: HOUR_MS,
  });
  return rowsOf(binAnswer, rows).flatMap(({ Table, Bin, Rows }) =>
    Bin === null ? [] : [{ table: Table, start: ticksFromIso(Bin), rows: Number(Rows) }],
  );
}

/** Rows that each range holds. */
export async function readCounts(
  client: KustoClient,
  database: string,
  ranges: readonly BinnedRange[],
): Promise<{ table: string; rows: number }[]> {
  const rows = await client.query(database, countRanges(ranges), { ...STRONG, timeoutMs: HOUR_MS });
  return rowsOf(binAnswer, rows).map(({ Table, Rows }) => ({ table: Table, rows: Number(Rows) }));
}

export async function readExtents(
  client: KustoClient,
  database: string,
  tables: readonly string[],
  filter: ExtentFilter,
): Promise<Extent[]> {
  if (tables.length === 0 || filter.ids?.length === 0) return [];
  return rowsOf(extentAnswer, await client.command(database, showExtentsOfTables(tables, filter)));
}

/** The columns that a table has when it is read through pipes. Throws Terminal with the cluster's message where it can't be. */
export async function readQueryColumns(
  client: KustoClient,
  database: string,
  table: string,
  pipes: string,
): Promise<Column[]> {
  const rows = await client.query(database, queryColumns(table, pipes), { ...STRONG, context: { table } });
  return readColumns(rows, { database, table });
}

/**
 * Rows and hash of a source window, read through the table's query; with `extents`, also which extents its rows lie in, up to
 * that many.
 */
export async function readWindowContent(
  client: KustoClient,
  database: string,
  table: PlannedTable,
  range: WindowRange,
  { extents, bags }: { readonly extents?: number; readonly bags?: BagComparison },
): Promise<{ content: Content } & Origins> {
  const ask = (text: string) =>
    client.query(database, text, { ...STRONG, timeoutMs: HOUR_MS, context: { table: table.name } });
  const hashed = { table: table.name, filter: pipesOfWindow(table, range), columns: table.columns, bags };
  // What a query makes of the rows doesn't tell any more where they come from.
  const apart = table.query !== undefined && extents !== undefined;
  const [hash, origins] = await Promise.all([
    ask(hashQuery(apart ? hashed : { ...hashed, extents })).then(readHash),
    apart
      ? ask(originsQuery(table.name, filterOfWindow(table, range), extents)).then(readOrigins)
      : undefined,
  ]);
  const { extents: of, lastIngested } = origins ?? hash;
  return { content: { rows: Number(hash.rows), hash: hash.hash }, extents: of, lastIngested };
}

/** Rows and hash of these extents of a staging table together. */
export async function readExtentsContent(
  client: KustoClient,
  database: string,
  staging: string,
  table: PlannedTable,
  ids: readonly string[],
  bags: BagComparison,
): Promise<Content> {
  const text = hashByExtent({ table: staging, ids, columns: table.columns, bags });
  const rows = await client.query(database, text, {
    ...STRONG,
    timeoutMs: HOUR_MS,
    context: { table: table.name },
  });
  const { rows: count, hash } = combineHashes([...readHashByExtent(rows).values()]);
  return { rows: Number(count), hash };
}
