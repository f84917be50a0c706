import { randomUUID } from "node:crypto";
import { AzureNamedKeyCredential, TableClient } from "@azure/data-tables";
import { KustoError } from "../kustoError.ts";
import { queueService, type ResourceNames } from "./ingestionResources.ts";
import type { IngestionMessage } from "./queueMessage.ts";
import type { StorageEndpoints } from "./storageEndpoints.ts";

/** How an ingestion failed. */
export interface FailureReport {
  readonly operationId: string;
  readonly failedOn: Date;
  readonly code: string;
  readonly details: string;
  readonly status: "Permanent" | "Transient" | "Exhausted";
}

/** Tells clients what became of their messages. */
export interface IngestionReports {
  readonly succeeded: (
    message: IngestionMessage,
    operationId: string,
    on: Date,
    skipped: boolean,
  ) => Promise<void>;
  readonly failed: (message: IngestionMessage, failure: FailureReport) => Promise<void>;
}

const withoutSecret = (blob: string): string => blob.split(/[?;]/)[0] ?? "";

/** The code and text of an error, as failures record them. */
export function describeError(error: unknown): { code: string; details: string; permanent: boolean } {
  if (error instanceof KustoError)
    return { code: error.code, details: error.message, permanent: error.permanent };
  return {
    code: "General_InternalServerError",
    details: error instanceof Error ? error.message : String(error),
    permanent: false,
  };
}

/** Writes to the status queues and the status table of a cluster (`kusto/api/netfx/kusto-ingest-client-status.md`). */
export function ingestionReports(endpoints: StorageEndpoints, names: ResourceNames): IngestionReports {
  const queues = queueService(endpoints);
  const failedQueue = queues.getQueueClient(names.failed);
  const successfulQueue = queues.getQueueClient(names.successful);
  const table = new TableClient(
    endpoints.table,
    names.table,
    new AzureNamedKeyCredential(endpoints.account, endpoints.key),
    { allowInsecureConnection: true },
  );
  const encode = (value: unknown): string => Buffer.from(JSON.stringify(value), "utf8").toString("base64");
  const common = (message: IngestionMessage, operationId: string) => ({
    OperationId: operationId,
    Database: message.database,
    Table: message.table,
    IngestionSourceId: message.id,
    IngestionSourcePath: withoutSecret(message.blob),
    RootActivityId: randomUUID(),
  });
  const updateRow = async (
    message: IngestionMessage,
    values: Record<string, string | boolean>,
  ): Promise<void> => {
    if (message.statusRow === undefined) return;
    await table.upsertEntity(
      {
        ...message.statusRow,
        IngestionSourceId: message.id,
        IngestionSourcePath: withoutSecret(message.blob),
        Database: message.database,
        Table: message.table,
        ...values,
      },
      "Merge",
    );
  };
  return {
    succeeded: async (message, operationId, on, skipped) => {
      if (message.reportSuccesses && message.reportToQueue)
        await successfulQueue.sendMessage(
          encode({ ...common(message, operationId), SucceededOn: on.toISOString() }),
        );
      await updateRow(message, {
        Status: skipped ? "Skipped" : "Succeeded",
        UpdatedOn: on.toISOString(),
        OperationId: operationId,
        Details: "",
      });
    },
    failed: async (message, failure) => {
      const facts = {
        Details: failure.details,
        ErrorCode: failure.code,
        FailureStatus: failure.status,
        OriginatesFromUpdatePolicy: failure.code.startsWith("UpdatePolicy_"),
      };
      const about = {
        ...common(message, failure.operationId),
        FailedOn: failure.failedOn.toISOString(),
        ...facts,
        ShouldRetry: failure.status !== "Permanent",
      };
      if (message.reportFailures && message.reportToQueue) await failedQueue.sendMessage(encode(about));
      await updateRow(message, {
        Status: "Failed",
        UpdatedOn: failure.failedOn.toISOString(),
        OperationId: failure.operationId,
        ...facts,
      });
    },
  };
}
