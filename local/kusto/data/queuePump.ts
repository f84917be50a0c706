import { randomUUID } from "node:crypto";
import type { Engine } from "../engine/engine.ts";
import { faultError } from "../engine/faults.ts";
import { type BatchLimits, createBatches } from "./batches.ts";
import { ingestBatch, type QueuedBlob } from "./batchIngestion.ts";
import { type StorageAccess, sourceSize } from "./blobs.ts";
import { isGzip } from "./dataFormat.ts";
import { ingestionError } from "./ingestionError.ts";
import { describeError, ingestionReports } from "./ingestionReports.ts";
import { createResources, identityToken, queueService, resourceNames } from "./ingestionResources.ts";
import { batchKey, type IngestionMessage, isSingle, readMessage } from "./queueMessage.ts";
import { type HeldMessage, queueReceiver } from "./queueReceiver.ts";
import type { StorageEndpoints } from "./storageEndpoints.ts";

const IDLE_MS = 100;
const AFTER_ERROR_MS = 1_000;
/** The documentation says that a factor is applied to zipped data of unknown size, not which. */
const ZIP_FACTOR = 10;
const DEFAULT_LIMITS: BatchLimits = { maximumTimeMs: 300_000, maximumItems: 500, maximumRawDataSizeMB: 1024 };

export interface PumpOptions {
  readonly cluster: string;
  readonly endpoints: StorageEndpoints;
  readonly access: (database: string) => StorageAccess;
  readonly report: (error: unknown) => void;
}

function checkAllowed(message: IngestionMessage, options: PumpOptions): void {
  if (message.properties.identityToken !== identityToken(options.cluster, options.endpoints))
    throw ingestionError("BadRequest_InvalidKustoIdentityToken", "Invalid Kusto identity token.");
  // There is no requestor to impersonate once a message lies in the queue.
  if (/;\s*impersonate\s*;?$/i.test(message.blob))
    throw ingestionError(
      "BadRequest_InvalidAuthentication",
      "Authentication to data isn't valid: queued ingestion can't impersonate.",
    );
  const scheme = message.blob.split(":")[0]?.toLowerCase();
  if (scheme !== "https" && scheme !== "http" && scheme !== "abfss")
    throw ingestionError("BadRequest_InvalidBlobUri", "Blob URI is invalid.");
}

async function sizeOf(message: IngestionMessage, access: StorageAccess): Promise<number | undefined> {
  if (message.size !== undefined) return message.size;
  const stored = await sourceSize(message.blob, access, "NativeIngestion").catch(() => undefined);
  return stored === undefined ? undefined : isGzip(message.blob) ? stored * ZIP_FACTOR : stored;
}

/**
 * Takes ingestion messages off the cluster's queue, batches them and ingests them; a message is deleted once
 * what it asked for is committed or has failed for good, so that delivery is at least once. Answers a function
 * that stops it. (`kusto/management/batching-policy.md`, `kusto/api/netfx/kusto-ingest-client-rest.md`)
 */
export async function startQueuePump(engine: Engine, options: PumpOptions): Promise<() => Promise<void>> {
  const { endpoints, report } = options;
  const names = resourceNames(options.cluster);
  await createResources(options.cluster, endpoints);
  const receiver = queueReceiver(queueService(endpoints).getQueueClient(names.ready), report);
  const reports = ingestionReports(endpoints, names);
  const running = new Set<Promise<void>>();
  let stopped = false;
  const track = (work: Promise<void>): void => {
    const entry = work.catch(report).finally(() => running.delete(entry));
    running.add(entry);
  };
  const context = { engine, reports, report, stopped: () => stopped, access: options.access };
  const batches = createBatches<QueuedBlob>(engine.clock.nowMs, (batch) =>
    track(ingestBatch(batch.items, context)),
  );

  const limitsOf = (message: IngestionMessage): BatchLimits => {
    try {
      return engine.batchingPolicy(message.database, message.table);
    } catch {
      // What isn't there is noticed when the batch is ingested.
      return DEFAULT_LIMITS;
    }
  };
  const fail = async (
    held: HeldMessage,
    about: { database: string; table: string; blob: string },
    error: unknown,
    message: IngestionMessage | undefined,
  ): Promise<void> => {
    const { code, details } = describeError(error);
    const operationId = randomUUID();
    engine.recordIngestionFailure({
      database: about.database,
      table: about.table,
      source: about.blob.split(/[?;]/)[0] ?? "",
      details,
      permanent: true,
      operationKind: "DataIngestPull",
      errorCode: code,
      operationId,
    });
    if (message !== undefined)
      await reports.failed(message, {
        operationId,
        failedOn: new Date(engine.clock.nowMs()),
        code,
        details,
        status: "Permanent",
      });
    await held.delete();
  };
  const accept = async (held: HeldMessage): Promise<void> => {
    const read = readMessage(held.text);
    if ("error" in read) return await fail(held, read.head, read.error, undefined);
    const { message } = read;
    const subject = {
      kind: "queue" as const,
      database: message.database,
      text: `${message.database}/${message.table} ${message.blob}`,
    };
    let again: number | undefined;
    try {
      checkAllowed(message, options);
      for (const fault of engine.faults.take(subject, [
        "fail",
        "throttle",
        "delay",
        "duplicate",
        "loseAnswer",
        "drop",
      ])) {
        if (fault.action === "drop") return await held.delete();
        if (fault.action === "duplicate" || fault.action === "loseAnswer") again = fault.afterMs ?? 0;
        else if (fault.action === "delay") await engine.clock.sleep(fault.afterMs ?? 1_000);
        else if (fault.permanent === true) throw faultError(fault);
        else await engine.clock.sleep(fault.afterMs ?? 1_000);
      }
    } catch (error) {
      return await fail(held, message, error, message);
    }
    const size = await sizeOf(message, options.access(message.database));
    if (stopped) return await held.release();
    const single = isSingle(message) || size === undefined;
    const limits = limitsOf(message);
    batches.add(
      single ? `${message.id} ${randomUUID()}` : batchKey(message),
      { held, message, again },
      size ?? 0,
      limits,
      single || message.flush,
    );
  };
  const loop = async (): Promise<void> => {
    while (!stopped) {
      let received = 0;
      try {
        const messages = await receiver.receive();
        received = messages.length;
        for (const held of messages) track(accept(held));
      } catch (error) {
        if (!stopped) report(error);
        await engine.clock.sleep(AFTER_ERROR_MS);
      }
      batches.sealDue();
      if (received === 0 && !stopped) await engine.clock.sleep(IDLE_MS);
    }
  };
  const looping = loop();
  return async () => {
    stopped = true;
    await looping;
    for (const { held } of batches.drain()) await held.release().catch(report);
    while (running.size > 0) await Promise.all(running);
    receiver.stop();
  };
}
