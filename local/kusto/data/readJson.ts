import { randomUUID } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import type { DuckDBConnection } from "@duckdb/node-api";
import type { KustoColumn } from "../catalog.ts";
import { type Json, parseJson, printJson } from "../kql/values.ts";
import { notSupported } from "../kustoError.ts";
import { READING } from "./functions.ts";
import { ingestionError } from "./ingestionError.ts";
import { JsonDocumentError, jsonDocuments } from "./jsonDocuments.ts";
import { emptySql, givenSql, limitOf } from "./mappedSql.ts";
import type { LocalSource } from "./read.ts";
import { quoteIdentifier } from "./sqlText.ts";
import { unixTimeSql, valueSql } from "./textColumn.ts";
import { createTextTable } from "./textRows.ts";

/** Longest text that a JavaScript string holds, and largest record that Kusto takes. */
const MAX_FILE = 512 * 1024 * 1024;
const MAX_RECORD = 64 * 1024 * 1024;

function malformed(local: LocalSource): never {
  throw ingestionError(
    "BadRequest_NoRecordsOrWrongFormat",
    `The content of '${local.printable}' is not of the JSON format that was given.`,
  );
}

function at(record: Json, path: readonly (string | number)[]): Json | undefined {
  let node: Json | undefined = record;
  for (const step of path) {
    if (node?.kind === "object") node = node.entries.find(([name]) => name === String(step))?.[1];
    else if (node?.kind === "array" && typeof step === "number") node = node.items[step];
    else return undefined;
  }
  return node;
}

function cell(column: KustoColumn, node: Json | undefined): string | null {
  if (node === undefined || node.kind === "null") return null;
  return node.kind === "string" && column.type !== "dynamic" ? node.value : printJson(node);
}

function* records(text: string, format: "json" | "singlejson" | "multijson"): Generator<Json> {
  if (format === "json") {
    for (const line of text.split("\n")) {
      if (line.trim() === "") continue;
      const value = parseJson(line);
      if (value === undefined) throw new JsonDocumentError("not valid JSON");
      if (line.length > MAX_RECORD)
        throw ingestionError("Stream_InputStreamTooLarge", "A record is larger than 64 MB.");
      yield value;
    }
    return;
  }
  for (const value of jsonDocuments(text)) {
    if (value.kind === "array") yield* value.items;
    else yield value;
  }
}

/**
 * Reads JSON documents: one on each line (`json`), or an array of them or any number with white space between
 * (`multijson`), by name or by the mapping's paths (`ingestion-supported-formats.md`, `kusto/management/json-mapping.md`).
 */
export async function readJson(
  connection: DuckDBConnection,
  local: LocalSource,
  format: "json" | "singlejson" | "multijson",
): Promise<void> {
  if ((await stat(local.file)).size >= MAX_FILE) throw notSupported("JSON data of 512 MB and more");
  const table = `t_${randomUUID()}`;
  try {
    const target = await createTextTable(connection, table, local.columns.length);
    const paths = local.mapped.map((mapped) => mapped?.path);
    let skip = local.request.ignoreFirstRecord === true;
    try {
      for (const record of records(await readFile(local.file, "utf8"), format)) {
        if (record.kind !== "object") malformed(local);
        if (skip) skip = false;
        else
          target.add(
            local.columns.map((column, i) =>
              cell(column, paths[i] === undefined ? undefined : at(record, paths[i])),
            ),
          );
      }
    } catch (error) {
      if (error instanceof JsonDocumentError) malformed(local);
      throw error;
    } finally {
      target.close();
    }
    const select = local.columns.map((column, i) => {
      const mapped = local.mapped[i];
      if (mapped === undefined) return emptySql(column);
      const time = mapped.transform === undefined ? undefined : unixTimeSql(mapped.transform, `c${i}`);
      return (
        givenSql(local, column, mapped) ??
        time ??
        valueSql(column, `c${i}`, limitOf(local, column), local.seed)
      );
    });
    await local.insert(`SELECT ${select.join(", ")} FROM ${READING}.main.${quoteIdentifier(table)}`);
  } finally {
    await connection.run(`DROP TABLE IF EXISTS ${READING}.main.${quoteIdentifier(table)}`);
  }
}
