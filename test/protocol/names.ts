import type { OpenIteration, State } from "../../model/checkpoint/state.ts";
import { plannedWindow } from "../../model/checkpoint/windows.ts";
import { attemptFolder, attemptTag, stagingTable } from "../../model/naming.ts";
import type { Flight } from "../../model/schedule.ts";
import { mutated, type Rules } from "./rules.ts";
import { contentOf } from "./source.ts";

/* The names that an activity gives what it makes, by the log as it knows it: those of model/naming.ts, but for mutations. */

export function stagingName(rules: Rules, state: State, run: number, iteration: number): string {
  const copyId = state.copyId ?? "";
  if (mutated(rules, "one staging table")) return stagingTable(copyId, 0, 0, 0);
  return stagingTable(copyId, mutated(rules, "staging without the run") ? 0 : run, iteration, 0);
}

export function tagOf(state: State, run: number, flight: Flight): string {
  return attemptTag(state.copyId ?? "", run, flight.window, flight.attempt);
}

export function folderOf(run: number, flight: Flight): string {
  return attemptFolder(run, flight.window, flight.attempt);
}

/** The rows that a window holds at the source. */
export function rowsOfWindow(rules: Rules, open: OpenIteration, window: string): readonly string[] {
  const { table, range } = plannedWindow(open, window);
  return contentOf(rules, table, range);
}
