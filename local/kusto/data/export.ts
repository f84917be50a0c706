import { randomUUID } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { createGzip } from "node:zlib";
import type { DuckDBConnection } from "@duckdb/node-api";
import type { KustoColumn } from "../catalog.ts";
import { KustoError } from "../kustoError.ts";
import { type ExportTarget, openTarget, type StorageAccess } from "./blobs.ts";
import { rowSizeSql } from "./columnText.ts";
import {
  copySql,
  type ExportFormat,
  extensionOf,
  type FileStyle,
  type ParquetCompression,
} from "./exportFormat.ts";
import { quoteLiteral } from "./sqlText.ts";

const MEGABYTE = 1024 * 1024;
const DEFAULT_SIZE_LIMIT = 100 * MEGABYTE;

/** An `.export … to storage` with its query turned into SQL. */
export interface ExportRequest {
  /** A select that yields the columns by their names. */
  readonly sql: string;
  readonly columns: readonly KustoColumn[];
  readonly format: ExportFormat;
  readonly compressed: boolean;
  readonly compressionType?: "gzip" | ParquetCompression;
  /** Storage connection strings. */
  readonly targets: readonly string[];
  readonly namePrefix?: string;
  readonly fileExtension?: string;
  readonly encoding?: "UTF8NoBOM" | "UTF8BOM";
  readonly sizeLimit?: number;
  readonly distribution?: "per_shard" | "per_node" | "single";
  readonly includeHeaders?: "none" | "all" | "firstFile";
  readonly parquetDatetimePrecision?: "millisecond" | "microsecond";
  readonly parquetRowGroupSize?: number;
  /** One select for each extent that the query reads, which together give what `sql` gives. */
  readonly pieces?: readonly string[];
  /** How many files a piece is spread over, whatever its size: the size limit is what a file may hold at most. */
  readonly files?: number;
  readonly access: StorageAccess;
  /** Stops between artifacts; those already written stay. */
  readonly signal?: AbortSignal;
}

/** A row of an export's result (`kusto/management/data-export/export-data-to-storage.md`, Returns). */
export interface ExportedArtifact {
  readonly path: string;
  readonly numRecords: number;
}

function badExport(message: string): KustoError {
  return new KustoError(
    400,
    "General_BadRequest",
    "Kusto.Data.Exceptions.KustoBadRequestException",
    message,
    true,
  );
}

function check(request: ExportRequest): number {
  if (request.targets.length === 0)
    throw badExport("An export needs at least one storage connection string.");
  if (request.columns.length === 0) throw badExport("An export needs at least one column.");
  if (
    request.format !== "parquet" &&
    request.compressionType !== undefined &&
    request.compressionType !== "gzip"
  )
    throw badExport(`compressionType '${request.compressionType}' is only for parquet.`);
  const sizeLimit = request.sizeLimit ?? DEFAULT_SIZE_LIMIT;
  // The range is documented in megabytes; examples in the documentation count them in tens.
  if (sizeLimit < 100_000_000 || sizeLimit > 4096 * MEGABYTE)
    throw badExport(`sizeLimit must be between 100 MB and 4 GB, not ${sizeLimit}.`);
  return sizeLimit;
}

/** A local file of an artifact. */
interface Written {
  readonly path: string;
  readonly rows: number;
}

async function copyTo(connection: DuckDBConnection, sql: string): Promise<number> {
  return Number((await connection.runAndReadAll(sql)).getRows()[0]?.[0] ?? 0);
}

/** Bytes of the rows, as the size limit counts them. */
async function sizeOf(connection: DuckDBConnection, sql: string, request: ExportRequest): Promise<number> {
  const size = await connection.runAndReadAll(
    `SELECT coalesce(sum(${rowSizeSql(request.columns)}), 0)::DOUBLE FROM (${sql})`,
  );
  return Number(size.getRows()[0]?.[0] ?? 0);
}

async function exceeds(
  connection: DuckDBConnection,
  sql: string,
  request: ExportRequest,
  written: Written,
  limit: number,
): Promise<boolean> {
  if (request.format !== "parquet") return (await stat(written.path)).size > limit;
  return (await sizeOf(connection, sql, request)) > limit;
}

/** Writes a piece again as several files, from a copy of its rows, so that each row is in exactly one. */
async function* writeParts(
  connection: DuckDBConnection,
  sql: string,
  request: ExportRequest,
  limit: number,
  write: (sql: string) => Promise<Written>,
): AsyncGenerator<Written> {
  const table = `kd_export_${randomUUID().replaceAll("-", "")}`;
  const size = rowSizeSql(request.columns);
  await connection.run(
    `CREATE TEMP TABLE ${table} AS SELECT *, ((sum(${size}) OVER (ROWS UNBOUNDED PRECEDING)) // ${limit})::BIGINT AS "$part" FROM (${sql})`,
  );
  try {
    const parts = (
      await connection.runAndReadAll(`SELECT DISTINCT "$part" FROM ${table} ORDER BY 1`)
    ).getRows();
    for (const [part] of parts)
      yield await write(`SELECT * EXCLUDE ("$part") FROM ${table} WHERE "$part" = ${String(part)}`);
  } finally {
    await connection.run(`DROP TABLE ${table}`);
  }
}

function fileStream(path: string, gzip: boolean, bom: boolean): Readable {
  const file = createReadStream(path, { highWaterMark: MEGABYTE });
  const start = bom ? Readable.from(withBom(file)) : file;
  if (!gzip) return start;
  const zip = createGzip({ level: 1, chunkSize: 256 * 1024 });
  start.on("error", (error: Error) => zip.destroy(error));
  return start.pipe(zip);
}

async function* withBom(file: AsyncIterable<unknown>): AsyncGenerator<unknown> {
  yield Buffer.from("\ufeff", "utf8");
  yield* file;
}

/**
 * Writes what a query gives to storage as `.export` does: one set of artifacts for each extent (or one set at
 * all), split at the size limit, spread over the targets in turn. A failure leaves what was written.
 * (`kusto/management/data-export/export-data-to-storage.md`)
 */
export async function exportRelation(
  connection: DuckDBConnection,
  request: ExportRequest,
): Promise<ExportedArtifact[]> {
  const sizeLimit = check(request);
  const targets: ExportTarget[] = request.targets.map((target) => openTarget(target, request.access));
  const style: FileStyle = {
    format: request.format,
    compression: request.compressed ? (request.compressionType ?? "gzip") : "none",
    precision: request.parquetDatetimePrecision ?? "millisecond",
    rowGroupSize: request.parquetRowGroupSize ?? 100_000,
  };
  const gzip = style.compression !== "none" && style.format !== "parquet";
  const extension = extensionOf(style, request.fileExtension);
  const prefix = request.namePrefix ?? randomUUID().replaceAll("-", "");
  const headers = request.includeHeaders ?? "none";
  const pieces =
    (request.distribution ?? "per_shard") !== "per_shard" ||
    request.pieces === undefined ||
    request.pieces.length === 0
      ? [request.sql]
      : request.pieces;
  const folder = await mkdtemp(join(tmpdir(), "kusto-export-"));
  const uploads: Promise<ExportedArtifact>[] = [];
  let files = 0;
  const write = async (sql: string): Promise<Written> => {
    request.signal?.throwIfAborted();
    files += 1;
    const path = join(folder, String(files));
    const header = headers === "all" || (headers === "firstFile" && uploads.length === 0);
    return {
      path,
      rows: await copyTo(connection, copySql(sql, request.columns, style, header, quoteLiteral(path))),
    };
  };
  const send = async (written: Written): Promise<void> => {
    // The file before the last one is let through storage while the next is written: two at a time.
    if (uploads.length >= 2) await uploads[uploads.length - 2];
    const target = targets[uploads.length % targets.length];
    if (target === undefined) throw badExport("An export needs at least one storage connection string.");
    const name = `${prefix}_${uploads.length + 1}_${randomUUID().replaceAll("-", "")}${extension}`;
    const bom = request.encoding === "UTF8BOM" && style.format !== "parquet";
    const upload = target
      .write(name, () => fileStream(written.path, gzip, bom))
      .then((url) => ({ path: url, numRecords: written.rows }))
      .finally(() => rm(written.path, { force: true }));
    upload.catch(() => undefined);
    uploads.push(upload);
  };
  try {
    for (const piece of pieces) {
      const whole = await write(piece);
      const limit =
        request.files === undefined
          ? sizeLimit
          : Math.max(1, Math.floor((await sizeOf(connection, piece, request)) / request.files) + 1);
      const parts =
        whole.rows > 0 &&
        (request.files !== undefined || (await exceeds(connection, piece, request, whole, limit)));
      if (whole.rows > 0 && !parts) await send(whole);
      else await rm(whole.path, { force: true });
      if (parts)
        for await (const part of writeParts(connection, piece, request, limit, write)) await send(part);
    }
    return await Promise.all(uploads);
  } finally {
    await Promise.allSettled(uploads);
    await rm(folder, { recursive: true, force: true });
  }
}
