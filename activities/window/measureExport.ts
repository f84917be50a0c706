import type { KustoClient, KustoRow } from "../../kusto/client.ts";
import { rowsOf } from "../../kusto/client.ts";
import { exportedFile } from "../../kusto/commands/exportData.ts";
import { showOperationDetails } from "../../kusto/commands/operations.ts";
import { readExtents, readWindowContent } from "../../kusto/reads.ts";
import { fileSizes } from "../../lake/stagedFiles.ts";
import type { PlannedTable, WindowRange } from "../../model/checkpoint/entries.ts";
import { countedRows } from "../../model/counted.ts";
import { describe, isOfOneTable } from "../../model/errors.ts";
import { isoFromTicks, startOfDay, ticksFromIso } from "../../model/ticks.ts";
import type { Answer, FlightInput, FlightOutcome } from "../contract.ts";
import { clientsOf } from "../environment.ts";
import { lakeOfAttempt, notedLake } from "../lakes.ts";
import { flightStep, WrongAttempt } from "../outcome.ts";
import { tellingSourceChanges } from "./sourceChange.ts";
import { started, windowOfFlight } from "./startExport.ts";

/** Extents of a window beyond which their creation times aren't looked up. */
const MAX_EXTENTS = 1000;

/**
 * Takes the result of a finished export: its files from the operation's details, never from a listing, and the
 * source window's rows and multiset hash. Where the two counts differ the source changed in between, and the window
 * is exported again.
 */
export function measureExport({ job, run, next, flight }: FlightInput): Promise<Answer<FlightOutcome>> {
  return flightStep(flight, async () => {
    const { lake, source } = clientsOf(job);
    const { state, table, range } = await windowOfFlight(lake, run, next, flight);
    const context = { table: table.name, window: flight.window };
    const { operation, folder } = flight;
    if (operation === undefined || folder === undefined)
      throw new WrongAttempt("The export's operation is not known any more.", context);
    const database = job.source.database;
    const staged = lakeOfAttempt(job, state.copyId, flight.window, flight.attempt);
    const [details, measured, sizes] = await Promise.all([
      resultOf(source, database, operation, context),
      tellingSourceChanges(job, table, () =>
        readWindowContent(source, database, table, range, { extents: MAX_EXTENTS }),
      ),
      fileSizes(staged, folder),
    ]);
    const files = rowsOf(exportedFile, details).filter((file) => file.NumRecords > 0n);
    const exported = Number(files.reduce((sum, file) => sum + file.NumRecords, 0n));
    if (exported !== measured.content.rows) {
      throw new WrongAttempt(
        `The export wrote ${countedRows(exported)}, and the window at the source holds ${measured.content.rows} now.`,
        context,
        {
          advice: "Rows were deleted at the source in between, or the export is not whole; it is done again.",
        },
      );
    }
    const names = files.map((file) => fileName(file.Path, folder, context));
    const created = await creationTime(source, database, table, range, measured);
    return {
      kind: "advanced",
      flight: { ...started(flight), stage: "toIngest", rows: exported },
      exported: {
        window: flight.window,
        attempt: flight.attempt,
        ...notedLake(job, staged),
        folder,
        files: names,
        bytes: names.reduce((sum, name) => sum + (sizes.get(name) ?? 0), 0),
        content: measured.content,
        ...(created === undefined ? {} : { created }),
        // The rows of a snapshot table may be of many days.
        ...(measured.lastIngested === null || range.kind === "whole"
          ? {}
          : { day: measured.lastIngested.slice(0, 10) }),
      },
    };
  });
}

/**
 * The persisted result of an export. Kusto keeps it for a while only, and a run may have been away for longer than that: then
 * nothing tells which files are whole, and the export is done again.
 */
async function resultOf(
  source: KustoClient,
  database: string,
  operation: string,
  context: { table: string; window: string },
): Promise<KustoRow[]> {
  try {
    return await source.command(database, showOperationDetails(operation), { context });
  } catch (error) {
    if (!isOfOneTable(error)) throw error;
    throw new WrongAttempt(`The result of export ${operation} can't be read: ${describe(error)}`, context, {
      cause: error,
      advice: "It is exported again.",
    });
  }
}

function fileName(path: string, folder: string, context: { table: string; window: string }): string {
  const address = decodeURIComponent(path.split(/[?;]/)[0] ?? "");
  const at = address.indexOf(`/${folder}/`);
  if (at < 0) throw new WrongAttempt("The export wrote a file outside of its folder.", context);
  return address.slice(at + folder.length + 2);
}

/**
 * The creation time that the copied extents get: the source extents' own where they share a day, else the day of the
 * window's ingestion times; for rows without either, the newest of the source's, so that nothing expires early.
 */
async function creationTime(
  source: KustoClient,
  database: string,
  table: PlannedTable,
  range: WindowRange,
  measured: { extents: readonly string[]; lastIngested: string | null },
): Promise<string | undefined> {
  if (measured.extents.length > 0 && measured.extents.length <= MAX_EXTENTS) {
    const extents = await readExtents(source, database, [table.name], { ids: measured.extents });
    const oldest = extents.map((extent) => extent.MinCreatedOn).toSorted()[0];
    const newest = extents
      .map((extent) => extent.MaxCreatedOn)
      .toSorted()
      .at(-1);
    // A merge since the hash was taken has given some extents new ids: their times are not known then.
    const whole = extents.length === measured.extents.length;
    if (whole && oldest !== undefined && newest !== undefined) {
      if (sameDay(oldest, newest) || range.kind !== "time") return newest;
    }
  }
  return measured.lastIngested ?? undefined;
}

function sameDay(a: string, b: string): boolean {
  return isoFromTicks(startOfDay(ticksFromIso(a))) === isoFromTicks(startOfDay(ticksFromIso(b)));
}
