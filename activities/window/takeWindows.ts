import { readStateOfRun } from "../../lake/log.ts";
import { windowId } from "../../model/checkpoint/entries.ts";
import { type OpenIteration, openIteration } from "../../model/checkpoint/state.ts";
import { Terminal } from "../../model/errors.ts";
import { stagingOwner } from "../../model/naming.ts";
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

/** What a window needs next; nothing for one that is promoted, or staged where this run can promote it from. */
function flightOf(open: OpenIteration, run: number, table: string, id: string): Flight | undefined {
  const window = open.windows[id];
  if (!window || window.stage === "promoted") return undefined;
  const common = { window: id, table, iteration: open.iteration, lane: open.lane };
  if (window.stage === "planned") return { ...common, attempt: window.attempt + 1, stage: "toExport" };
  const rows = window.content?.rows ?? 0;
  if (window.stage === "exported") return { ...common, attempt: window.attempt, stage: "toIngest", rows };
  const mine = window.staging !== undefined && stagingOwner(window.staging)?.run === run;
  if (mine || rows === 0) return undefined;
  return { ...common, attempt: window.attempt, stage: "toAdopt", rows };
}
