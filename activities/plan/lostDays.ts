import type { Parked } from "../../model/checkpoint/entries.ts";
import type { State } from "../../model/checkpoint/state.ts";
import type { Job } from "../../model/job.ts";
import { selectsTable } from "../../model/tableSelection.ts";
import { named } from "./settleDays.ts";

/**
 * Days that were asked for of tables that the source has no more, or that the job leaves out by now, with the reason: no
 * iteration looks at such a table, and they would wait for ever. `selected`: names of the source's tables that the job selects.
 */
export function lostDays(
  { tables }: Pick<Job, "tables">,
  state: State,
  selected: ReadonlySet<string>,
): Parked[] {
  return Object.entries(state.tables).flatMap(([table, { days }]) => {
    if (days === undefined || selected.has(table)) return [];
    const why = selectsTable(table, tables.include, tables.exclude)
      ? "the source has no such table any more."
      : "the job leaves the table out by now.";
    return [{ table, reason: `Days ${named(days.asked)} of table ${table} are not resynchronised: ${why}` }];
  });
}
