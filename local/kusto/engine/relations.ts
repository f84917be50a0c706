import type { KustoRelation } from "../catalog.ts";
import { absentValue, identifier, literal } from "./names.ts";
import { policyValue } from "./policies.ts";
import type { DatabaseState, ExtentState, RowTime, TableState } from "./state.ts";

/** Columns of an extent's DuckDB table that hold a time for each row, where the extent's rows differ in it. */
export const ROW_INGESTED = "$i";
export const ROW_CURSOR = "$c";

function timeColumn(value: RowTime, column: string): string {
  if (value === "rows") return identifier(column);
  return value === null ? "NULL::BIGINT" : `${value}::BIGINT`;
}

/** The rows of one extent, columns as the table has them now, with the hidden ones of catalog.ts. */
export function extentSelect(table: TableState, extent: ExtentState): string {
  const columns = table.columns.map((column) => {
    const stored = extent.columns[column.name];
    return `${stored === undefined ? absentValue(column.type) : identifier(stored)} AS ${identifier(column.name)}`;
  });
  return (
    `SELECT ${columns.join(", ")}, ${literal(extent.id)} AS "$extent", ` +
    `${timeColumn(extent.ingested, ROW_INGESTED)} AS "$ingested", ${timeColumn(extent.cursor, ROW_CURSOR)} AS "$cursor" ` +
    `FROM ${identifier(extent.store)}`
  );
}

/** A DuckDB relation over some of a table's extents. */
export function relationOver(table: TableState, extents: Iterable<ExtentState>): string {
  const parts = [...extents].map((extent) => extentSelect(table, extent));
  if (parts.length > 0) return `(${parts.join(" UNION ALL ")})`;
  const columns = table.columns.map((column) => `${absentValue(column.type)} AS ${identifier(column.name)}`);
  return (
    `(SELECT ${columns.join(", ")}, NULL::VARCHAR AS "$extent", NULL::BIGINT AS "$ingested", ` +
    `NULL::BIGINT AS "$cursor" WHERE false)`
  );
}

const whole = new WeakMap<TableState, string>();

/** A table as a query sees it. Its SQL is built only for the tables that a query names. */
export function tableRelation(database: DatabaseState, table: TableState): KustoRelation {
  return {
    name: table.name,
    columns: table.columns,
    get from() {
      const known = whole.get(table);
      if (known !== undefined) return known;
      const sql = relationOver(table, table.extents.values());
      whole.set(table, sql);
      return sql;
    },
    hidden: true,
    ingestionTimePolicy: policyValue(database, table, "ingestiontime") === true,
  };
}
