import type { KustoColumn } from "../catalog.ts";
import { physicalType } from "../physicalType.ts";
import type { Transform } from "./mapping.ts";

/** Largest string or dynamic value without an encoding policy (`kusto/query/scalar-data-types/string.md`, `dynamic.md`). */
export const DEFAULT_MAX_VALUE_SIZE = 1024 * 1024;

const EPOCH_TICKS = "621355968000000000";
const LAST_TICK = "3155378975999999999";
function datetimeSql(x: string): string {
  const usual = String.raw`regexp_full_match(${x}, '[0-9]{4}-[0-9]{2}-[0-9]{2}[T ]([01][0-9]|2[0-3]):[0-9]{2}:[0-9]{2}\.[0-9]{7}Z')`;
  const ticks = `(epoch_us(TRY_CAST(left(${x}, 26) AS TIMESTAMP)) + 62135596800000000) * 10 + (ascii(${x}[27]) - 48)`;
  return `CASE WHEN ${usual} THEN CASE WHEN left(${x}, 4) <> '0000' THEN ${ticks} END ELSE kd_datetime(${x}) END`;
}

function realSql(x: string): string {
  const number = String.raw`regexp_full_match(${x}, '\s*[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?\s*')`;
  const t = `lower(trim(${x}))`;
  return `CASE WHEN ${number} THEN TRY_CAST(${x} AS DOUBLE) WHEN ${t} = 'nan' THEN 'nan'::DOUBLE WHEN ${t} IN ('infinity', '+infinity', 'inf', '+inf', '∞') THEN 'inf'::DOUBLE WHEN ${t} IN ('-infinity', '-inf', '-∞') THEN '-inf'::DOUBLE END`;
}

/** SQL for a string cut to what a column holds; the value is truncated and ingestion succeeds. */
export function cutSql(x: string, limit: number): string {
  return `CASE WHEN strlen(${x}) > ${limit} THEN kd_cut(${x}, ${limit}) ELSE coalesce(${x}, '') END`;
}

/** SQL for a dynamic value of JSON text; one over the limit is lost, since what was left would be no JSON. */
export function dynamicSql(x: string, limit: number, seed: number): string {
  return `CASE WHEN strlen(${x}) <= ${limit} THEN kd_dynamic(${x}, ${seed}) END`;
}

/**
 * SQL that turns the text of a field into a column's value. Exact for what Kusto's types hold; a text that is
 * none of the type's gives null, in a string column the empty text.
 */
export function valueSql(column: KustoColumn, x: string, limit: number, seed: number): string {
  const whole = String.raw`regexp_full_match(${x}, '\s*[+-]?[0-9]+\s*')`;
  switch (column.type) {
    case "bool":
      return `CASE WHEN lower(trim(${x})) IN ('true', '1') THEN true WHEN lower(trim(${x})) IN ('false', '0') THEN false END`;
    case "int":
    case "long":
      return `CASE WHEN ${whole} THEN TRY_CAST(${x} AS ${physicalType(column.type)}) END`;
    case "real":
      return realSql(x);
    case "decimal":
      return String.raw`CASE WHEN regexp_full_match(${x}, '-?[1-9][0-9]{0,15}|-?(0|[1-9][0-9]{0,15})\.[0-9]{0,15}[1-9]') THEN ${x} ELSE kd_decimal(${x}) END`;
    case "datetime":
      return datetimeSql(x);
    case "timespan":
      return `kd_timespan(${x})`;
    case "guid":
      return `CASE WHEN regexp_full_match(${x}, '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}') THEN ${x} ELSE kd_guid(${x}) END`;
    case "string":
      return cutSql(x, limit);
    case "dynamic":
      return dynamicSql(x, limit, seed);
  }
}

const TICKS_PER_UNIT: Partial<Readonly<Record<Transform, string>>> = {
  DateTimeFromUnixSeconds: "10000000",
  DateTimeFromUnixMilliseconds: "10000",
  DateTimeFromUnixMicroseconds: "10",
};

/** SQL for the ticks of a number that counts since 1970 (`kusto/management/mappings.md`, transformations); undefined for other transformations. */
export function unixTimeSql(transform: Transform, number: string): string | undefined {
  const unit = TICKS_PER_UNIT[transform];
  const since =
    unit !== undefined
      ? `TRY_CAST(${number} AS HUGEINT) * ${unit}`
      : transform === "DateTimeFromUnixNanoseconds"
        ? `TRY_CAST(${number} AS HUGEINT) // 100`
        : undefined;
  if (since === undefined) return undefined;
  const ticks = `(${since} + ${EPOCH_TICKS})`;
  return `CASE WHEN ${ticks} BETWEEN 0 AND ${LAST_TICK} THEN ${ticks}::BIGINT END`;
}
