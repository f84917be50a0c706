import {
  BlobDescriptor,
  CsvColumnMapping,
  DataFormat,
  IngestClient as LibraryClient,
  ParquetColumnMapping,
} from "azure-kusto-ingest";
import { type ErrorContext, Retryable } from "../model/errors.ts";
import type { IngestionMapping } from "./commands/ingest.ts";
import { connectionBuilder } from "./connectionBuilder.ts";
import { displayCluster, type KustoConnection } from "./connectionString.ts";
import { fromThrown, textualFailure } from "./failure.ts";
import { ingestionEndpoint } from "./login/clouds.ts";

export interface IngestBlobRequest {
  /** With a SAS, or with `;managed_identity=…`: queued ingestion can't impersonate. */
  readonly url: string;
  /** Uncompressed size: what batching goes by, better than the estimate Kusto makes without it. */
  readonly rawSizeBytes?: number | undefined;
  readonly table: string;
  readonly format: "csv" | "parquet";
  readonly tags: readonly string[];
  readonly creationTimeIso?: string | undefined;
  readonly mapping?: IngestionMapping | undefined;
  /** Deprecated by Kusto and a batch of its own for each blob; the table's batching policy is the better way. */
  readonly flushImmediately: boolean;
  readonly sourceId?: string | undefined;
}

export interface IngestClient {
  ingestBlob(request: IngestBlobRequest): Promise<{ readonly sourceId: string }>;
  close(): void;
}

const clients = new Map<string, IngestClient>();

/**
 * The client that queues blobs for ingestion (`kusto/api/netfx/about-kusto-ingest.md`). Its endpoint is the cluster's
 * with `ingest-` before the host; an IP address or localhost has both on one address.
 */
export function createIngestClient(connection: KustoConnection, database: string): IngestClient {
  const key = JSON.stringify([connection, database]);
  const existing = clients.get(key);
  if (existing !== undefined) return existing;
  const library = new LibraryClient(connectionBuilder(connection));
  const client: IngestClient = {
    ingestBlob: async (request) => {
      const context = {
        cluster: displayCluster(connection),
        database,
        table: request.table,
        operation: `queue a blob for ingestion at ${ingestionEndpoint(connection.cluster)}`,
      };
      return queueBlob(library, database, request, context);
    },
    close: () => {
      clients.delete(key);
      library.close();
    },
  };
  clients.set(key, client);
  return client;
}

async function queueBlob(
  library: LibraryClient,
  database: string,
  request: IngestBlobRequest,
  context: ErrorContext,
): Promise<{ readonly sourceId: string }> {
  const descriptor = new BlobDescriptor(request.url, request.rawSizeBytes ?? null, request.sourceId ?? null);
  const creationTime = request.creationTimeIso === undefined ? {} : { creationTime: request.creationTimeIso };
  try {
    await library.ingestFromBlob(descriptor, {
      database,
      table: request.table,
      format: request.format === "csv" ? DataFormat.CSV : DataFormat.PARQUET,
      flushImmediately: request.flushImmediately,
      ...(request.tags.length === 0 ? {} : { additionalTags: [...request.tags] }),
      ...(request.mapping === undefined
        ? {}
        : { ingestionMappingColumns: mappingColumns(request.format, request.mapping) }),
      additionalProperties: creationTime,
    });
  } catch (error) {
    throw queueFailure(error, context);
  }
  return { sourceId: descriptor.sourceId ?? "" };
}

function mappingColumns(
  format: "csv" | "parquet",
  mapping: IngestionMapping,
): (CsvColumnMapping | ParquetColumnMapping)[] {
  return mapping.map((item) =>
    format === "csv"
      ? CsvColumnMapping.withOrdinal(item.column, item.ordinal, item.type)
      : ParquetColumnMapping.withField(item.column, item.field, item.type),
  );
}

/** The library tells what went wrong only by the text of its errors. */
function queueFailure(error: unknown, context: ErrorContext) {
  const message = error instanceof Error ? error.message : String(error);
  if (/^Failed to send message to queue|^Failed to get queues/.test(message)) {
    return new Retryable("The blob could not be put on an ingestion queue", context);
  }
  if (/^Failed to fetch (ingestion resources|Authorization context)/.test(message))
    return textualFailure(message, context);
  return fromThrown(error, context);
}
