import { rowsOf } from "../kusto/client.ts";
import type { Extent } from "../kusto/commands/extents.ts";
import { ingestionFailureAnswer, showIngestionFailures } from "../kusto/commands/ingest.ts";
import {
  type Operation,
  operationAnswer,
  operationOutcome,
  showOperations,
} from "../kusto/commands/operations.ts";
import { readExtents } from "../kusto/reads.ts";
import { readStateOfRun } from "../lake/log.ts";
import { windowPlace } from "../model/checkpoint/entries.ts";
import type { OpenIteration } from "../model/checkpoint/state.ts";
import { openIteration } from "../model/checkpoint/state.ts";
import { Terminal } from "../model/errors.ts";
import type { Job } from "../model/job.ts";
import { attemptTag, stagingTable } from "../model/naming.ts";
import type { Flight } from "../model/schedule.ts";
import type { Answer, FlightOutcome, PollAnswer, PollInput } from "./contract.ts";
import { clientsOf, type JobClients } from "./environment.ts";
import { answer, failedFlight } from "./outcome.ts";

/** An operation that can't be seen this long after its start is gone: forgotten, or another identity's. */
const UNSEEN_MS = 120_000;
/** Rows usually arrive within seconds; only then is it worth asking for failures. */
const ASK_FOR_FAILURES_MS = 20_000;

/** Looks at all exports and ingestions in flight, in one request for each kind. Changes nothing. */
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
    const outcomes = await Promise.all([
      pollExports(job, clients, exporting),
      pollIngestions(job, clients, state.copyId, run, ingesting, iterations),
    ]);
    return { outcomes: outcomes.flat() };
  });
}

async function pollExports(
  job: Job,
  { source }: JobClients,
  flights: readonly Flight[],
): Promise<FlightOutcome[]> {
  const ids = flights.flatMap((flight) => (flight.operation === undefined ? [] : [flight.operation]));
  if (ids.length === 0) return [];
  const rows = await source.command(job.source.database, showOperations(ids));
  const operations = new Map(rowsOf(operationAnswer, rows).map((row) => [row.OperationId, row]));
  return flights.flatMap((flight) => {
    const operation = operations.get(flight.operation ?? "");
    if (!operation)
      return unseen(flight)
        ? [failedFlight(flight, `Export ${flight.operation} can't be seen any more.`, "wrong")]
        : [];
    const failure = failed(flight, operation);
    if (failure) return [failure];
    if (operationOutcome(operation.State, operation.ShouldRetry) !== "completed") return [];
    return [{ kind: "advanced", flight: { ...flight, stage: "toMeasure" } }];
  });
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
  const [extents, operationRows] = await Promise.all([
    readExtents(destination, database, tables, {}),
    ids.length === 0 ? [] : destination.command(database, showOperations(ids)),
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
      (await failedIngestion(job, destination, flight, stagingOf(flight))) ??
      late(job, flight);
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
  return failedFlight(flight, reason, outcome === "failed-terminal" ? "terminal" : "wrong");
}

async function failedIngestion(
  job: Job,
  destination: JobClients["destination"],
  flight: Flight,
  staging: string,
): Promise<FlightOutcome | undefined> {
  if (flight.folder === undefined || age(flight) < ASK_FOR_FAILURES_MS) return undefined;
  // The staging table's name is this run's own, so no moment needs to bound the search.
  const rows = await destination.command(
    job.destination.database,
    showIngestionFailures({ table: staging, sinceTicks: 0n }),
  );
  const folder = `/${flight.folder}/`;
  const own = rowsOf(ingestionFailureAnswer, rows).find(
    (failure) =>
      failure.FailureKind.toLowerCase() === "permanent" &&
      decodeURIComponent(failure.IngestionSourcePath).includes(folder),
  );
  return own && failedFlight(flight, `Ingestion failed (${own.ErrorCode}): ${own.Details}`, "wrong");
}

function late(job: Job, flight: Flight): FlightOutcome | undefined {
  if (age(flight) < job.ingestionTimeoutMs) return undefined;
  return failedFlight(
    flight,
    `The rows have not arrived in staging after ${Math.round(age(flight) / 1000)} s.`,
    "wrong",
  );
}

function unseen(flight: Flight): boolean {
  return age(flight) >= UNSEEN_MS;
}

function age(flight: Flight): number {
  return flight.since === undefined ? 0 : Date.now() - Date.parse(flight.since);
}
