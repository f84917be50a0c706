import { copyRecord } from "../record.ts";
import { addedRetries, noRetries, type Retries } from "../retries.ts";
import { type EntryOf, windowPlace } from "./entries.ts";
import type { OpenIteration } from "./state.ts";

/** What is counted as tried again with one more entry; nothing where none ever was, so that states stay small. */
export function retriesAfter(
  open: OpenIteration,
  entry: EntryOf<"progress">,
): Pick<OpenIteration, "retries" | "waits"> {
  const retries = copyRecord(open.retries ?? {});
  let { waits } = open;
  const add = (table: string | undefined, more: Retries) => {
    if (table === undefined) waits = addedRetries(waits ?? noRetries, more);
    else retries[table] = addedRetries(retries[table] ?? noRetries, more);
  };
  for (const { table, steps, reason } of entry.retries ?? []) add(table, { steps, attempts: 0, reason });
  for (const { window, reason } of entry.reset)
    add(open.tables[windowPlace(window).table]?.name, { steps: 0, attempts: 1, reason });
  for (const { table, window, reason } of entry.parked)
    if (window !== undefined) add(table, { steps: 0, attempts: 1, reason });
  return {
    ...(Object.keys(retries).length === 0 ? {} : { retries }),
    ...(waits === undefined ? {} : { waits }),
  };
}
