import type { KustoColumn } from "../catalog.ts";
import type { Attachment } from "../following/attachment.ts";
import type { Following } from "../following/followed.ts";
import type { Overrides } from "../following/overrides.ts";

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** Where the value of a hidden column comes from: one value for the whole extent, or the extent's own rows. */
export type RowTime = bigint | null | "rows";

/** A data shard. Immutable: whatever changes an extent puts another in its place. */
export interface ExtentState {
  readonly id: string;
  /** The DuckDB table that holds the rows; several extents' lives may share it one after the other. */
  readonly store: string;
  readonly rows: number;
  readonly size: number;
  readonly createdMin: bigint;
  readonly createdMax: bigint;
  readonly tags: readonly string[];
  readonly container: string;
  /** DuckDB column of each Kusto column that the extent has. */
  readonly columns: Readonly<Record<string, string>>;
  readonly ingested: RowTime;
  readonly cursor: RowTime;
  /** Waits for its cursor: readers by cursor don't see it yet (`kusto/management/database-cursor.md`). */
  readonly pending?: string | undefined;
}

export interface ColumnState extends KustoColumn {
  readonly encoding?: string | undefined;
}

export type Policies = Readonly<Record<string, Json>>;

export interface IngestionMapping {
  readonly name: string;
  readonly kind: string;
  readonly mapping: string;
  readonly updatedOn: bigint;
}

export interface Principal {
  readonly role: string;
  readonly fqn: string;
  readonly notes: string;
}

export interface TableState {
  readonly id: string;
  readonly name: string;
  readonly folder: string;
  readonly docstring: string;
  readonly columns: readonly ColumnState[];
  readonly policies: Policies;
  readonly mappings: readonly IngestionMapping[];
  readonly principals: readonly Principal[];
  readonly extents: ReadonlyMap<string, ExtentState>;
}

export interface FunctionState {
  readonly name: string;
  readonly parameters: string;
  readonly body: string;
  readonly folder: string;
  readonly docstring: string;
}

export interface DatabaseState {
  readonly id: string;
  readonly name: string;
  readonly prettyName: string;
  readonly persistent: boolean;
  /** What `cursor_current()` answers; moved by cursor commits only. */
  readonly cursor: bigint;
  readonly version: number;
  readonly policies: Policies;
  readonly principals: readonly Principal[];
  readonly functions: ReadonlyMap<string, FunctionState>;
  readonly tables: ReadonlyMap<string, TableState>;
  /** Where it comes from, if another cluster leads it. */
  readonly following?: Following;
}

export interface ClusterState {
  /** By lower-case name: database names are case-insensitive. */
  readonly databases: ReadonlyMap<string, DatabaseState>;
  readonly policies: Policies;
  /** The databases of other clusters that this one follows. */
  readonly attachments: readonly Attachment[];
  /** By lower-case name of a database that is followed. */
  readonly overrides: ReadonlyMap<string, Overrides>;
}

/** Puts a table in the place of the one with its name. */
export function withTable(database: DatabaseState, table: TableState): DatabaseState {
  return { ...database, tables: new Map(database.tables).set(table.name, table) };
}

export function withoutTable(database: DatabaseState, name: string): DatabaseState {
  const tables = new Map(database.tables);
  tables.delete(name);
  return { ...database, tables };
}

/** The table with some extents taken out and others put in. */
export function withExtents(
  table: TableState,
  removed: Iterable<string>,
  added: Iterable<ExtentState>,
): TableState {
  const extents = new Map(table.extents);
  for (const id of removed) extents.delete(id);
  for (const extent of added) extents.set(extent.id, extent);
  return { ...table, extents };
}
