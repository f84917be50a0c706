import { randomUUID } from "node:crypto";
import type { DuckDBConnection } from "@duckdb/node-api";
import { maxValueSize } from "../commands/columns.ts";
import type { Engine } from "../engine/engine.ts";
import { deleteSource, type StorageAccess } from "./blobs.ts";
import { describeError, type IngestionReports } from "./ingestionReports.ts";
import type { IngestionMessage } from "./queueMessage.ts";
import type { HeldMessage } from "./queueReceiver.ts";
import { type ReadRelation, readIntoRelation } from "./read.ts";
import { quoteIdentifier } from "./sqlText.ts";
import { ingestionTarget } from "./targetTable.ts";

/** A blob that waits for its ingestion. */
export interface QueuedBlob {
  readonly held: HeldMessage;
  readonly message: IngestionMessage;
  /** How long after the first time it is delivered a second time, milliseconds; undefined where it isn't. */
  readonly again: number | undefined;
}

export interface BatchContext {
  readonly engine: Engine;
  readonly reports: IngestionReports;
  readonly report: (error: unknown) => void;
  readonly stopped: () => boolean;
  readonly access: (database: string) => StorageAccess;
}

const ATTEMPTS = 4;
const FIRST_BACKOFF_MS = 1_000;
const SLOT_WAIT_MS = 5_000;

interface ReadBlob {
  readonly blob: QueuedBlob;
  readonly relation: ReadRelation;
}

interface FailedBlob {
  readonly blob: QueuedBlob;
  readonly error: unknown;
}

async function readBlob(
  connection: DuckDBConnection,
  message: IngestionMessage,
  context: BatchContext,
): Promise<ReadRelation> {
  const { properties } = message;
  const { table, mapping } = await ingestionTarget(context.engine, message);
  return await readIntoRelation(connection, {
    sources: [message.blob],
    ...(properties.format === undefined ? {} : { format: properties.format }),
    columns: table.columns,
    ...(mapping === undefined ? {} : { mapping }),
    ignoreFirstRecord: properties.ignoreFirstRecord,
    constantFields: properties.constantFields,
    limits: new Map(table.columns.map((column) => [column.name, maxValueSize(column)])),
    access: context.access(message.database),
    usage: "NativeIngestion",
  });
}

/** What became of one try at a batch: blobs whose rows are in, and blobs that failed, each with its reason. */
interface Tried {
  readonly done: readonly QueuedBlob[];
  readonly failed: readonly FailedBlob[];
  readonly skipped: boolean;
}

async function tryBatch(blobs: readonly QueuedBlob[], context: BatchContext): Promise<Tried> {
  const { engine } = context;
  return await engine.store.withConnection(async (connection) => {
    const good: ReadBlob[] = [];
    const failed: FailedBlob[] = [];
    try {
      for (const blob of blobs) {
        // A blob that can't be read fails alone.
        try {
          const relation = await readBlob(connection, blob.message, context);
          good.push({ blob, relation });
        } catch (error) {
          failed.push({ blob, error });
        }
      }
      const first = good[0]?.blob.message;
      if (first === undefined) return { done: [], failed, skipped: false };
      const subject = { kind: "ingest" as const, database: first.database };
      const text = `${first.database}/${first.table} ${first.blob}`;
      for (const fault of engine.faults.take({ ...subject, text }, ["delay"]))
        await engine.clock.sleep(fault.afterMs ?? 1_000);
      try {
        // A table changed meanwhile makes the try fail, and the next one reads what it is then.
        const { table } = await ingestionTarget(engine, first);
        const columns = table.columns.map((column) => quoteIdentifier(column.name)).join(", ");
        const relation = `(${good.map((one) => `SELECT ${columns} FROM ${one.relation.relation}`).join(" UNION ALL ")})`;
        const result = await engine.ingestRelation(first.database, first.table, relation, {
          connection,
          tags: first.properties.tags,
          ...(first.properties.creationTime === undefined
            ? {}
            : { creationTime: first.properties.creationTime }),
          ingestIfNotExists: first.properties.ingestIfNotExists,
          source: first.blob.split(/[?;]/)[0] ?? "",
        });
        return { done: good.map((one) => one.blob), failed, skipped: result.skipped };
      } catch (error) {
        return {
          done: [],
          failed: [...failed, ...good.map((one) => ({ blob: one.blob, error }))],
          skipped: false,
        };
      }
    } finally {
      for (const one of good) await one.relation.release().catch(context.report);
    }
  });
}

async function withSlot<T>(context: BatchContext, work: () => Promise<T>): Promise<T | undefined> {
  while (!context.stopped()) {
    const release = await context.engine.capacity.wait("ingestions", SLOT_WAIT_MS);
    if (release === undefined) continue;
    try {
      return await work();
    } finally {
      release();
    }
  }
  return undefined;
}

async function finish(
  blob: QueuedBlob,
  operationId: string,
  skipped: boolean,
  context: BatchContext,
): Promise<void> {
  const { message } = blob;
  if (!message.retain)
    await deleteSource(message.blob, context.access(message.database), "NativeIngestion").catch(
      context.report,
    );
  await context.reports
    .succeeded(message, operationId, new Date(context.engine.clock.nowMs()), skipped)
    .catch(context.report);
  await blob.held.delete();
}

async function giveUp(
  { blob, error }: FailedBlob,
  operationId: string,
  context: BatchContext,
): Promise<void> {
  const { message } = blob;
  const { code, details, permanent } = describeError(error);
  context.engine.recordIngestionFailure({
    database: message.database,
    table: message.table,
    source: message.blob.split(/[?;]/)[0] ?? "",
    details,
    permanent,
    operationKind: "DataIngestPull",
    errorCode: code,
    operationId,
    properties: message.properties.format === undefined ? "" : `Format=${message.properties.format}`,
  });
  await context.reports
    .failed(message, {
      operationId,
      failedOn: new Date(context.engine.clock.nowMs()),
      code,
      details,
      status: permanent ? "Permanent" : "Exhausted",
    })
    .catch(context.report);
  await blob.held.delete();
}

/** Delivers a blob once more, whatever has become of its table and its file since. */
async function deliverLater(blob: QueuedBlob, context: BatchContext): Promise<void> {
  await context.engine.clock.sleep(blob.again ?? 0);
  if (context.stopped()) return;
  const tried = await withSlot(context, () => tryBatch([blob], context));
  for (const failed of tried?.failed ?? []) await giveUp(failed, randomUUID(), context);
}

/** Ingests a sealed batch: blobs that fail for good are recorded, those that may still succeed are tried again. */
export async function ingestBatch(blobs: readonly QueuedBlob[], context: BatchContext): Promise<void> {
  let left = blobs;
  for (let attempt = 1; left.length > 0; attempt++) {
    const operationId = randomUUID();
    const trying = left;
    const tried = await withSlot(context, () => tryBatch(trying, context));
    if (tried === undefined) {
      for (const blob of left) await blob.held.release().catch(context.report);
      return;
    }
    // A second delivery at once finds the blob and the message still there.
    const twice = tried.done.filter((blob) => blob.again === 0);
    if (twice.length > 0) await withSlot(context, () => tryBatch(twice, context));
    for (const blob of tried.done) await finish(blob, operationId, tried.skipped, context);
    const later = tried.done.filter((blob) => (blob.again ?? 0) > 0);
    await Promise.all(later.map((blob) => deliverLater(blob, context)));
    const retry: QueuedBlob[] = [];
    for (const failed of tried.failed) {
      if (describeError(failed.error).permanent || attempt >= ATTEMPTS)
        await giveUp(failed, operationId, context);
      else retry.push(failed.blob);
    }
    left = retry;
    if (left.length > 0) await context.engine.clock.sleep(FIRST_BACKOFF_MS * 2 ** (attempt - 1));
  }
}
