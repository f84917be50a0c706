import type { State } from "../../model/checkpoint/state.ts";
import type { Job } from "../../model/job.ts";
import type { Candidate } from "./candidates.ts";

/**
 * The horizon that cuts off what is old, or null: nothing of what is new, nor of what replaces a table that was copied whole.
 * The earliest that the log's jobs had: a time span counts from the first run, however often history is planned since.
 */
export function horizonOf(
  { table, after, replaces, resync, days }: Candidate,
  job: Job,
  state: State,
): string | null {
  if (after !== undefined) return null;
  // Days take the place of what was copied of them: whole where the table was, with no horizon.
  if (resync || days !== undefined ? state.tables[table.name]?.signature !== undefined : replaces)
    return null;
  return state.horizon === undefined ? job.backfillHorizon : state.horizon;
}

/** A horizon as windows have it: seven digits of a second. */
export function isoHorizon(horizon: string): string {
  return new Date(horizon).toISOString().replace(/(\.\d{3})Z$/, "$10000Z");
}
