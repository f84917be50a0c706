import type { PlannedTable } from "./entries.ts";
import type { TableState } from "./state.ts";

/** What a table that the log doesn't know yet stands at while its first iteration isn't committed whole. */
export function beginning(planned: PlannedTable): TableState {
  return { cursor: planned.after ?? "", backfill: historyWith(planned), backfillUpTo: "" };
}

/** What a forward iteration that a table begins with says of its history: it begins with it, or leaves it out. */
export function historyWith(planned: PlannedTable | undefined): "done" | "none" {
  return planned !== undefined && planned.after === undefined ? "done" : "none";
}
