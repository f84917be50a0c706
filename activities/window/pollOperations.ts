import { rowsOf } from "../../kusto/client.ts";
import type { Extent } from "../../kusto/commands/extents.ts";
import {
  type IngestionFailure,
  ingestionFailureAnswer,
  showIngestionFailures,
} from "../../kusto/commands/ingest.ts";
import {
  isStorageRefusal,
  type Operation,
  operationAnswer,
  operationOutcome,
  showOperations,
} from "../../kusto/commands/operations.ts";
import { readExtents, tableExists } from "../../kusto/reads.ts";
import { readStateOfRun } from "../../lake/log.ts";
import { windowPlace } from "../../model/checkpoint/entries.ts";
import type { OpenIteration, State } from "../../model/checkpoint/state.ts";
import { openIteration } from "../../model/checkpoint/state.ts";
import { plannedWindow } from "../../model/checkpoint/windows.ts";
import { describe, isRetryable, Terminal } from "../../model/errors.ts";
import type { Job } from "../../model/job.ts";
import { attemptTag, stagingTable } from "../../model/naming.ts";
import type { Flight } from "../../model/schedule.ts";
import type { Answer, FlightOutcome, PollAnswer, PolledStage, PollInput } from "../contract.ts";
import { clientsOf, type JobClients } from "../environment.ts";
import { answer, failedFlight } from "../outcome.ts";
import { sourceChange } from "./sourceChange.ts";

/** An operation that can't be seen this long after its start is gone: forgotten, or another identity's. Milliseconds, or sixty polls where they come faster. */
const UNSEEN = { ms: 120_000, polls: 60 };
/** Rows usually arrive within seconds; only then is it worth asking for failures. Milliseconds, or ten polls where they come faster. */
const ASK_FOR_FAILURES = { ms: 20_000, polls: 10 };

/**
 * Looks at all exports and ingestions in flight, in one request for each kind. Changes nothing. A cluster that refuses to answer
 * for now keeps what the other one answers from nobody.
 *
 * Invariants:
 * 1. An export is finished only by its own state Completed; each other end of it, and its vanishing from the log of
 *    operations, is a failure of the attempt (`kusto/management/show-operations.md`).
 * 2. An ingestion is finished only by its rows in staging, under the attempt's tag: no state, no status and no time that
 *    has passed stands for them.
 */
export function pollOperations({ job, run, next, flights }: PollInput): Promise<Answer<PollAnswer>> {
  return answer(async () => {
    const clients = clientsOf(job);
    const state = await readStateOfRun(clients.lake, run, next);
    if (state.copyId === undefined) throw new Terminal("The checkpoint log names no copy id.");
    const exporting = flights.filter((flight) => flight.stage === "exporting");
    const ingesting = flights.filter((flight) => flight.stage === "ingesting");
    const iterations = new Map(
      [...new Set(ingesting.map((flight) => flight.iteration))].flatMap(
        (iteration): [number, OpenIteration][] => {
          const open = openIteration(state, iteration);
          return open ? [[iteration, open]] : [];
        },
      ),
    );
    const polls = await Promise.all([
      asked("exporting", pollExports(job, clients, state, exporting)),
      asked("ingesting", pollIngestions(job, clients, state.copyId, run, ingesting, iterations)),
    ]);
    const refused = polls.flatMap((each) => each.refused ?? []);
    const outcomes = polls.flatMap((each) => each.outcomes);
    return refused.length === 0 ? { outcomes } : { outcomes, refused };
  });
}

/** What became of one kind of flights, or why it can't be told for now; what can't be mended by waiting is thrown on. */
async function asked(stage: PolledStage, poll: Promise<FlightOutcome[]>): Promise<PollAnswer> {
  try {
    return { outcomes: await poll };
  } catch (error) {
    if (!isRetryable(error)) throw error;
    return { outcomes: [], refused: [{ stage, reason: describe(error) }] };
  }
}

async function pollExports(
  job: Job,
  { source }: JobClients,
  state: State,
  flights: readonly Flight[],
): Promise<FlightOutcome[]> {
  const ids = flights.flatMap((flight) => (flight.operation === undefined ? [] : [flight.operation]));
  if (ids.length === 0) return [];
  const rows = await source.command(job.source.database, showOperations(ids));
  const operations = new Map(rowsOf(operationAnswer, rows).map((row) => [row.OperationId, row]));
  const outcomes: FlightOutcome[] = [];
  for (const flight of flights) {
    const operation = operations.get(flight.operation ?? "");
    if (!operation) {
      if (isPast(flight, job, UNSEEN))
        outcomes.push(failedFlight(flight, `Export ${flight.operation} can't be seen any more.`, "wrong"));
      continue;
    }
    const failure = failed(flight, operation);
    if (failure) outcomes.push(await failedExport(job, state, flight, failure));
    else if (operationOutcome(operation.State, operation.ShouldRetry) === "completed")
      outcomes.push({ kind: "advanced", flight: { ...flight, stage: "toMeasure" } });
  }
  return outcomes;
}

/** An export that failed as its table changed meanwhile is told as that, and not tried again. */
async function failedExport(
  job: Job,
  state: State,
  flight: Flight,
  failure: FlightOutcome,
): Promise<FlightOutcome> {
  const open = openIteration(state, flight.iteration);
  const change = open && (await sourceChange(job, plannedWindow(open, flight.window).table));
  return change === undefined ? failure : failedFlight(flight, change, "terminal");
}

async function pollIngestions(
  job: Job,
  { destination }: JobClients,
  copyId: string,
  run: number,
  flights: readonly Flight[],
  iterations: ReadonlyMap<number, OpenIteration>,
): Promise<FlightOutcome[]> {
  if (flights.length === 0) return [];
  const database = job.destination.database;
  const stagingOf = (flight: Flight) =>
    stagingTable(copyId, run, flight.iteration, windowPlace(flight.window).table);
  const tables = [...new Set(flights.filter((flight) => iterations.has(flight.iteration)).map(stagingOf))];
  const ids = flights.flatMap((flight) => (flight.operation === undefined ? [] : [flight.operation]));
  const [extents, operationRows, failures] = await Promise.all([
    stagedExtents(destination, database, tables),
    ids.length === 0 ? [] : destination.command(database, showOperations(ids)),
    ingestionFailures(job, destination, flights, stagingOf),
  ]);
  const operations = new Map(rowsOf(operationAnswer, operationRows).map((row) => [row.OperationId, row]));
  const outcomes: FlightOutcome[] = [];
  for (const flight of flights) {
    const tag = attemptTag(copyId, run, flight.window, flight.attempt);
    const own = extents.filter((extent) => extent.Tags.includes(tag));
    const operation = operations.get(flight.operation ?? "");
    const outcome =
      arrived(flight, own) ??
      (operation && failed(flight, operation)) ??
      short(job, flight, operation) ??
      unseenIngestion(job, flight, operation) ??
      failedIngestion(flight, failures.found) ??
      late(job, flight, failures.refused);
    if (outcome) outcomes.push(outcome);
  }
  return outcomes;
}

/** More rows than were exported: a blob was delivered twice. The attempt is given up; its extents are never promoted. */
function arrived(flight: Flight, extents: readonly Extent[]): FlightOutcome | undefined {
  const rows = extents.reduce((sum, extent) => sum + extent.RowCount, 0n);
  const wanted = BigInt(flight.rows ?? 0);
  if (rows > wanted)
    return failedFlight(
      flight,
      `${rows} rows arrived in staging where ${wanted} were exported: a file was delivered twice.`,
      "wrong",
    );
  if (rows < wanted) return undefined;
  return {
    kind: "advanced",
    flight: { ...flight, stage: "toVerify", extents: extents.map((extent) => extent.ExtentId) },
  };
}

function failed(flight: Flight, operation: Operation): FlightOutcome | undefined {
  const outcome = operationOutcome(operation.State, operation.ShouldRetry);
  if (outcome === "running" || outcome === "completed") return undefined;
  const reason = `${operation.Operation} ${operation.OperationId} ended as ${operation.State}: ${operation.Status}`;
  // Another attempt goes with another SAS, and to another lake where there are several.
  const again = outcome !== "failed-terminal" || isStorageRefusal(operation.Status);
  return failedFlight(flight, reason, again ? "wrong" : "terminal");
}

/** All in staging; a table that somebody dropped holds nothing, and its windows run into their time limit. */
async function stagedExtents(
  destination: JobClients["destination"],
  database: string,
  tables: readonly string[],
): Promise<Extent[]> {
  try {
    return await readExtents(destination, database, tables, {});
  } catch (error) {
    if (isRetryable(error)) throw error;
    const there: string[] = [];
    for (const table of tables) if (await tableExists(destination, database, table)) there.push(table);
    if (there.length === tables.length) throw error;
    return await readExtents(destination, database, there, {});
  }
}

/** A direct ingestion takes all its files or none, so one that completed with too few rows will not bring more. */
function short(job: Job, flight: Flight, operation: Operation | undefined): FlightOutcome | undefined {
  if (!operation || operationOutcome(operation.State, operation.ShouldRetry) !== "completed")
    return undefined;
  if (!isPast(flight, job, ASK_FOR_FAILURES)) return undefined;
  return failedFlight(
    flight,
    `Ingestion ${operation.OperationId} completed, but not all rows are in staging.`,
    "wrong",
  );
}

/** A direct ingestion that the cluster forgot: what it still brings lies under its attempt's tag, and is never promoted. */
function unseenIngestion(
  job: Job,
  flight: Flight,
  operation: Operation | undefined,
): FlightOutcome | undefined {
  if (flight.operation === undefined || operation !== undefined || !isPast(flight, job, UNSEEN))
    return undefined;
  return failedFlight(flight, `Ingestion ${flight.operation} can't be seen any more.`, "wrong");
}

/**
 * Permanent failures of what is slow to arrive. A question that helps only: without an answer the time limit decides, and says
 * why there was none.
 */
async function ingestionFailures(
  job: Job,
  destination: JobClients["destination"],
  flights: readonly Flight[],
  stagingOf: (flight: Flight) => string,
): Promise<{ found: IngestionFailure[]; refused: string | undefined }> {
  const slow = flights.filter((flight) => isPast(flight, job, ASK_FOR_FAILURES));
  const found: IngestionFailure[] = [];
  let refused: string | undefined;
  for (const table of new Set(slow.map(stagingOf))) {
    // The staging table's name is this run's own, so no moment needs to bound the search.
    const command = showIngestionFailures({ table, sinceTicks: 0n });
    try {
      found.push(
        ...rowsOf(ingestionFailureAnswer, await destination.command(job.destination.database, command)),
      );
    } catch (error) {
      // The documentation names no role for it (`kusto/management/ingestion-failures.md`): an identity that may not ask waits
      // for the time limit, as one whose question got lost.
      refused = describe(error);
    }
  }
  return { found, refused };
}

function failedIngestion(flight: Flight, failures: readonly IngestionFailure[]): FlightOutcome | undefined {
  if (flight.folder === undefined) return undefined;
  const folder = `/${flight.folder}/`;
  const own = failures.find(
    (failure) =>
      failure.FailureKind.toLowerCase() === "permanent" &&
      decodeURIComponent(failure.IngestionSourcePath).includes(folder),
  );
  return own && failedFlight(flight, `Ingestion failed (${own.ErrorCode}): ${own.Details}`, "wrong");
}

function late(job: Job, flight: Flight, refused: string | undefined): FlightOutcome | undefined {
  if (age(flight) < job.ingestionTimeoutMs) return undefined;
  const unknown =
    refused === undefined
      ? ""
      : ` Why can't be told: the destination doesn't answer .show ingestion failures (${refused}).`;
  return failedFlight(
    flight,
    `The rows have not arrived in staging after ${Math.round(age(flight) / 1000)} s.${unknown}`,
    "wrong",
  );
}

/** Whether a flight's operation or ingestion began that long ago. */
function isPast(flight: Flight, { pollMs }: Job, after: { ms: number; polls: number }): boolean {
  return age(flight) >= Math.min(after.ms, after.polls * pollMs);
}

function age(flight: Flight): number {
  return flight.since === undefined ? 0 : Date.now() - Date.parse(flight.since);
}
