import type { KustoColumn, KustoType } from "../catalog.ts";
import { physicalType } from "../physicalType.ts";
import { textSql } from "./columnText.ts";
import { cutSql, dynamicSql, valueSql } from "./textColumn.ts";

/** Kinds of Parquet columns that convert alike. */
export type ParquetKind =
  | "integer"
  | "uint64"
  | "float"
  | "boolean"
  | "decimalInteger"
  | "decimalFixed"
  | "decimalBytes"
  | "timestamp"
  | "date"
  | "string"
  | "uuid"
  | "json"
  | "nested"
  | "extracted"
  | "other";

/** The kind of a Parquet column by the type DuckDB reads it as and its physical type in the file. */
export function parquetKind(type: string, physical: string): ParquetKind {
  if (/\[\d*\]$|^(STRUCT|MAP|LIST)\b/.test(type)) return "nested";
  if (/^U?(TINY|SMALL|BIG)?INT(EGER)?$/.test(type)) return type === "UBIGINT" ? "uint64" : "integer";
  if (type === "FLOAT" || type === "DOUBLE") return "float";
  if (type.startsWith("DECIMAL"))
    return physical === "FIXED_LEN_BYTE_ARRAY"
      ? "decimalFixed"
      : physical === "BYTE_ARRAY"
        ? "decimalBytes"
        : "decimalInteger";
  if (type.startsWith("TIMESTAMP")) return "timestamp";
  const simple: Readonly<Record<string, ParquetKind>> = {
    BOOLEAN: "boolean",
    DATE: "date",
    VARCHAR: "string",
    UUID: "uuid",
    JSON: "json",
    BLOB: "other",
  };
  return simple[type] ?? "other";
}

const NUMBERS: readonly KustoType[] = ["bool", "int", "long", "real", "decimal", "string"];
const CONVERSIONS: Readonly<Record<ParquetKind, readonly KustoType[]>> = {
  integer: NUMBERS,
  uint64: ["bool", "int", "long", "decimal", "string"],
  float: NUMBERS,
  boolean: ["bool", "decimal", "string"],
  decimalInteger: NUMBERS,
  decimalFixed: ["long", "real", "decimal", "string"],
  decimalBytes: ["bool", "long", "real", "decimal", "string", "dynamic"],
  timestamp: ["datetime", "string"],
  date: ["datetime", "string"],
  string: ["int", "long", "real", "decimal", "string", "dynamic"],
  uuid: ["string", "guid"],
  json: ["string", "dynamic"],
  nested: ["dynamic"],
  extracted: ["bool", "int", "long", "real", "decimal", "datetime", "string", "dynamic"],
  other: [],
};

function ticksSql(x: string): string {
  const ticks = `(epoch_us(${x}::TIMESTAMP)::HUGEINT * 10 + 621355968000000000)`;
  return `CASE WHEN ${ticks} BETWEEN 0 AND 3155378975999999999 THEN ${ticks}::BIGINT END`;
}

function numberText(x: string, kind: ParquetKind): string {
  if (kind === "float") return textSql("real", `(${x})::DOUBLE`);
  return kind === "boolean" ? `(${x})::INTEGER::VARCHAR` : `(${x})::VARCHAR`;
}

/**
 * SQL that turns a Parquet value into a column's value by the documented table of conversions; what it has no
 * tick for is null: nothing becomes a timespan, and a string becomes neither guid, datetime nor bool
 * (`kusto/management/parquet-mapping.md`).
 */
export function parquetValueSql(
  column: KustoColumn,
  x: string,
  kind: ParquetKind,
  limit: number,
  seed: number,
): string {
  if (!CONVERSIONS[kind].includes(column.type))
    return column.type === "string" ? "''" : `NULL::${physicalType(column.type)}`;
  if (kind === "string") return valueSql(column, x, limit, seed);
  if (kind === "extracted")
    return valueSql(column, column.type === "dynamic" ? `(${x})::VARCHAR` : `(${x} ->> '$')`, limit, seed);
  switch (column.type) {
    case "bool":
      return kind === "boolean" ? x : `(${x}) <> 0`;
    case "int":
    case "long":
      return kind === "integer" || kind === "uint64"
        ? `TRY_CAST(${x} AS ${physicalType(column.type)})`
        : `TRY_CAST(trunc(${x}) AS ${physicalType(column.type)})`;
    case "real":
      return `(${x})::DOUBLE`;
    case "decimal":
      return `kd_decimal(${numberText(x, kind)})`;
    case "datetime":
      return ticksSql(x);
    case "string":
      if (kind === "timestamp" || kind === "date") return `coalesce(${textSql("datetime", ticksSql(x))}, '')`;
      if (kind === "boolean") return `coalesce((${x})::VARCHAR, '')`;
      return cutSql(kind === "float" ? numberText(x, kind) : `(${x})::VARCHAR`, limit);
    case "guid":
      return `(${x})::VARCHAR`;
    case "dynamic":
      return dynamicSql(kind === "nested" ? `to_json(${x})::VARCHAR` : `(${x})::VARCHAR`, limit, seed);
    case "timespan":
      return "NULL::BIGINT";
  }
}
