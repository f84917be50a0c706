import { randomUUID } from "node:crypto";
import { z } from "zod";
import { KustoError } from "../kustoError.ts";
import { type Capacity, type Resource, throttledCommand } from "./capacity.ts";
import type { Clock } from "./clock.ts";
import { type Faults, faultError } from "./faults.ts";
import type { RequestContext } from "./request.ts";
import type { CommandResult } from "./result.ts";
import { decodeResult, encodedResultSchema, encodeResult } from "./resultText.ts";
import type { Store } from "./store.ts";
import { TICKS_PER_DAY } from "./ticks.ts";

const stateSchema = z.enum([
  "InProgress",
  "Completed",
  "Failed",
  "PartiallySucceeded",
  "Abandoned",
  "BadInput",
  "Scheduled",
  "Throttled",
  "Canceled",
  "Skipped",
]);
export type OperationState = z.output<typeof stateSchema>;

export interface OperationRecord {
  readonly at: bigint;
  readonly state: OperationState;
  readonly status: string;
}

export interface Operation {
  readonly id: string;
  readonly kind: string;
  readonly database: string;
  readonly principal: string;
  readonly rootActivity: string;
  readonly clientRequest: string;
  readonly startedOn: bigint;
  readonly records: readonly OperationRecord[];
  readonly retry: boolean;
  readonly details?: CommandResult | undefined;
}

/** What an operation's work gives: the rows that its details show, or that it was skipped by its own condition. */
export interface Outcome {
  readonly result: CommandResult;
  readonly persist: boolean;
  readonly skipped?: boolean;
}

export interface OperationRequest {
  readonly kind: string;
  readonly resource: Resource | undefined;
  readonly context: RequestContext;
  readonly work: (signal: AbortSignal, operationId: string) => Promise<Outcome>;
}

export interface Operations {
  /** Runs now and answers; over the capacity it is refused. */
  readonly run: (request: OperationRequest) => Promise<CommandResult>;
  /** Starts and answers the id. */
  readonly start: (request: OperationRequest) => string;
  readonly list: () => readonly Operation[];
  readonly find: (id: string) => Operation | undefined;
  readonly cancel: (id: string) => boolean;
  readonly idle: () => Promise<void>;
}

/** How long an asynchronous command waits for a free slot before it is throttled. */
const SCHEDULED_MS = 5_000;

const recordSchema = z.object({
  id: z.string(),
  kind: z.string(),
  database: z.string(),
  principal: z.string(),
  rootActivity: z.string(),
  clientRequest: z.string(),
  startedOn: z.string().transform((text) => BigInt(text)),
  retry: z.boolean(),
  details: encodedResultSchema.optional(),
  records: z.array(
    z.object({ at: z.string().transform((text) => BigInt(text)), state: stateSchema, status: z.string() }),
  ),
});

interface Entry extends Operation {
  records: OperationRecord[];
  retry: boolean;
  details: CommandResult | undefined;
  abort: AbortController;
  /** A fault made the log lose it: it goes on, and can't be seen. */
  forgotten: boolean;
}

function canceled(): KustoError {
  return new KustoError(
    400,
    "RequestCanceled",
    "Kusto.Data.Exceptions.KustoRequestCanceledException",
    "The operation was canceled.",
    true,
  );
}

/** The log of operations, with the ten states of `kusto/management/show-operations.md`. */
export async function createOperations(
  store: Store,
  clock: Clock,
  capacity: Capacity,
  faults: Faults,
  report: (error: unknown) => void,
): Promise<Operations> {
  const entries = new Map<string, Entry>();
  const running = new Set<Promise<unknown>>();
  const save = (entry: Entry): void => {
    const { abort: _, forgotten: _forgotten, details, ...rest } = entry;
    const kept = details === undefined ? rest : { ...rest, details: encodeResult(details) };
    const text = JSON.stringify(kept, (_key, value: unknown) =>
      typeof value === "bigint" ? value.toString() : value,
    );
    const saving = store.writeLog(`operation/${entry.id}`, text).catch(report);
    running.add(saving);
    void saving.finally(() => running.delete(saving));
  };
  const note = (entry: Entry, state: OperationState, status: string): void => {
    const previous = entry.records.at(-1)?.at ?? 0n;
    const now = clock.now();
    entry.records.push({ at: now > previous ? now : previous + 1n, state, status });
    save(entry);
  };
  for (const [key, value] of await store.readLog()) {
    if (!key.startsWith("operation/")) continue;
    const read = recordSchema.parse(JSON.parse(value));
    const entry: Entry = {
      ...read,
      details: read.details === undefined ? undefined : decodeResult(read.details),
      abort: new AbortController(),
      forgotten: false,
    };
    entries.set(entry.id, entry);
    const last = entry.records.at(-1)?.state;
    if (last === "InProgress" || last === "Scheduled")
      note(entry, "Abandoned", "The node that ran the operation was restarted.");
  }

  const begin = (request: OperationRequest): Entry => {
    const entry: Entry = {
      id: randomUUID(),
      kind: request.kind,
      database: request.context.database,
      principal: request.context.principal,
      rootActivity: request.context.activityId,
      clientRequest: request.context.clientRequestId,
      startedOn: clock.now(),
      records: [],
      retry: false,
      details: undefined,
      abort: new AbortController(),
      forgotten: false,
    };
    entries.set(entry.id, entry);
    const horizon = clock.now() - 14n * TICKS_PER_DAY;
    for (const [id, old] of entries)
      if (old.startedOn < horizon && old.records.at(-1)?.state !== "InProgress") entries.delete(id);
    return entry;
  };
  const isCanceled = (entry: Entry): boolean => entry.records.at(-1)?.state === "Canceled";
  const finish = (entry: Entry, outcome: Outcome): void => {
    if (isCanceled(entry)) return;
    if (outcome.persist) entry.details = outcome.result;
    note(entry, outcome.skipped === true ? "Skipped" : "Completed", "");
  };
  const fail = (entry: Entry, error: unknown): void => {
    if (isCanceled(entry)) return;
    const message = error instanceof Error ? error.message : String(error);
    entry.retry = error instanceof KustoError && !error.permanent;
    const state = !(error instanceof KustoError) ? "Failed" : error.status === 429 ? "Throttled" : "Failed";
    note(entry, state, message);
  };
  const refuse = (entry: Entry, resource: Resource): KustoError =>
    throttledCommand(entry.kind, capacity.total(resource), capacity.origin(resource));
  const execute = async (entry: Entry, request: OperationRequest): Promise<Outcome> => {
    const subject = {
      kind: "operation" as const,
      text: request.context.text,
      database: request.context.database,
    };
    for (const fault of faults.take(subject, ["delay", "fail", "throttle"])) {
      if (fault.afterMs !== undefined) await clock.sleep(fault.afterMs);
      if (fault.action !== "delay") throw faultError(fault);
    }
    if (entry.abort.signal.aborted) throw canceled();
    return request.work(entry.abort.signal, entry.id);
  };

  const run = async (request: OperationRequest): Promise<CommandResult> => {
    const entry = begin(request);
    const slot = request.resource === undefined ? undefined : capacity.take(request.resource);
    if (request.resource !== undefined && slot === undefined) {
      const error = refuse(entry, request.resource);
      fail(entry, error);
      throw error;
    }
    note(entry, "InProgress", "");
    try {
      const outcome = await execute(entry, request);
      finish(entry, outcome);
      return outcome.result;
    } catch (error) {
      fail(entry, error);
      throw error;
    } finally {
      slot?.();
    }
  };

  const runLater = async (entry: Entry, request: OperationRequest): Promise<void> => {
    const subject = {
      kind: "operation" as const,
      text: request.context.text,
      database: request.context.database,
    };
    const [forced] = faults.take(subject, ["operationState"]);
    for (const { afterMs = 0 } of faults.take(subject, ["forget"]))
      void clock.sleep(afterMs).then(() => {
        entry.forgotten = true;
      });
    let slot: (() => void) | undefined;
    try {
      if (request.resource !== undefined) {
        slot = capacity.take(request.resource);
        if (slot === undefined) {
          note(entry, "Scheduled", "");
          slot = await capacity.wait(request.resource, SCHEDULED_MS);
          if (isCanceled(entry)) return;
          if (slot === undefined) throw refuse(entry, request.resource);
        }
      }
      note(entry, "InProgress", "");
      // A state on the way is told before the wait: for ever, or until the work is done.
      if (forced?.state === "Scheduled") note(entry, "Scheduled", forced.message ?? "");
      if (forced?.afterMs !== undefined) await clock.sleep(forced.afterMs);
      const ends = forced?.state !== "Scheduled" && forced?.state !== "InProgress";
      if (forced === undefined || (!ends && forced.doWork)) finish(entry, await execute(entry, request));
      else if (ends) {
        if (forced.doWork) entry.details = (await execute(entry, request)).result;
        entry.retry = forced.permanent === false;
        note(entry, forced.state ?? "Failed", forced.message ?? "A fault was asked for.");
      }
    } catch (error) {
      fail(entry, error);
    } finally {
      slot?.();
    }
  };

  return {
    run,
    start: (request) => {
      const entry = begin(request);
      const work = runLater(entry, request).catch(report);
      running.add(work);
      void work.finally(() => running.delete(work));
      return entry.id;
    },
    list: () => [...entries.values()].filter((entry) => !entry.forgotten),
    find: (id) => {
      const entry = entries.get(id.toLowerCase());
      return entry?.forgotten === true ? undefined : entry;
    },
    cancel: (id) => {
      const entry = entries.get(id.toLowerCase());
      const state = entry?.records.at(-1)?.state;
      if (entry === undefined || (state !== "InProgress" && state !== "Scheduled")) return false;
      note(entry, "Canceled", "");
      entry.abort.abort();
      return true;
    },
    idle: async () => {
      await Promise.all([...running]);
    },
  };
}
