import { windowId, windowPlace } from "./entries.ts";
import type { OpenIteration, WindowState } from "./state.ts";

/** States of a planned table's windows, in the plan's order. */
export function windowsOf(open: OpenIteration, table: number): WindowState[] {
  const planned = open.tables[table];
  if (!planned) return [];
  return planned.windows.map(
    (_, w) => open.windows[windowId(open.iteration, table, w)] ?? { stage: "planned", attempt: 0 },
  );
}

/** The planned table and range of a window. Throws where the iteration has no such window. */
export function plannedWindow(open: OpenIteration, id: string) {
  const place = windowPlace(id);
  const table = open.tables[place.table];
  const range = table?.windows[place.window];
  const state = open.windows[id];
  if (!table || !range || !state) throw new Error(`iteration ${open.iteration} has no window ${id}`);
  return { table, range, state, tableIndex: place.table };
}
