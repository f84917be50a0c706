import type { DuckDBConnection } from "@duckdb/node-api";
import type { KustoColumn } from "../catalog.ts";
import { ingestionError } from "./ingestionError.ts";
import { emptySql, givenSql, limitOf } from "./mappedSql.ts";
import { type ParquetKind, parquetKind, parquetValueSql } from "./parquetColumn.ts";
import type { LocalSource } from "./read.ts";
import { quoteIdentifier, quoteLiteral } from "./sqlText.ts";
import { unixTimeSql } from "./textColumn.ts";

interface Field {
  readonly type: string;
  /** Physical type of the column in the file. */
  readonly physical: string;
}

async function fieldsOf(connection: DuckDBConnection, local: LocalSource): Promise<Map<string, Field>> {
  const file = quoteLiteral(local.file);
  try {
    const described = (
      await connection.runAndReadAll(`DESCRIBE SELECT * FROM read_parquet(${file})`)
    ).getRows();
    const schema = (
      await connection.runAndReadAll(
        `SELECT name, type, converted_type, logical_type FROM parquet_schema(${file})`,
      )
    ).getRows();
    const physical = new Map(schema.map(([name, type]) => [String(name), String(type)]));
    return new Map(
      described.map(([name, type]) => [
        String(name),
        { type: String(type), physical: physical.get(String(name)) ?? "" },
      ]),
    );
  } catch {
    throw ingestionError("BadRequest_NoRecordsOrWrongFormat", `'${local.printable}' is not a Parquet file.`);
  }
}

/** The SQL and kind of the field at a path from the record down; undefined where the file has none. */
function fieldAt(
  fields: ReadonlyMap<string, Field>,
  path: readonly (string | number)[],
): { sql: string; kind: ParquetKind } | undefined {
  if (path.length === 0) {
    const entries = [...fields.keys()].map((name) => `${quoteIdentifier(name)} := ${quoteIdentifier(name)}`);
    return { sql: `struct_pack(${entries.join(", ")})`, kind: "nested" };
  }
  const field = fields.get(String(path[0]));
  if (field === undefined) return undefined;
  const sql = quoteIdentifier(String(path[0]));
  if (path.length === 1) return { sql, kind: parquetKind(field.type, field.physical) };
  // What lies inside a nested field is taken from it as JSON.
  const steps = path
    .slice(1)
    .map((step) => (typeof step === "number" ? `[${step}]` : `."${step.replaceAll('"', '\\"')}"`));
  return { sql: `json_extract(to_json(${sql}), ${quoteLiteral(`$${steps.join("")}`)})`, kind: "extracted" };
}

function columnSql(
  local: LocalSource,
  fields: ReadonlyMap<string, Field>,
  column: KustoColumn,
  i: number,
): string {
  const mapped = local.mapped[i];
  if (mapped === undefined) return emptySql(column);
  const given = givenSql(local, column, mapped);
  if (given !== undefined) return given;
  const found = mapped.path === undefined ? undefined : fieldAt(fields, mapped.path);
  if (found === undefined) return emptySql(column);
  const time = mapped.transform === undefined ? undefined : unixTimeSql(mapped.transform, found.sql);
  return time ?? parquetValueSql(column, found.sql, found.kind, limitOf(local, column), local.seed);
}

const MAX_RECORD = 64 * 1024 * 1024;

/** A record over 64 MB fails (`kusto/query/scalar-data-types/string.md`); only a row group larger than that can hold one. */
async function checkRecords(
  connection: DuckDBConnection,
  local: LocalSource,
  fields: ReadonlyMap<string, Field>,
): Promise<void> {
  const file = quoteLiteral(local.file);
  const groups = `SELECT sum(total_uncompressed_size)::DOUBLE AS size FROM parquet_metadata(${file}) GROUP BY row_group_id`;
  const largest = (
    await connection.runAndReadAll(`SELECT coalesce(max(size), 0) FROM (${groups})`)
  ).getRows()[0]?.[0];
  const texts = [...fields]
    .filter(([, field]) => field.type === "VARCHAR")
    .map(([name]) => `coalesce(strlen(${quoteIdentifier(name)}), 0)`);
  if (Number(largest ?? 0) <= MAX_RECORD || texts.length === 0) return;
  const longest = (
    await connection.runAndReadAll(`SELECT max(${texts.join(" + ")}) FROM read_parquet(${file})`)
  ).getRows()[0]?.[0];
  if (Number(longest ?? 0) > MAX_RECORD)
    throw ingestionError(
      "Stream_InputStreamTooLarge",
      `A record in '${local.printable}' is larger than 64 MB.`,
    );
}

/** Reads a Parquet file by its columns' names or the mapping's paths, with the documented conversions and no others (`kusto/management/parquet-mapping.md`). */
export async function readParquet(connection: DuckDBConnection, local: LocalSource): Promise<void> {
  const fields = await fieldsOf(connection, local);
  await checkRecords(connection, local, fields);
  const select = local.columns.map((column, i) => columnSql(local, fields, column, i)).join(", ");
  await local.insert(`SELECT ${select} FROM read_parquet(${quoteLiteral(local.file)})`);
}
