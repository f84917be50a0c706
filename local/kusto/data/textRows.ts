import { createReadStream } from "node:fs";
import { type DuckDBConnection, DuckDBDataChunk, VARCHAR } from "@duckdb/node-api";
import { type CsvStyle, csvParser } from "./csvParser.ts";
import { READING } from "./functions.ts";
import { ingestionError } from "./ingestionError.ts";
import { quoteIdentifier } from "./sqlText.ts";

const BATCH = 2048;

/** Appends rows of texts to a table of VARCHAR columns `c0`, `c1`, … that it creates. */
export interface TextTable {
  readonly add: (row: readonly (string | null)[]) => void;
  readonly close: () => void;
}

export async function createTextTable(
  connection: DuckDBConnection,
  table: string,
  width: number,
): Promise<TextTable> {
  const columns = Array.from({ length: width }, (_, i) => `c${i} VARCHAR`).join(", ");
  await connection.run(`CREATE TABLE ${READING}.main.${quoteIdentifier(table)} (${columns})`);
  const appender = await connection.createAppender(table, "main", READING);
  const types = Array.from({ length: width }, () => VARCHAR);
  let batch: (string | null)[][] = Array.from({ length: width }, () => []);
  let rows = 0;
  const flush = (): void => {
    if (rows === 0) return;
    const chunk = DuckDBDataChunk.create(types, rows);
    chunk.setColumns(batch);
    appender.appendDataChunk(chunk);
    batch = Array.from({ length: width }, () => []);
    rows = 0;
  };
  return {
    add: (row) => {
      for (let i = 0; i < width; i++) batch[i]?.push(row[i] ?? null);
      rows += 1;
      if (rows === BATCH) flush();
    },
    close: () => {
      flush();
      appender.closeSync();
    },
  };
}

/** How the fields of a delimiter-separated text are taken. */
export interface RecordOptions extends CsvStyle {
  readonly width: number;
  readonly ignoreFirstRecord: boolean;
  /** Refuse records with another number of fields than the first (`ValidationPolicy`, in `kusto/ingestion-properties.md`). */
  readonly constantFields: boolean;
  readonly printable: string;
}

/** Reads a local text file record by record into a table; fields that a record lacks become NULL, more are left out. */
export async function readRecords(
  connection: DuckDBConnection,
  file: string,
  table: string,
  options: RecordOptions,
): Promise<void> {
  const target = await createTextTable(connection, table, options.width);
  let skip = options.ignoreFirstRecord;
  let expected: number | undefined;
  const parser = csvParser(
    options,
    (fields) => {
      expected ??= fields.length;
      if (options.constantFields && fields.length !== expected)
        throw ingestionError(
          "Stream_WrongNumberOfFields",
          `Stream with ID '${options.printable}' has a malformed CSV format, failing per ValidationOptions policy: a record has ${fields.length} fields where others have ${expected}.`,
        );
      if (skip) skip = false;
      else target.add(fields);
    },
    (problem) => {
      if (problem === "closingQuoteMissing")
        throw ingestionError(
          "Stream_ClosingQuoteMissing",
          `Stream with ID '${options.printable}' has a malformed CSV format: a closing quote is missing.`,
        );
      throw ingestionError(
        "Stream_InputStreamTooLarge",
        `A record in '${options.printable}' is larger than 64 MB.`,
      );
    },
  );
  try {
    for await (const chunk of createReadStream(file, { encoding: "utf8", highWaterMark: 1024 * 1024 }))
      parser.write(String(chunk));
    parser.end();
  } finally {
    target.close();
  }
}

class FirstRecord extends Error {}

/** How many fields the first record of a local text file has. */
export async function firstRecordWidth(file: string, style: CsvStyle): Promise<number> {
  let width = 0;
  const stop = (): never => {
    throw new FirstRecord();
  };
  const parser = csvParser(
    style,
    (fields) => {
      width = fields.length;
      stop();
    },
    stop,
  );
  try {
    for await (const chunk of createReadStream(file, { encoding: "utf8", highWaterMark: 64 * 1024 }))
      parser.write(String(chunk));
    parser.end();
  } catch (error) {
    if (!(error instanceof FirstRecord)) throw error;
  }
  return width;
}
