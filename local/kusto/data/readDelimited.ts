import { randomUUID } from "node:crypto";
import type { DuckDBConnection } from "@duckdb/node-api";
import { READING } from "./functions.ts";
import type { TextShape } from "./localSource.ts";
import { columnSelect } from "./mappedSql.ts";
import type { LocalSource } from "./read.ts";
import { quoteIdentifier, quoteLiteral } from "./sqlText.ts";
import { firstRecordWidth, readRecords } from "./textRows.ts";

const MAX_RECORD = 64 * 1024 * 1024;
const SMALLEST_BUFFER = 2 * 1024 * 1024;

function fastReader(file: string, width: number, delimiter: string, shape: TextShape, skip: boolean): string {
  const names = Array.from({ length: width }, (_, i) => `c${i}`);
  const line = Math.min(MAX_RECORD, Math.max(SMALLEST_BUFFER, shape.bytes));
  const options = [
    "auto_detect = false",
    "header = false",
    `delim = ${quoteLiteral(delimiter)}`,
    `quote = '"'`,
    `escape = '"'`,
    "new_line = '\\n'",
    `columns = {${names.map((name) => `${name}: 'VARCHAR'`).join(", ")}}`,
    `force_not_null = [${names.map(quoteLiteral).join(", ")}]`,
    "nullstr = ''",
    "strict_mode = true",
    `max_line_size = ${line}`,
    `buffer_size = ${Math.max(line, 32 * 1024 * 1024)}`,
    `skip = ${skip ? 1 : 0}`,
    // Threads begin in the middle of a file, and could take a line break inside quotes for the end of a record.
    `parallel = ${!shape.quotedBreaks}`,
  ];
  return `read_csv(${quoteLiteral(file)}, ${options.join(", ")})`;
}

function widthWanted(local: LocalSource): number {
  const ordinals = local.mapped.map((column) =>
    column?.constant === undefined && column?.transform !== "SourceLocation" ? (column?.ordinal ?? -1) : -1,
  );
  return Math.max(0, ...ordinals) + 1;
}

async function tryFast(
  local: LocalSource,
  shape: TextShape,
  delimiter: string,
  width: number,
): Promise<boolean> {
  const skip = local.request.ignoreFirstRecord === true;
  if (!shape.plain || shape.openQuote || width < 2) return false;
  // With "\r\n" DuckDB takes an empty last field and the next line for one field.
  if (shape.lineEnd === "\r\n" || (shape.quotedBreaks && skip)) return false;
  const select = columnSelect(local, (ordinal) => (ordinal < width ? `c${ordinal}` : undefined));
  try {
    await local.insert(`SELECT ${select} FROM ${fastReader(local.file, width, delimiter, shape, skip)}`);
    return true;
  } catch (error) {
    // It refuses what isn't one table of equal records; those are read record by record.
    if (error instanceof Error && /CSV/.test(error.message)) return false;
    throw error;
  }
}

/** Reads delimiter-separated text: DuckDB's reader where the text is plain, else record by record. */
export async function readDelimited(
  connection: DuckDBConnection,
  local: LocalSource,
  shape: TextShape,
  delimiter: string,
  backslash: boolean,
): Promise<void> {
  const first = backslash
    ? 0
    : await firstRecordWidth(local.file, { delimiter, backslash, emptyLines: true });
  if (first > 0 && (await tryFast(local, shape, delimiter, first))) return;
  const table = `t_${randomUUID()}`;
  const width = widthWanted(local);
  try {
    await readRecords(connection, local.file, table, {
      delimiter,
      backslash,
      emptyLines: width === 1,
      width,
      ignoreFirstRecord: local.request.ignoreFirstRecord === true,
      constantFields: local.request.constantFields === true,
      printable: local.printable,
    });
    const select = columnSelect(local, (ordinal) => `c${ordinal}`);
    await local.insert(`SELECT ${select} FROM ${READING}.main.${quoteIdentifier(table)}`);
  } finally {
    await connection.run(`DROP TABLE IF EXISTS ${READING}.main.${quoteIdentifier(table)}`);
  }
}
