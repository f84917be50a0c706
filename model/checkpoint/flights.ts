import { stagingOwner } from "../naming.ts";
import type { Flight } from "../schedule.ts";
import type { OpenIteration } from "./state.ts";

/**
 * What a window needs next in a run, by the log; undefined for one that is promoted, for one that is staged where this run can
 * promote it from, and for one that was never planned.
 */
export function flightOf(open: OpenIteration, run: number, table: string, id: string): Flight | undefined {
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
