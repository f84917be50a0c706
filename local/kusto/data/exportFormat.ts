import type { KustoColumn, KustoType } from "../catalog.ts";
import { textSql, timestampSql } from "./columnText.ts";
import { quoteIdentifier, quoteLiteral } from "./sqlText.ts";

export type ExportFormat = "csv" | "tsv" | "json" | "parquet";
export type ParquetCompression = "gzip" | "snappy" | "lz4_raw" | "brotli" | "zstd";

export interface FileStyle {
  readonly format: ExportFormat;
  readonly compression: "none" | ParquetCompression;
  readonly precision: "millisecond" | "microsecond";
  readonly rowGroupSize: number;
}

/** The end of an artifact's name: parquet has its inner codec before it, text files are zipped as a whole. */
export function extensionOf(style: FileStyle, given: string | undefined): string {
  const dotted = given === undefined ? undefined : given.startsWith(".") ? given : `.${given}`;
  if (style.format === "parquet") {
    const codec =
      style.compression === "none" ? "" : style.compression === "gzip" ? ".gz" : `.${style.compression}`;
    return dotted ?? `${codec}.parquet`;
  }
  return `${dotted ?? `.${style.format}`}${style.compression === "none" ? "" : ".gz"}`;
}

function parquetSql(type: KustoType, x: string, precision: FileStyle["precision"]): string {
  if (type === "datetime")
    return precision === "microsecond"
      ? timestampSql(x)
      : `${timestampSql(`(${x} // 10000 * 10000)`)}::TIMESTAMP_MS`;
  // Parquet has decimals of one scale for a whole column: 34 digits, half of them after the point.
  if (type === "decimal") return `TRY_CAST(${x} AS DECIMAL(34, 17))`;
  return x;
}

function jsonSql(type: KustoType, x: string): string {
  switch (type) {
    case "bool":
    case "int":
    case "long":
      return `${x}::VARCHAR`;
    case "dynamic":
      return x;
    case "real":
      return `CASE WHEN isfinite(${x}) THEN ${textSql("real", x)} ELSE '"' || ${textSql("real", x)} || '"' END`;
    default:
      return `to_json(${textSql(type, x)})::VARCHAR`;
  }
}

function jsonLineSql(columns: readonly KustoColumn[]): string {
  const entries = columns.map(
    (column) =>
      `${quoteLiteral(`${JSON.stringify(column.name)}:`)} || coalesce(${jsonSql(column.type, quoteIdentifier(column.name))}, 'null')`,
  );
  return `'{' || ${entries.join(" || ',' || ")} || '}'`;
}

/** A COPY statement that writes the rows of a select to one local file in an export's format. */
export function copySql(
  sql: string,
  columns: readonly KustoColumn[],
  style: FileStyle,
  header: boolean,
  file: string,
): string {
  const named = (convert: (column: KustoColumn, x: string) => string): string =>
    columns
      .map((column) => `${convert(column, quoteIdentifier(column.name))} AS ${quoteIdentifier(column.name)}`)
      .join(", ");
  if (style.format === "parquet") {
    const codec = style.compression === "none" ? "uncompressed" : style.compression;
    const select = named((column, x) => parquetSql(column.type, x, style.precision));
    return `COPY (SELECT ${select} FROM (${sql})) TO ${file} (FORMAT parquet, COMPRESSION ${codec}, ROW_GROUP_SIZE ${style.rowGroupSize})`;
  }
  if (style.format === "json") {
    // A JSON text holds no control characters, so that none of these can occur in a line.
    return `COPY (SELECT ${jsonLineSql(columns)} AS line FROM (${sql})) TO ${file} (FORMAT csv, HEADER false, QUOTE '', ESCAPE '', DELIMITER '\u0001')`;
  }
  const delimiter = style.format === "csv" ? "," : "\t";
  const select = named((column, x) => textSql(column.type, x));
  return `COPY (SELECT ${select} FROM (${sql})) TO ${file} (FORMAT csv, HEADER ${header}, DELIMITER '${delimiter}', QUOTE '"', ESCAPE '"', NULLSTR '')`;
}
