import { readStateOfRun } from "../../lake/log.ts";
import { windowId } from "../../model/checkpoint/entries.ts";
import { flightOf } from "../../model/checkpoint/flights.ts";
import { openIteration } from "../../model/checkpoint/state.ts";
import { Terminal } from "../../model/errors.ts";
import type { Flight } from "../../model/schedule.ts";
import type { Answer, TakenWindows, TakeWindowsInput } from "../contract.ts";
import { clientsOf } from "../environment.ts";
import { answer } from "../outcome.ts";

/** Reads the next windows of a plan that need work, each at the stage that the log shows it at. */
export function takeWindows({
  job,
  run,
  next,
  iteration,
  position,
  count,
}: TakeWindowsInput): Promise<Answer<TakenWindows>> {
  return answer(async () => {
    const { lake } = clientsOf(job);
    const open = openIteration(await readStateOfRun(lake, run, next), iteration);
    if (!open) throw new Terminal(`Iteration ${iteration} is not open.`);
    const order = open.tables.flatMap((table, t) =>
      table.windows.map((_, w) => ({ table: table.name, id: windowId(iteration, t, w) })),
    );
    const flights: Flight[] = [];
    let at = position;
    for (; at < order.length && flights.length < count; at++) {
      const each = order[at];
      const flight =
        each && !(each.table in open.parked) ? flightOf(open, run, each.table, each.id) : undefined;
      if (flight) flights.push(flight);
    }
    return { flights, position: at, end: at >= order.length };
  });
}
