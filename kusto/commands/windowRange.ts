import type { PlannedTable, WindowRange } from "../../model/checkpoint/entries.ts";
import { ticksFromIso } from "../../model/ticks.ts";
import { windowFilter } from "./windows.ts";

/** The rows of a planned window, as the pipes that follow its table's name: the filter, then the table's own query. */
export function pipesOfWindow(table: PlannedTable, range: WindowRange): string {
  return `${filterOfWindow(table, range)}${table.query ?? ""}`;
}

/** The filter of a planned window, as the pipes that follow its table's name; empty for a snapshot table. */
export function filterOfWindow(table: PlannedTable, range: WindowRange): string {
  if (range.kind === "whole") return "";
  if (range.kind === "untimed") return windowFilter({ nullIngestionTime: true });
  return windowFilter({
    after: table.after,
    upTo: table.upTo,
    from: range.from === undefined ? undefined : ticksFromIso(range.from),
    to: range.to === undefined ? undefined : ticksFromIso(range.to),
  });
}
