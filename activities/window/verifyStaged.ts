import type { BagComparison } from "../../kusto/commands/contentHash.ts";
import { readExtentsContent, readWindowContent } from "../../kusto/reads.ts";
import type { Content, PlannedTable } from "../../model/checkpoint/entries.ts";
import { countedRows } from "../../model/counted.ts";
import { Terminal } from "../../model/errors.ts";
import { attemptTag, stagingTable } from "../../model/naming.ts";
import type { Answer, FlightInput, FlightOutcome } from "../contract.ts";
import { clientsOf } from "../environment.ts";
import { flightStep, WrongAttempt } from "../outcome.ts";
import { tellingSourceChanges } from "./sourceChange.ts";
import { windowOfFlight } from "./startExport.ts";

/**
 * Compares what lies in staging with the source window, by count and by content, and answers the extents that were
 * compared: those and no others are promoted.
 *
 * A text hash that differs is settled by one that is blind to the order of property bags. If that differs too, the
 * source is hashed again: a source that changed since the export is told from a copy that is wrong.
 */
export function verifyStaged({ job, run, next, flight }: FlightInput): Promise<Answer<FlightOutcome>> {
  return flightStep(flight, async () => {
    const { lake, source, destination } = clientsOf(job);
    const { state, table, range, window, tableIndex } = await windowOfFlight(lake, run, next, flight);
    const context = { table: table.name, window: flight.window };
    const { content } = window;
    const extents = [...(flight.extents ?? [])];
    if (content === undefined || extents.length === 0)
      throw new Terminal("The log says nothing of this window's content.", context);
    const staging = stagingTable(state.copyId, run, flight.iteration, tableIndex);
    const stagedAs = (bags: BagComparison) =>
      readExtentsContent(destination, job.destination.database, staging, table, extents, bags);
    const sourceAs = async (bags: BagComparison) =>
      (await readWindowContent(source, job.source.database, table, range, { bags })).content;

    const staged = await tellingSourceChanges(job, table, async () => {
      const found = await stagedAs("text");
      const same =
        isSame(found, content) ||
        (hasBags(table) &&
          found.rows === content.rows &&
          isSame(await stagedAs("orderBlind"), await sourceAs("orderBlind"))) ||
        isSame(found, await sourceAs("text"));
      if (same) return found;
      throw new WrongAttempt(
        `Staging holds ${countedRows(found.rows)} with content hash ${found.hash}, and the source window ${content.rows} with ${content.hash}.`,
        context,
        { advice: "Nothing of this attempt is promoted; the window is copied again." },
      );
    });
    // An adopted window keeps the tag it was ingested under.
    const tag = window.tag ?? attemptTag(state.copyId, run, flight.window, flight.attempt);
    return {
      kind: "advanced",
      flight,
      staged: { window: flight.window, attempt: flight.attempt, staging, tag, rows: staged.rows, extents },
    };
  });
}

function isSame(a: Content, b: Content): boolean {
  return a.rows === b.rows && a.hash === b.hash;
}

function hasBags(table: PlannedTable): boolean {
  return table.columns.some((column) => column.type === "dynamic");
}
