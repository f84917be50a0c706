import type { KustoColumn, KustoType } from "../catalog.ts";
import { quoteIdentifier } from "./sqlText.ts";

const EPOCH_MICROSECONDS = "62135596800000000";

/** SQL for a DuckDB timestamp, truncated to the microsecond, of a column of ticks. */
export function timestampSql(ticks: string): string {
  return `make_timestamp(${ticks} // 10 - ${EPOCH_MICROSECONDS})`;
}

function datetimeSql(x: string): string {
  return `strftime(${timestampSql(x)}, '%Y-%m-%dT%H:%M:%S.%f') || chr((48 + ${x} % 10)::INTEGER) || 'Z'`;
}

function timespanSql(x: string): string {
  // The smallest timespan has no positive counterpart among 64-bit integers.
  const a = `abs(${x}::HUGEINT)`;
  const part = (unit: string, of: string): string => `lpad((${a} // ${unit} % ${of})::VARCHAR, 2, '0')`;
  const days = `CASE WHEN ${a} >= 864000000000 THEN (${a} // 864000000000)::VARCHAR || '.' ELSE '' END`;
  const fraction = `CASE WHEN ${a} % 10000000 = 0 THEN '' ELSE '.' || lpad((${a} % 10000000)::VARCHAR, 7, '0') END`;
  return `CASE WHEN ${x} < 0 THEN '-' ELSE '' END || ${days} || ${part("36000000000", "24")} || ':' || ${part("600000000", "60")} || ':' || ${part("10000000", "60")} || ${fraction}`;
}

function realSql(x: string): string {
  return `CASE WHEN isfinite(${x}) THEN (${x})::VARCHAR WHEN isnan(${x}) THEN 'NaN' WHEN ${x} > 0 THEN 'Infinity' WHEN ${x} < 0 THEN '-Infinity' END`;
}

/**
 * SQL for the text that an export writes for a value: shortest text that reads back as the same number,
 * ISO 8601 with seven digits, `d.hh:mm:ss.fffffff`, JSON for dynamic (`kusto/query/scalar-data-types/*.md`).
 */
export function textSql(type: KustoType, x: string): string {
  switch (type) {
    case "bool":
      return `CASE WHEN ${x} THEN 'true' WHEN NOT ${x} THEN 'false' END`;
    case "real":
      return realSql(x);
    case "datetime":
      return datetimeSql(x);
    case "timespan":
      return timespanSql(x);
    default:
      return x;
  }
}

const FIXED_WIDTH: Readonly<Record<KustoType, number>> = {
  bool: 5,
  int: 11,
  long: 20,
  real: 24,
  decimal: 0,
  datetime: 28,
  timespan: 26,
  guid: 36,
  string: 0,
  dynamic: 0,
};

/** SQL for about how many bytes a row takes as text. */
export function rowSizeSql(columns: readonly KustoColumn[]): string {
  const fixed = columns.reduce((sum, column) => sum + FIXED_WIDTH[column.type] + 1, 0);
  const texts = columns
    .filter((column) => FIXED_WIDTH[column.type] === 0)
    .map((column) => `coalesce(strlen(${quoteIdentifier(column.name)}), 0)`);
  return [String(fixed), ...texts].join(" + ");
}
