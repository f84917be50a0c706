import { moveTheseExtents } from "../../kusto/moves.ts";
import { readExtents, tableExists } from "../../kusto/reads.ts";
import { isOfOneTable } from "../../model/errors.ts";
import { stagingTable } from "../../model/naming.ts";
import type { Answer, FlightInput, FlightOutcome } from "../contract.ts";
import { clientsOf } from "../environment.ts";
import { flightStep, WrongAttempt } from "../outcome.ts";
import { started, windowOfFlight } from "./startExport.ts";

/**
 * Takes over what an older run had staged and logged: moves those extents, by id, into this run's staging table, to be
 * verified again under their old tag. What is not there any more is copied anew.
 *
 * Invariant: what this run has verified in its own staging is not moved again. Moved within one table its extents would have
 * other ids, and a promotion that names them would find its rows neither in staging nor in the table, and stop that.
 */
export function adoptStaged({ job, run, next, flight }: FlightInput): Promise<Answer<FlightOutcome>> {
  return flightStep(flight, async () => {
    const { lake, destination } = clientsOf(job);
    const { state, table, window, tableIndex } = await windowOfFlight(lake, run, next, flight);
    const context = { table: table.name, window: flight.window };
    const { staging: old, extents = [], tag } = window;
    if (old === undefined || tag === undefined)
      throw new WrongAttempt("The log doesn't say where the window was staged.", context);
    const database = job.destination.database;
    const lookUp = async () =>
      (await tableExists(destination, database, old))
        ? await readExtents(destination, database, [old], { ids: extents })
        : [];
    const gone = (cause?: unknown) =>
      new WrongAttempt(
        "What an earlier run had staged is not there any more; the window is copied again.",
        context,
        { cause },
      );
    const staging = stagingTable(state.copyId, run, flight.iteration, tableIndex);
    if (old === staging)
      throw new WrongAttempt("The window has been taken over already, and is logged as that.", context);
    const there = await lookUp();
    if (there.length !== extents.length) throw gone();
    let moved: string[];
    try {
      moved = await moveTheseExtents(
        destination,
        database,
        { from: old, to: staging, extents: there },
        context,
      );
    } catch (error) {
      // Another delivery of this step may have been first: nothing is wrong with the window then.
      if (isOfOneTable(error) && (await lookUp()).length < extents.length) throw gone(error);
      throw error;
    }
    return {
      kind: "advanced",
      flight: { ...started(flight), stage: "toVerify", rows: window.content?.rows ?? 0, extents: moved },
    };
  });
}
