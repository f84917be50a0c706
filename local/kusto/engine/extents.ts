import { randomUUID } from "node:crypto";
import type { DuckDBConnection } from "@duckdb/node-api";
import { physicalType } from "../physicalType.ts";
import { identifier } from "./names.ts";
import type { ColumnState, ExtentState, RowTime } from "./state.ts";
import type { Store } from "./store.ts";

const CONTAINER = randomUUID();

export interface NewExtent {
  readonly columns: readonly ColumnState[];
  /** A DuckDB relation with the columns by name, in physical form; `hidden` names the columns to keep as row times. */
  readonly relation: string;
  readonly where?: string;
  readonly tags: readonly string[];
  readonly createdMin: bigint;
  readonly createdMax: bigint;
  readonly ingested: RowTime;
  readonly cursor: RowTime;
  readonly pending?: string | undefined;
  readonly maxRows: number;
}

const FIXED_SIZE = 8;

function sizeExpression(columns: readonly ColumnState[]): string {
  const texts = columns.filter((column) => physicalType(column.type) === "VARCHAR");
  const fixed = (columns.length - texts.length) * FIXED_SIZE;
  return [
    `count(*) * ${fixed}`,
    ...texts.map((column) => `coalesce(sum(strlen(${identifier(column.name)})), 0)`),
  ].join(" + ");
}

/**
 * Writes rows into DuckDB tables of their own, one for each extent of at most `maxRows` rows, as the sharding policy
 * splits an ingestion (`kusto/management/sharding-policy.md`). Nothing shows them until the extents are committed.
 */
export async function writeExtents(
  store: Store,
  connection: DuckDBConnection,
  extent: NewExtent,
): Promise<ExtentState[]> {
  const stored: Record<string, string> = {};
  const parts: string[] = [];
  extent.columns.forEach((column, index) => {
    stored[column.name] = `c${index}`;
    const empty =
      column.type === "string" ? `coalesce(${identifier(column.name)}, '')` : identifier(column.name);
    parts.push(`${empty}::${physicalType(column.type)} AS "c${index}"`);
  });
  if (extent.ingested === "rows") parts.push(`"$ingested" AS "$i"`);
  if (extent.cursor === "rows") parts.push(`"$cursor" AS "$c"`);
  const select = `SELECT ${parts.join(", ")} FROM ${extent.relation} AS source${extent.where === undefined ? "" : ` WHERE ${extent.where}`}`;
  const name = store.newStore();
  await connection.run(`CREATE TABLE ${identifier(name)} AS ${select}`);
  const physical = extent.columns.map((column, index) => ({ ...column, name: `c${index}` }));
  const measure = async (table: string): Promise<{ rows: number; size: number }> => {
    const reader = await connection.runAndReadAll(
      `SELECT count(*), (${sizeExpression(physical)})::BIGINT FROM ${identifier(table)}`,
    );
    const [rows, size] = reader.getRows()[0] ?? [];
    return { rows: Number(rows ?? 0), size: Number(size ?? 0) };
  };
  const built = (table: string, measured: { rows: number; size: number }): ExtentState => ({
    id: randomUUID(),
    store: table,
    ...measured,
    createdMin: extent.createdMin,
    createdMax: extent.createdMax,
    tags: [...new Set(extent.tags)],
    container: CONTAINER,
    columns: stored,
    ingested: extent.ingested,
    cursor: extent.cursor,
    pending: extent.pending,
  });
  const all = await measure(name);
  if (all.rows === 0) {
    await connection.run(`DROP TABLE ${identifier(name)}`);
    return [];
  }
  if (all.rows <= extent.maxRows) return [built(name, all)];
  const result: ExtentState[] = [];
  for (let start = 0; start < all.rows; start += extent.maxRows) {
    const piece = store.newStore();
    await connection.run(
      `CREATE TABLE ${identifier(piece)} AS SELECT * FROM ${identifier(name)} WHERE rowid >= ${start} AND rowid < ${start + extent.maxRows}`,
    );
    result.push(built(piece, await measure(piece)));
  }
  await connection.run(`DROP TABLE ${identifier(name)}`);
  return result;
}

/** The same rows as another extent: an id of its own, as after a move or a change of tags. */
export function reborn(extent: ExtentState, changes: Partial<ExtentState>): ExtentState {
  return { ...extent, id: randomUUID(), ...changes };
}

export function isDropBy(tag: string): boolean {
  return tag.startsWith("drop-by:");
}
