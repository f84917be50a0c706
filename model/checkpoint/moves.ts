import { Terminal } from "../errors.ts";
import { stagingOwner } from "../naming.ts";
import { type PlannedTable, type PromotionMove, windowId } from "./entries.ts";
import type { OpenIteration } from "./state.ts";

/**
 * What the promotion of an iteration moves: of each table that isn't parked all windows that aren't promoted yet, by the very
 * extents that were verified. Throws Terminal where one of them isn't staged, or where they lie in two staging tables.
 */
export function movesOf(open: OpenIteration): PromotionMove[] {
  return open.tables.flatMap((table, t) => {
    if (table.name in open.parked) return [];
    const ids = table.windows.map((_, w) => windowId(open.iteration, t, w));
    const waiting = ids.filter((id) => open.windows[id]?.stage !== "promoted");
    return waiting.length === 0 ? [] : [moveOf(open, table, waiting)];
  });
}

/** The same of the windows that this run has staged by now, and of no table that is replaced, as that happens at once. */
export function stagedMovesOf(open: OpenIteration, run: number): PromotionMove[] {
  return open.tables.flatMap((table, t) => {
    if (table.name in open.parked || isReplacement(table)) return [];
    const ready = table.windows
      .map((_, w) => windowId(open.iteration, t, w))
      .filter((id) => {
        const { stage, staging, extents } = open.windows[id] ?? { stage: "planned" };
        // What an older run staged is adopted first, from where it lies.
        const mine = staging !== undefined && stagingOwner(staging)?.run === run;
        return stage === "staged" && (mine || extents?.length === 0);
      });
    return ready.length === 0 ? [] : [moveOf(open, table, ready)];
  });
}

/** The move of a table's windows, each of which must be staged. */
function moveOf(open: OpenIteration, table: PlannedTable, ids: readonly string[]): PromotionMove {
  const windows = ids.map((id) => {
    const { stage, staging, tag, rows, extents } = open.windows[id] ?? { stage: "planned" };
    if (
      stage !== "staged" ||
      staging === undefined ||
      tag === undefined ||
      rows === undefined ||
      extents === undefined
    ) {
      throw new Terminal(`Window ${id} is ${stage}, and would be promoted.`, {
        table: table.name,
        window: id,
      });
    }
    return { staging, window: id, tag, rows, extents };
  });
  // A window without rows may have been noted by an older run; only rows tell which staging table counts.
  const holding = [
    ...new Set(windows.filter((window) => window.extents.length > 0).map((window) => window.staging)),
  ];
  if (holding.length > 1)
    throw new Terminal(`Windows of one table are staged in ${holding.join(" and ")}.`, {
      table: table.name,
    });
  const staging = holding[0] ?? windows[0]?.staging ?? "";
  return {
    table: table.name,
    staging,
    windows: windows.map(({ staging: _, ...window }) => window),
    replace: isReplacement(table),
    ...(table.days === undefined ? {} : { days: [...table.days] }),
  };
}

/** What is copied takes the place of what the table holds, or holds of some days: all at once. */
function isReplacement({ signature, days }: PlannedTable): boolean {
  return signature !== undefined || days !== undefined;
}
