import type { DuckDBConnection } from "@duckdb/node-api";
import { z } from "zod";
import { attachmentSchema } from "../following/attachment.ts";
import { overridesSchema } from "../following/overrides.ts";
import { jsonValue } from "./jsonValue.ts";
import { literal } from "./names.ts";
import type { ClusterState, DatabaseState, ExtentState, TableState } from "./state.ts";

/**
 * Everything but the rows is kept in one DuckDB table of keys and JSON values, written in one transaction with each
 * change, so that a process killed at any moment leaves the state before or after a change, never between.
 */
const META = "kusto_meta";

const big = z.string().transform((text) => BigInt(text));
const rowTime = z.union([z.literal("rows"), z.null(), big]);
const type = z.enum([
  "bool",
  "int",
  "long",
  "real",
  "decimal",
  "datetime",
  "timespan",
  "guid",
  "string",
  "dynamic",
]);
const principal = z.object({ role: z.string(), fqn: z.string(), notes: z.string() });
const policies = z.record(z.string(), jsonValue);

const extentSchema = z.object({
  table: z.string(),
  id: z.string(),
  store: z.string(),
  rows: z.number(),
  size: z.number(),
  createdMin: big,
  createdMax: big,
  tags: z.array(z.string()),
  container: z.string(),
  columns: z.record(z.string(), z.string()),
  ingested: rowTime,
  cursor: rowTime,
  pending: z.string().optional(),
});

const columnSchema = z
  .object({ name: z.string(), type, docstring: z.string().optional(), encoding: z.string().optional() })
  .transform(({ docstring, ...rest }) => (docstring === undefined ? rest : { ...rest, docstring }));

const tableSchema = z.object({
  database: z.string(),
  id: z.string(),
  name: z.string(),
  folder: z.string(),
  docstring: z.string(),
  columns: z.array(columnSchema),
  policies,
  mappings: z.array(z.object({ name: z.string(), kind: z.string(), mapping: z.string(), updatedOn: big })),
  principals: z.array(principal),
});

const databaseSchema = z.object({
  id: z.string(),
  name: z.string(),
  prettyName: z.string(),
  persistent: z.boolean(),
  cursor: big,
  version: z.number(),
  policies,
  principals: z.array(principal),
  functions: z.array(
    z.object({
      name: z.string(),
      parameters: z.string(),
      body: z.string(),
      folder: z.string(),
      docstring: z.string(),
    }),
  ),
});

/** What is kept of the cluster itself; entries written before there were followers lack the last two. */
const clusterSchema = z.object({
  policies,
  attachments: z.array(attachmentSchema).default([]),
  overrides: z.array(z.tuple([z.string(), overridesSchema])).default([]),
});

export type MetaEntries = Map<string, string>;

function encode(value: object): string {
  return JSON.stringify(value, (_, item: unknown) => (typeof item === "bigint" ? item.toString() : item));
}

const databaseEntries = new WeakMap<DatabaseState, MetaEntries>();
const tableEntries = new WeakMap<TableState, MetaEntries>();

function entriesOfTable(database: DatabaseState, table: TableState): MetaEntries {
  const cached = tableEntries.get(table);
  if (cached !== undefined) return cached;
  const { extents, ...rest } = table;
  const entries: MetaEntries = new Map([[`table/${table.id}`, encode({ database: database.id, ...rest })]]);
  for (const extent of extents.values())
    entries.set(`extent/${extent.id}`, encode({ table: table.id, ...extent }));
  tableEntries.set(table, entries);
  return entries;
}

/** A database in texts of its own, without its rows. */
export function entriesOfDatabase(database: DatabaseState): MetaEntries {
  const cached = databaseEntries.get(database);
  if (cached !== undefined) return cached;
  const { tables, functions, ...rest } = database;
  const entries: MetaEntries = new Map([
    [`database/${database.id}`, encode({ ...rest, functions: [...functions.values()] })],
  ]);
  for (const table of tables.values())
    for (const [key, value] of entriesOfTable(database, table)) entries.set(key, value);
  databaseEntries.set(database, entries);
  return entries;
}

function entriesOf(state: ClusterState): MetaEntries {
  const { policies: own, attachments, overrides } = state;
  const entries: MetaEntries = new Map([
    ["cluster", encode({ policies: own, attachments, overrides: [...overrides] })],
  ]);
  for (const database of state.databases.values()) {
    // What is followed is read from the leader again.
    if (database.following !== undefined) continue;
    for (const [key, value] of entriesOfDatabase(database)) entries.set(key, value);
  }
  return entries;
}

/** What changed between two states: the keys to delete and the values to write. */
export function changesBetween(
  before: ClusterState,
  after: ClusterState,
): { deleted: string[]; written: MetaEntries } {
  const old = entriesOf(before);
  const written: MetaEntries = new Map();
  const next = entriesOf(after);
  for (const [key, value] of next) if (old.get(key) !== value) written.set(key, value);
  return { deleted: [...old.keys()].filter((key) => !next.has(key)), written };
}

export async function writeMeta(
  connection: DuckDBConnection,
  deleted: readonly string[],
  written: MetaEntries,
): Promise<void> {
  const keys = [...deleted, ...written.keys()];
  if (keys.length === 0) return;
  await connection.run("BEGIN TRANSACTION");
  try {
    for (let start = 0; start < keys.length; start += 500) {
      const batch = keys.slice(start, start + 500).map(literal);
      await connection.run(`DELETE FROM ${META} WHERE key IN (${batch.join(",")})`);
    }
    const rows = [...written].map(([key, value]) => `(${literal(key)},${literal(value)})`);
    for (let start = 0; start < rows.length; start += 200) {
      await connection.run(`INSERT INTO ${META} VALUES ${rows.slice(start, start + 200).join(",")}`);
    }
    await connection.run("COMMIT");
  } catch (error) {
    await connection.run("ROLLBACK");
    throw error;
  }
}

/** Reads the state that an earlier process left, or an empty one. */
export async function readMeta(connection: DuckDBConnection): Promise<ClusterState> {
  await connection.run(`CREATE TABLE IF NOT EXISTS ${META} (key VARCHAR, value VARCHAR)`);
  const reader = await connection.runAndReadAll(`SELECT key, value FROM ${META} WHERE key NOT LIKE 'log/%'`);
  const rows = reader.getRows().map(([key, value]): [string, string] => [String(key), String(value)]);
  const cluster = rows.find(([key]) => key === "cluster")?.[1];
  const { overrides, ...rest } = clusterSchema.parse(
    cluster === undefined ? { policies: {} } : JSON.parse(cluster),
  );
  return { databases: databasesFrom(rows), overrides: new Map(overrides), ...rest };
}

/** The databases that texts of `entriesOfDatabase` tell of, by lower-case name. */
export function databasesFrom(rows: Iterable<readonly [string, string]>): Map<string, DatabaseState> {
  const extents = new Map<string, Map<string, ExtentState>>();
  const tables = new Map<string, { key: string; value: unknown }[]>();
  const databases: z.output<typeof databaseSchema>[] = [];
  for (const [name, value] of rows) {
    if (name === "cluster") continue;
    const parsed: unknown = JSON.parse(value);
    if (name.startsWith("extent/")) {
      const { table, ...extent } = extentSchema.parse(parsed);
      const list = extents.get(table) ?? new Map<string, ExtentState>();
      extents.set(table, list.set(extent.id, extent));
    } else if (name.startsWith("table/")) {
      const owner = z.object({ database: z.string() }).parse(parsed).database;
      tables.set(owner, [...(tables.get(owner) ?? []), { key: name, value: parsed }]);
    } else if (name.startsWith("database/")) databases.push(databaseSchema.parse(parsed));
  }
  const result = new Map<string, DatabaseState>();
  for (const { functions, ...database } of databases) {
    const own = new Map<string, TableState>();
    for (const entry of tables.get(database.id) ?? []) {
      const { database: _, ...table } = tableSchema.parse(entry.value);
      own.set(table.name, { ...table, extents: extents.get(table.id) ?? new Map() });
    }
    result.set(database.name.toLowerCase(), {
      ...database,
      functions: new Map(functions.map((item) => [item.name, item])),
      tables: own,
    });
  }
  return result;
}
