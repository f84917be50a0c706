import { z } from "zod";
import { bareGuid, datetimeLiteral, type KustoType, obfuscated, quoteName, quoteString } from "../names.ts";

/** Which field of a file goes into which column (`kusto/management/csv-mapping.md`, `parquet-mapping.md`). */
export type IngestionMapping = readonly {
  readonly column: string;
  readonly type: KustoType;
  /** Position in a csv record. */
  readonly ordinal: number;
  /** Name of the field in a parquet record. */
  readonly field: string;
}[];

export interface IngestRequest {
  readonly table: string;
  /** Storage connection strings, credentials and all. */
  readonly blobs: readonly string[];
  readonly format: "csv" | "parquet";
  readonly tags?: readonly string[] | undefined;
  readonly creationTimeIso?: string | undefined;
  readonly mapping?: IngestionMapping | undefined;
}

/**
 * Direct ingestion in the background, all blobs in one transaction (`kusto/management/data-ingestion/ingest-into-command.md`,
 * properties in `kusto/includes/ingestion-properties.md`). Bounded by the ingestion capacity.
 */
export function ingestAsync(request: IngestRequest): string {
  if (request.blobs.length === 0) throw new Error("There is nothing to ingest.");
  const properties = [`format=${quoteString(request.format)}`];
  if (request.tags !== undefined && request.tags.length > 0)
    properties.push(`tags=${quoteString(JSON.stringify(request.tags))}`);
  if (request.creationTimeIso !== undefined)
    properties.push(`creationTime=${quoteString(request.creationTimeIso)}`);
  if (request.mapping !== undefined) {
    properties.push(`ingestionMapping=${quoteString(mappingJson(request.format, request.mapping))}`);
  }
  const sources = request.blobs.map(obfuscated).join(", ");
  return `.ingest async into table ${quoteName(request.table)} (${sources}) with (${properties.join(", ")})`;
}

/** A mapping as the JSON that `ingestionMapping` takes. */
export function mappingJson(format: "csv" | "parquet", mapping: IngestionMapping): string {
  if (mapping.length === 0) throw new Error("A mapping can't be empty.");
  return JSON.stringify(
    mapping.map((item) => ({
      Column: item.column,
      DataType: item.type,
      Properties: format === "csv" ? { Ordinal: String(item.ordinal) } : { Field: item.field },
    })),
  );
}

/** The answer of every command that goes on in the background. */
export const operationIdAnswer = z.object({ OperationId: z.string() });

export type IngestionFailureFilter =
  | { readonly operationId: string }
  | { readonly table: string; readonly sinceTicks: bigint };

/**
 * Failed ingestions of the last 14 days (`kusto/management/ingestion-failures.md`), of one operation or since a moment
 * of one table. The condition is a pipe, the one filter that is documented with an example.
 */
export function showIngestionFailures(filter: IngestionFailureFilter): string {
  const condition =
    "operationId" in filter
      ? `tostring(OperationId) == ${quoteString(bareGuid(filter.operationId))}`
      : `FailedOn > ${datetimeLiteral(filter.sinceTicks)} and Table == ${quoteString(filter.table)}`;
  return `.show ingestion failures | where ${condition} | project ${Object.keys(ingestionFailureAnswer.shape).join(", ")}`;
}

export const ingestionFailureAnswer = z.object({
  OperationId: z.string().nullable(),
  Table: z.string(),
  FailedOn: z.string(),
  IngestionSourcePath: z.string(),
  Details: z.string(),
  /** Permanent or Transient. */
  FailureKind: z.string(),
  ErrorCode: z.string(),
  OriginatesFromUpdatePolicy: z.boolean().nullish(),
});

export type IngestionFailure = z.infer<typeof ingestionFailureAnswer>;
