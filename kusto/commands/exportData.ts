import { z } from "zod";
import { longLiteral, obfuscated, quoteString } from "../names.ts";

export interface ExportRequest {
  readonly format: "parquet" | "csv";
  /** Storage connection strings of folders, credentials and all; several spread the load. */
  readonly targets: readonly string[];
  readonly namePrefix: string;
  readonly compressed: boolean;
  /** Before compression; 100 MB to 4 GB. */
  readonly sizeLimitBytes?: number | undefined;
  readonly parquetDatetimePrecision?: "millisecond" | "microsecond" | undefined;
  readonly distribution?: "single" | "per_node" | "per_shard" | undefined;
  readonly query: string;
}

const MIN_SIZE_LIMIT = 100 * 1024 * 1024;
const MAX_SIZE_LIMIT = 4 * 1024 * 1024 * 1024;

/**
 * An export in the background (`kusto/management/data-export/export-data-to-storage.md`). Its details are kept, since
 * what it wrote is read from them and never from a listing.
 */
export function exportAsync(request: ExportRequest): string {
  if (request.targets.length === 0) throw new Error("An export needs somewhere to write to.");
  const properties = [`namePrefix=${quoteString(request.namePrefix)}`, "persistDetails=true"];
  if (request.sizeLimitBytes !== undefined) {
    if (request.sizeLimitBytes < MIN_SIZE_LIMIT || request.sizeLimitBytes > MAX_SIZE_LIMIT) {
      throw new Error(`A size limit of ${request.sizeLimitBytes} bytes is outside 100 MB to 4 GB.`);
    }
    properties.push(`sizeLimit=${longLiteral(request.sizeLimitBytes)}`);
  }
  if (request.distribution !== undefined)
    properties.push(`distribution=${quoteString(request.distribution)}`);
  if (request.format === "csv") properties.push("includeHeaders='none'", "encoding='UTF8NoBOM'");
  else if (request.parquetDatetimePrecision !== undefined) {
    properties.push(`parquetDatetimePrecision=${quoteString(request.parquetDatetimePrecision)}`);
  }
  const compressed = request.compressed ? " compressed" : "";
  const targets = request.targets.map(obfuscated).join(", ");
  return `.export async${compressed} to ${request.format} (${targets}) with (${properties.join(", ")}) <| ${request.query}`;
}

/** The details of an export that completed: one row for each file. */
export const exportedFile = z.object({
  Path: z.string(),
  NumRecords: z.union([z.bigint(), z.number().transform(BigInt)]),
});

export type ExportedFile = z.infer<typeof exportedFile>;
