import type { KustoType } from "../catalog.ts";
import { semanticError } from "../kustoError.ts";
import { physicalType } from "../physicalType.ts";
import { datetimeTicks } from "./datetimeText.ts";
import { guidText } from "./guidText.ts";
import { bigintSql, call, nullOf, quoted, type Scalar, scalar, stringLiteral, stringOf } from "./sql.ts";
import { timespanTicks } from "./timespanText.ts";

const EPOCH_MICROSECONDS = "62135596800000000";

/** A datetime's moment as a DuckDB TIMESTAMP, cut to microseconds. */
export function timestampOf(ticks: string): string {
  return `make_timestamp((${ticks}) // 10 - ${EPOCH_MICROSECONDS})`;
}

/** Ticks of a DuckDB TIMESTAMP. */
export function ticksOfTimestamp(timestamp: string): string {
  return `((epoch_us(${timestamp}) + ${EPOCH_MICROSECONDS}) * 10)`;
}

export function datetimeTextSql(ticks: string): string {
  return `(strftime(${timestampOf(ticks)}, '%Y-%m-%dT%H:%M:%S.%f') || ((${ticks}) % 10) || 'Z')`;
}

function timespanTextSql(t: string): string {
  const size = `abs(${t})`;
  const clock = `strftime(make_timestamp((${size} % 864000000000) // 10), '%H:%M:%S')`;
  const days = `CASE WHEN ${size} >= 864000000000 THEN (${size} // 864000000000) || '.' ELSE '' END`;
  const fraction = `CASE WHEN ${size} % 10000000 <> 0 THEN '.' || lpad((${size} % 10000000)::VARCHAR, 7, '0') ELSE '' END`;
  const text = `(CASE WHEN (${t}) < 0 THEN '-' ELSE '' END || ${days} || ${clock} || ${fraction})`;
  // The smallest timespan has no positive counterpart.
  return `CASE WHEN (${t}) = (-9223372036854775808)::BIGINT THEN '-10675199.02:48:05.4775808' ELSE ${text} END`;
}

export function realTextSql(r: string): string {
  const special = `CASE WHEN isnan(${r}) THEN 'NaN' WHEN (${r}) > 0 THEN 'Infinity' ELSE '-Infinity' END`;
  return `CASE WHEN isfinite(${r}) THEN (${r})::VARCHAR ELSE ${special} END`;
}

/** The text of a value, NULL where the value is null. */
export function textSql(s: Scalar): string {
  switch (s.type) {
    case "string":
    case "guid":
    case "decimal":
      return s.sql;
    case "bool":
      return `CASE WHEN ${s.sql} THEN 'true' WHEN NOT (${s.sql}) THEN 'false' END`;
    case "int":
    case "long":
      return `(${s.sql})::VARCHAR`;
    case "real":
      return `CASE WHEN (${s.sql}) IS NOT NULL THEN ${realTextSql(s.sql)} END`;
    case "datetime":
      return datetimeTextSql(s.sql);
    case "timespan":
      return `CASE WHEN (${s.sql}) IS NOT NULL THEN ${timespanTextSql(s.sql)} END`;
    case "dynamic":
      // Only a string needs unpacking; other values are their text.
      return `CASE WHEN starts_with(${s.sql}, '"') THEN kusto_json_text(${s.sql}) ELSE ${s.sql} END`;
  }
}

/** `tostring()`: the empty string for null (`query/tostring-function.md`). */
export function toText(s: Scalar): Scalar {
  if (s.type === "string") return s;
  return s.nullable ? stringOf(textSql(s)) : scalar(textSql(s), "string");
}

/** A value as JSON text, NULL for null: the physical form of dynamic. */
export function toDynamic(s: Scalar): Scalar {
  const made = (sql: string) => scalar(sql, "dynamic", s.nullable);
  switch (s.type) {
    case "dynamic":
      return s;
    case "bool":
    case "int":
    case "long":
      return made(textSql(s));
    case "real":
      // JSON has no form for what isn't finite, so that becomes a string (`query/scalar-data-types/dynamic.md`).
      return made(
        `CASE WHEN isfinite(${s.sql}) THEN (${s.sql})::VARCHAR WHEN (${s.sql}) IS NOT NULL THEN '"' || ${realTextSql(s.sql)} || '"' END`,
      );
    case "string":
      return made(`to_json(${s.sql})::VARCHAR`);
    default:
      return made(`('"' || ${textSql(s)} || '"')`);
  }
}

/** A value as it stands inside an array or a bag. */
export function toElement(s: Scalar): string {
  const value = toDynamic(s);
  return value.nullable ? `COALESCE(${value.sql}, 'null')` : value.sql;
}

const INTEGER_TEXT = String.raw`\s*([-+]?[0-9]+|0[xX][0-9a-fA-F]{1,16})\s*`;

function integerOf(s: Scalar, type: "int" | "long", hex: boolean): string {
  const target = physicalType(type);
  switch (s.type) {
    case "bool":
      return `(${s.sql})::${target}`;
    case "int":
    case "long":
      return s.type === type || type === "long" ? `(${s.sql})::${target}` : `TRY_CAST(${s.sql} AS INTEGER)`;
    case "real":
      return `TRY_CAST(CASE WHEN isfinite(${s.sql}) THEN trunc(${s.sql}) END AS ${target})`;
    case "decimal":
      return `TRY_CAST(kusto_decimal_long(${s.sql}) AS ${target})`;
    case "datetime":
    case "timespan":
      return `TRY_CAST(${s.sql} AS ${target})`;
    case "dynamic":
      return `TRY_CAST(kusto_json_long(${s.sql}) AS ${target})`;
    case "string":
      return hex
        ? `TRY_CAST(${s.sql} AS ${target})`
        : `TRY_CAST(CASE WHEN regexp_full_match(${s.sql}, '${INTEGER_TEXT}') THEN trim(${s.sql}, ' ' || chr(9) || chr(10) || chr(13)) END AS ${target})`;
    case "guid":
      throw semanticError(`Cannot convert a value of type guid to ${type}`);
  }
}

function realOf(s: Scalar): string {
  switch (s.type) {
    case "real":
      return s.sql;
    case "dynamic":
      return `kusto_json_real(${s.sql})`;
    case "string":
      // DuckDB would read digits grouped by underscores.
      return `TRY_CAST(replace(${s.sql}, '_', 'x') AS DOUBLE)`;
    case "guid":
      throw semanticError("Cannot convert a value of type guid to real");
    default:
      return `TRY_CAST(${s.sql} AS DOUBLE)`;
  }
}

function decimalOf(s: Scalar): string {
  switch (s.type) {
    case "decimal":
      return s.sql;
    case "int":
    case "long":
      return `kusto_decimal((${s.sql})::VARCHAR)`;
    case "real":
      return `kusto_decimal(CASE WHEN isfinite(${s.sql}) THEN (${s.sql})::VARCHAR END)`;
    case "string":
    case "dynamic":
      return `kusto_decimal(${textSql(s)})`;
    default:
      throw semanticError(`Cannot convert a value of type ${s.type} to decimal`);
  }
}

function boolOf(s: Scalar): string {
  switch (s.type) {
    case "bool":
      return s.sql;
    case "int":
    case "long":
    case "real":
      return `((${s.sql}) <> 0)`;
    case "string":
      return `kusto_bool(${s.sql})`;
    case "dynamic":
      return `kusto_json_bool(${s.sql})`;
    default:
      throw semanticError(`Cannot convert a value of type ${s.type} to bool`);
  }
}

const MAX_TICKS = "3155378975999999999";

function ticksSql(ticks: bigint | undefined): string {
  return ticks === undefined ? "NULL::BIGINT" : bigintSql(ticks);
}

function datetimeOf(s: Scalar): string {
  if (s.type === "string" && s.literal !== undefined) return ticksSql(datetimeTicks(s.literal));
  switch (s.type) {
    case "datetime":
      return s.sql;
    case "long":
    case "int":
      return `CASE WHEN (${s.sql}) BETWEEN 0 AND ${MAX_TICKS} THEN (${s.sql})::BIGINT END`;
    case "string":
    case "dynamic":
      return `kusto_datetime(${textSql(s)})`;
    default:
      throw semanticError(`Cannot convert a value of type ${s.type} to datetime`);
  }
}

function timespanOf(s: Scalar): string {
  if (s.type === "string" && s.literal !== undefined) return ticksSql(timespanTicks(s.literal));
  switch (s.type) {
    case "timespan":
    case "long":
    case "int":
      return `(${s.sql})::BIGINT`;
    case "string":
    case "dynamic":
      return `kusto_timespan(${textSql(s)})`;
    default:
      throw semanticError(`Cannot convert a value of type ${s.type} to timespan`);
  }
}

const GUID_PARTS = "([0-9a-f]{8})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{12})";

function guidOf(s: Scalar): string {
  if (s.type === "string" && s.literal !== undefined) {
    const value = guidText(s.literal);
    return value === undefined ? "NULL::VARCHAR" : quoted(value);
  }
  switch (s.type) {
    case "guid":
      return s.sql;
    case "string":
    case "dynamic": {
      // Hyphens may stand anywhere (`query/toguid-function.md`).
      const digits = `replace(lower(trim(${textSql(s)}, ' {}')), '-', '')`;
      return `CASE WHEN regexp_full_match(${digits}, '${GUID_PARTS}') THEN regexp_replace(${digits}, '${GUID_PARTS}', '\\1-\\2-\\3-\\4-\\5') END`;
    }
    default:
      throw semanticError(`Cannot convert a value of type ${s.type} to guid`);
  }
}

/** A value in another type, as the `to…()` functions convert; null where it has no form there. */
export function convert(s: Scalar, type: KustoType, hex = false): Scalar {
  if (s.type === type) return s;
  if (s.sql.startsWith("NULL::")) return nullOf(type);
  const made = (sql: string): Scalar => scalar(sql, type, true);
  switch (type) {
    case "string":
      return toText(s);
    case "dynamic":
      return toDynamic(s);
    case "int":
    case "long": {
      const widened = s.type === "int" && type === "long";
      if (s.literal !== undefined && widened) return { ...s, sql: `${s.sql}::BIGINT`, type };
      return scalar(integerOf(s, type, hex), type, widened ? s.nullable : true);
    }
    case "real":
      return scalar(realOf(s), "real", s.type === "int" || s.type === "long" ? s.nullable : true);
    case "decimal":
      return made(decimalOf(s));
    case "bool":
      return made(boolOf(s));
    case "datetime":
      return made(datetimeOf(s));
    case "timespan":
      return made(timespanOf(s));
    case "guid":
      return made(guidOf(s));
  }
}

/** `gettype()` (`query/gettype-function.md`). */
export function typeName(s: Scalar): Scalar {
  if (s.type !== "dynamic") return stringLiteral(s.type);
  return scalar(`COALESCE(${call("kusto_json_type", s.sql)}, 'null')`, "string");
}
