import type { DuckDBConnection } from "@duckdb/node-api";
import type { KustoType, TranslatedQuery } from "../catalog.ts";
import type { Value } from "./result.ts";

/** A DuckDB value as a value in physical form. */
export function physicalValue(value: unknown, type: KustoType): Value {
  if (value === null || value === undefined) return type === "string" ? "" : null;
  if (
    typeof value === "bigint" ||
    typeof value === "boolean" ||
    typeof value === "number" ||
    typeof value === "string"
  )
    return value;
  throw new Error(`A ${type} column came as ${typeof value} from DuckDB: ${String(value)}`);
}

/** All rows of a query. */
export async function rowsOf(connection: DuckDBConnection, query: TranslatedQuery): Promise<Value[][]> {
  const reader = await connection.runAndReadAll(query.sql);
  return reader
    .getRows()
    .map((row) => query.columns.map((column, index) => physicalValue(row[index], column.type)));
}
