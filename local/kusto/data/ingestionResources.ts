import { createHmac } from "node:crypto";
import { AzureNamedKeyCredential, generateTableSas, TableServiceClient } from "@azure/data-tables";
import {
  BlobServiceClient,
  ContainerSASPermissions,
  generateBlobSASQueryParameters,
} from "@azure/storage-blob";
import {
  generateQueueSASQueryParameters,
  StorageSharedKeyCredential as QueueKey,
  QueueSASPermissions,
  QueueServiceClient,
} from "@azure/storage-queue";
import { resourceName, type StorageEndpoints, sharedKey } from "./storageEndpoints.ts";

/** A row of `.get ingestion resources`. */
export interface IngestionResource {
  readonly resource: string;
  readonly root: string;
}

/** Names of what a cluster keeps in storage for queued ingestion. */
export interface ResourceNames {
  readonly ready: string;
  readonly failed: string;
  readonly successful: string;
  readonly container: string;
  readonly table: string;
}

export function resourceNames(cluster: string): ResourceNames {
  return {
    ready: resourceName(cluster, "-readyforaggregation-secured"),
    failed: resourceName(cluster, "-failedingestions"),
    successful: resourceName(cluster, "-successfulingestions"),
    container: resourceName(cluster, "-ingestdata"),
    table: resourceName(cluster, "ingestionsstatus"),
  };
}

export function queueService(endpoints: StorageEndpoints): QueueServiceClient {
  return new QueueServiceClient(endpoints.queue, new QueueKey(endpoints.account, endpoints.key));
}

export function tableService(endpoints: StorageEndpoints): TableServiceClient {
  return new TableServiceClient(
    endpoints.table,
    new AzureNamedKeyCredential(endpoints.account, endpoints.key),
    { allowInsecureConnection: true },
  );
}

/** Creates the queues, the container and the table of a cluster where they are missing. */
export async function createResources(cluster: string, endpoints: StorageEndpoints): Promise<void> {
  const names = resourceNames(cluster);
  const queues = queueService(endpoints);
  const container = new BlobServiceClient(endpoints.blob, sharedKey(endpoints)).getContainerClient(
    names.container,
  );
  await Promise.all([
    queues.getQueueClient(names.ready).createIfNotExists(),
    queues.getQueueClient(names.failed).createIfNotExists(),
    queues.getQueueClient(names.successful).createIfNotExists(),
    container.createIfNotExists(),
    tableService(endpoints).createTable(names.table),
  ]);
}

/** How long the addresses stay good: clients ask again after an hour. */
const VALID_MS = 48 * 3_600_000;

/** The rows of `.get ingestion resources`: where clients put data, messages and read what became of them, each with its own signature (`kusto/api/netfx/kusto-ingest-client-rest.md`). */
export function ingestionResources(cluster: string, endpoints: StorageEndpoints): IngestionResource[] {
  const names = resourceNames(cluster);
  const expiresOn = new Date(Date.now() + VALID_MS);
  const queue = (resource: string, name: string, permissions: string): IngestionResource => {
    const sas = generateQueueSASQueryParameters(
      { queueName: name, permissions: QueueSASPermissions.parse(permissions), expiresOn },
      new QueueKey(endpoints.account, endpoints.key),
    );
    return { resource, root: `${endpoints.queue}/${name}?${sas.toString()}` };
  };
  const blobs = generateBlobSASQueryParameters(
    { containerName: names.container, permissions: ContainerSASPermissions.parse("rwdl"), expiresOn },
    sharedKey(endpoints),
  );
  const table = generateTableSas(names.table, new AzureNamedKeyCredential(endpoints.account, endpoints.key), {
    permissions: { query: true, add: true, update: true, delete: true },
    expiresOn,
  });
  return [
    queue("SecuredReadyForAggregationQueue", names.ready, "a"),
    queue("SuccessfulIngestionsQueue", names.successful, "rp"),
    queue("FailedIngestionsQueue", names.failed, "rp"),
    { resource: "TempStorage", root: `${endpoints.blob}/${names.container}?${blobs.toString()}` },
    { resource: "IngestionsStatusTable", root: `${endpoints.table}/${names.table}?${table}` },
  ];
}

/** What `.get kusto identity token` answers and every ingestion message must carry. */
export function identityToken(cluster: string, endpoints: StorageEndpoints): string {
  return createHmac("sha256", endpoints.key).update(`ingestion of ${cluster}`).digest("base64");
}
