import type { KustoType } from "../catalog.ts";
import type { Value } from "../engine/result.ts";
import { isoOfTicks, timespanOfTicks } from "../engine/ticks.ts";

/** A real as JSON can carry it: what has no number is text. */
function realJson(value: number): string {
  if (Number.isNaN(value)) return '"NaN"';
  if (!Number.isFinite(value)) return value > 0 ? '"Infinity"' : '"-Infinity"';
  if (Object.is(value, -0)) return "-0.0";
  // A real with no fraction still reads as a real.
  return Number.isInteger(value) && Math.abs(value) < 1e15 ? `${value}.0` : String(value);
}

/**
 * A value as JSON text, written by hand so that longs keep every digit. Datetimes, timespans, guids and decimals are
 * text; of a dynamic, bags and arrays are their JSON as text, and simple values are themselves
 * (`kusto/api/rest/response-http.md`).
 */
export function valueJson(value: Value, type: KustoType): string {
  if (value === null) return type === "string" ? '""' : "null";
  switch (type) {
    case "bool":
      return value ? "true" : "false";
    case "int":
    case "long":
      return String(value);
    case "real":
      return realJson(Number(value));
    case "datetime":
      return `"${isoOfTicks(BigInt(value))}"`;
    case "timespan":
      return `"${timespanOfTicks(BigInt(value))}"`;
    case "dynamic":
      return dynamicJson(String(value));
    default:
      return JSON.stringify(String(value));
  }
}

function dynamicJson(text: string): string {
  return /^\s*[[{]/.test(text) ? JSON.stringify(text) : text;
}

const DATA_TYPES: Readonly<Record<KustoType, string>> = {
  bool: "SByte",
  int: "Int32",
  long: "Int64",
  real: "Double",
  decimal: "SqlDecimal",
  datetime: "DateTime",
  timespan: "TimeSpan",
  guid: "Guid",
  string: "String",
  dynamic: "Object",
};

export function dataType(type: KustoType): string {
  return DATA_TYPES[type];
}

export function columnsV1(columns: readonly { readonly name: string; readonly type: KustoType }[]): string {
  const items = columns.map(
    (column) =>
      `{"ColumnName":${JSON.stringify(column.name)},"DataType":"${dataType(column.type)}","ColumnType":"${column.type}"}`,
  );
  return `[${items.join(",")}]`;
}

export function columnsV2(columns: readonly { readonly name: string; readonly type: KustoType }[]): string {
  return `[${columns.map((column) => `{"ColumnName":${JSON.stringify(column.name)},"ColumnType":"${column.type}"}`).join(",")}]`;
}

export function rowJson(row: readonly Value[], columns: readonly { readonly type: KustoType }[]): string {
  return `[${columns.map((column, index) => valueJson(row[index] ?? null, column.type)).join(",")}]`;
}
