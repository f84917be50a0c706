import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import type { DuckDBConnection } from "@duckdb/node-api";
import type { KustoColumn } from "../catalog.ts";
import { READING } from "./functions.ts";
import { ingestionError } from "./ingestionError.ts";
import { type JsonNode, JsonTextError, jsonReader, printJson, writtenOrder } from "./jsonText.ts";
import { emptySql, givenSql, limitOf } from "./mappedSql.ts";
import type { LocalSource } from "./read.ts";
import { quoteIdentifier } from "./sqlText.ts";
import { unixTimeSql, valueSql } from "./textColumn.ts";
import { createTextTable } from "./textRows.ts";

function malformed(local: LocalSource): never {
  throw ingestionError(
    "BadRequest_NoRecordsOrWrongFormat",
    `The content of '${local.printable}' is not of the JSON format that was given.`,
  );
}

function at(record: JsonNode, path: readonly (string | number)[]): JsonNode | undefined {
  let node: JsonNode | undefined = record;
  for (const step of path) {
    if (node?.kind === "bag") node = node.entries.get(String(step));
    else if (node?.kind === "array" && typeof step === "number") node = node.items[step];
    else return undefined;
  }
  return node;
}

function cell(column: KustoColumn, node: JsonNode | undefined): string | null {
  if (node === undefined || node.kind === "null") return null;
  if (column.type === "dynamic" || node.kind === "bag" || node.kind === "array")
    return printJson(node, writtenOrder);
  return node.kind === "string" ? node.value : printJson(node, writtenOrder);
}

function* records(text: string, format: "json" | "singlejson" | "multijson"): Generator<JsonNode> {
  if (format === "json") {
    for (const line of text.split("\n")) {
      if (line.trim() === "") continue;
      const reader = jsonReader(line);
      for (let node = reader.next(); node !== undefined; node = reader.next()) yield node;
    }
    return;
  }
  const reader = jsonReader(text);
  for (let node = reader.next(); node !== undefined; node = reader.next()) {
    if (node.kind === "array") yield* node.items;
    else yield node;
    // Documents may stand one after another with commas as well as with white space between them.
    reader.skip(",");
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
  const table = `t_${randomUUID()}`;
  try {
    const target = await createTextTable(connection, table, local.columns.length);
    const paths = local.mapped.map((mapped) => mapped?.path);
    let skip = local.request.ignoreFirstRecord === true;
    try {
      for (const record of records(await readFile(local.file, "utf8"), format)) {
        if (record.kind !== "bag") malformed(local);
        if (skip) skip = false;
        else
          target.add(
            local.columns.map((column, i) =>
              cell(column, paths[i] === undefined ? undefined : at(record, paths[i])),
            ),
          );
      }
    } catch (error) {
      if (error instanceof JsonTextError) malformed(local);
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
