import type { State } from "./checkpoint/state.ts";
import { selectsTable } from "./tableSelection.ts";

/** Tables that the log knows, or that an iteration has begun with, by names and patterns; and those of them that meet none. */
export function resyncedTables(
  { tables, open }: State,
  patterns: readonly string[],
): { tables: string[]; unknown: string[] } {
  const begun = [open.forward, open.backfill].flatMap((each) => each?.tables ?? []);
  const known = [...new Set([...Object.keys(tables), ...begun.map((table) => table.name)])].toSorted();
  const met = (pattern: string) => known.filter((name) => selectsTable(name, [pattern], []));
  return {
    tables: known.filter((name) => patterns.some((pattern) => met(pattern).includes(name))),
    unknown: patterns.filter((pattern) => met(pattern).length === 0),
  };
}
