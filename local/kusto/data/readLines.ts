import { randomUUID } from "node:crypto";
import { createReadStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import type { DuckDBConnection } from "@duckdb/node-api";
import { READING } from "./functions.ts";
import { columnSelect } from "./mappedSql.ts";
import type { LocalSource } from "./read.ts";
import { quoteIdentifier } from "./sqlText.ts";
import { createTextTable } from "./textRows.ts";

/** Reads `txt` (a record for each line, empty ones skipped) and `raw` (the whole file is one value), as `ingestion-supported-formats.md` says. */
export async function readLines(
  connection: DuckDBConnection,
  local: LocalSource,
  whole: boolean,
): Promise<void> {
  const table = `t_${randomUUID()}`;
  try {
    const target = await createTextTable(connection, table, 1);
    let skip = local.request.ignoreFirstRecord === true;
    const add = (line: string): void => {
      if (skip) skip = false;
      else target.add([line]);
    };
    if (whole) add(await readFile(local.file, "utf8"));
    else
      for await (const line of createInterface({
        input: createReadStream(local.file, "utf8"),
        crlfDelay: Number.POSITIVE_INFINITY,
      })) {
        if (line !== "") add(line);
      }
    target.close();
    await local.insert(
      `SELECT ${columnSelect(local, (ordinal) => (ordinal === 0 ? "c0" : undefined))} FROM ${READING}.main.${quoteIdentifier(table)}`,
    );
  } finally {
    await connection.run(`DROP TABLE IF EXISTS ${READING}.main.${quoteIdentifier(table)}`);
  }
}
