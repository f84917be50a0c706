import { randomBytes } from "node:crypto";
import { rowsOf } from "../../kusto/client.ts";
import { exportAsync } from "../../kusto/commands/exportData.ts";
import { exportProjection } from "../../kusto/commands/exportQuery.ts";
import { operationIdAnswer } from "../../kusto/commands/ingest.ts";
import { pipesOfWindow } from "../../kusto/commands/windowRange.ts";
import { quoteName } from "../../kusto/names.ts";
import type { Lake } from "../../lake/lake.ts";
import { readStateOfRun } from "../../lake/log.ts";
import { openIteration } from "../../model/checkpoint/state.ts";
import { plannedWindow } from "../../model/checkpoint/windows.ts";
import { Terminal } from "../../model/errors.ts";
import { attemptFolder } from "../../model/naming.ts";
import type { Answer, FlightInput, FlightOutcome } from "../contract.ts";
import { clientsOf } from "../environment.ts";
import { clusterUrl, lakeOfAttempt } from "../lakes.ts";
import { flightStep } from "../outcome.ts";
import { tellingSourceChanges } from "./sourceChange.ts";

/** Uncompressed bytes of one exported file. */
const FILE_BYTES = 1_000_000_000;

/**
 * Starts a window's export. Each delivery writes into a folder of its own: what an export whose answer was lost still
 * writes is never among the files of the one that is followed.
 */
export function startExport({ job, run, next, flight }: FlightInput): Promise<Answer<FlightOutcome>> {
  return flightStep(flight, async () => {
    const { lake, source } = clientsOf(job);
    const { state, table, range } = await windowOfFlight(lake, run, next, flight);
    const folder = `${attemptFolder(run, flight.window, flight.attempt)}/${randomBytes(4).toString("hex")}`;
    const files = lakeOfAttempt(job, state.copyId, flight.window, flight.attempt);
    const target = await clusterUrl(job, files, folder, flight.attempt);
    const command = exportAsync({
      format: table.format,
      targets: [target],
      namePrefix: "part",
      compressed: true,
      sizeLimitBytes: FILE_BYTES,
      parquetDatetimePrecision: "microsecond",
      // A window is small; and each file becomes an extent, whose id the promotion has to name.
      distribution: "single",
      query: `${quoteName(table.name)}${pipesOfWindow(table, range)} | ${exportProjection(table.columns, table.format)}`,
    });
    const rows = await tellingSourceChanges(job, table, () =>
      source.command(job.source.database, command, {
        clientRequestId: `KustoCopy;${state.copyId}.${run}.${flight.window}.${flight.attempt}.export`,
        consistency: "strong",
        context: { table: table.name, window: flight.window },
      }),
    );
    const operation = rowsOf(operationIdAnswer, rows)[0]?.OperationId;
    if (operation === undefined)
      throw new Terminal("The export gave no operation id.", { table: table.name, window: flight.window });
    return {
      kind: "advanced",
      flight: { ...started(flight), stage: "exporting", operation, folder, since: new Date().toISOString() },
    };
  });
}

/** A flight without what belonged to an earlier stage. */
export function started(flight: FlightInput["flight"]): FlightInput["flight"] {
  const { window, table, iteration, lane, attempt } = flight;
  return { window, table, iteration, lane, attempt, stage: flight.stage };
}

/** The planned table, range and logged state of a flight's window. Throws Stale where another run took over. */
export async function windowOfFlight(lake: Lake, run: number, next: number, flight: FlightInput["flight"]) {
  const state = await readStateOfRun(lake, run, next);
  const open = openIteration(state, flight.iteration);
  if (!open) throw new Terminal(`Iteration ${flight.iteration} is not open.`, { window: flight.window });
  if (state.copyId === undefined) throw new Terminal("The checkpoint log names no copy id.");
  const { table, range, state: window, tableIndex } = plannedWindow(open, flight.window);
  return { state: { ...state, copyId: state.copyId }, open, table, range, window, tableIndex };
}
