import { randomInt, randomUUID } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DuckDBConnection } from "@duckdb/node-api";
import type { KustoColumn } from "../catalog.ts";
import { physicalType } from "../physicalType.ts";
import type { IdentityUsage, StorageAccess } from "./blobs.ts";
import { delimiterOf, formatOf, isGzip } from "./dataFormat.ts";
import { prepareConnection, READING } from "./functions.ts";
import { ingestionError } from "./ingestionError.ts";
import { fetchSource } from "./localSource.ts";
import { type MappedColumn, resolveMapping } from "./mapping.ts";
import { readDelimited } from "./readDelimited.ts";
import { readJson } from "./readJson.ts";
import { readLines } from "./readLines.ts";
import { readParquet } from "./readParquet.ts";
import { quoteIdentifier } from "./sqlText.ts";
import { parseStorageLocation } from "./storageLocation.ts";

/** What to read, and as what. */
export interface ReadRequest {
  /** Storage connection strings. */
  readonly sources: readonly string[];
  /** Text that stands in the command itself, in place of sources. */
  readonly inline?: string;
  /** Undefined to take the format from each source's name. */
  readonly format?: string;
  readonly columns: readonly KustoColumn[];
  readonly mapping?: readonly MappedColumn[];
  readonly ignoreFirstRecord?: boolean;
  readonly treatGzAsUncompressed?: boolean;
  /** Whether records with another number of fields than the first fail (`ValidationPolicy`). */
  readonly constantFields?: boolean;
  /** The largest value of a column in bytes, by column name, where its encoding policy says another than 1 MB. */
  readonly limits?: ReadonlyMap<string, number>;
  readonly access: StorageAccess;
  readonly usage: IdentityUsage;
}

/** Rows in physical form, seen by every connection of the process until they are released. */
export interface ReadRelation {
  /** Qualified and quoted; its columns have the names that were asked for. */
  readonly relation: string;
  readonly rows: number;
  /** Size of the unzipped data in bytes. */
  readonly size: number;
  readonly release: () => Promise<void>;
}

/** One source at hand, to be turned into rows. */
export interface LocalSource {
  readonly file: string;
  readonly printable: string;
  readonly columns: readonly KustoColumn[];
  readonly mapped: readonly (MappedColumn | undefined)[];
  readonly request: ReadRequest;
  readonly seed: number;
  /** Inserts a select that yields the columns in their order. */
  readonly insert: (select: string) => Promise<void>;
}

async function readSource(connection: DuckDBConnection, source: string, local: LocalSource): Promise<number> {
  const { request } = local;
  const format = formatOf(request.format, source);
  const gzip = isGzip(source) && request.treatGzAsUncompressed !== true;
  const delimiter = delimiterOf(format);
  const binary = format === "parquet";
  const shape = await fetchSource(source, local.file, {
    access: request.access,
    usage: request.usage,
    gzip,
    ...(binary ? {} : { delimiter: (delimiter ?? "\n").charCodeAt(0) }),
  });
  if (shape.bytes === 0)
    throw ingestionError("Stream_NoDataToIngest", `Found no data to ingest in '${local.printable}'.`);
  if (format === "parquet") await readParquet(connection, local);
  else if (format === "json" || format === "singlejson" || format === "multijson")
    await readJson(connection, local, format);
  else if (delimiter === undefined) await readLines(connection, local, format === "raw");
  else await readDelimited(connection, local, shape, delimiter, format === "tsve");
  return shape.bytes;
}

/**
 * Reads data files into a relation with the given columns, as an ingestion does: what a field can't be
 * converted to is null, long values are cut, bags change the order of their entries.
 */
export async function readIntoRelation(
  connection: DuckDBConnection,
  request: ReadRequest,
): Promise<ReadRelation> {
  await prepareConnection(connection);
  const name = `r_${randomUUID()}`;
  const relation = `${READING}.main.${quoteIdentifier(name)}`;
  const columns = request.columns
    .map((column) => `${quoteIdentifier(column.name)} ${physicalType(column.type)}`)
    .join(", ");
  const mapped = resolveMapping(request.columns, request.mapping);
  const seed = randomInt(1, 2 ** 31 - 1);
  const folder = await mkdtemp(join(tmpdir(), "kusto-read-"));
  const release = async (): Promise<void> => {
    await connection.run(`DROP TABLE IF EXISTS ${relation}`);
  };
  await connection.run(`CREATE TABLE ${relation} (${columns})`);
  try {
    let size = 0;
    let number = 0;
    const sources = [...request.sources];
    if (request.inline !== undefined) {
      const file = join(folder, "inline");
      await writeFile(file, request.inline);
      sources.push(file);
    }
    for (const source of sources) {
      const insert = async (select: string): Promise<void> => {
        await connection.run(`INSERT INTO ${relation} ${select}`);
      };
      const file = join(folder, String(number++));
      const printable = parseStorageLocation(source).printable;
      size += await readSource(connection, source, {
        file,
        printable,
        columns: request.columns,
        mapped,
        request,
        seed,
        insert,
      });
      await rm(file, { force: true });
    }
    const rows = (await connection.runAndReadAll(`SELECT count(*) FROM ${relation}`)).getRows()[0]?.[0];
    return { relation, rows: Number(rows ?? 0), size, release };
  } catch (error) {
    await release();
    throw error;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
