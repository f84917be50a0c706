import type { State } from "./checkpoint/state.ts";

/**
 * When the cursor was read that the destination stands at: it holds the source's rows up to there, but for tables that are told as
 * failed. Undefined before anything is committed. A later backfill brings what was left of the history, up to the cursor of the
 * first, and makes nothing newer; nor does an iteration of days, or of what was owed.
 */
export function copiedAsOf(state: State): string | undefined {
  return state.lastForward?.readAt ?? state.historyReadAt;
}

/** When the cursor was read that new data is counted from: until anything is committed, that of the history under way. */
export function countedFrom(state: State): string | null {
  return copiedAsOf(state) ?? state.open.backfill?.readAt ?? null;
}

/**
 * Seconds since the last committed cursor was read; null before anything is committed. Counted from the reading of the
 * cursor and not from the rows' own times, so an idle database has no growing lag.
 */
export function lagSeconds(state: State, now: Date): number | null {
  const readAt = copiedAsOf(state);
  if (readAt === undefined) return null;
  return Math.max(0, (now.getTime() - Date.parse(readAt)) / 1000);
}

/** What the timer says of a job at each tick; the workbook and the alerts of infra/ read it. */
export function lagLine(job: string, lagSeconds: number, rpoMs: number): string {
  return `Lag of ${job}: ${Math.round(lagSeconds)} s, RPO ${Math.round(rpoMs / 1000)} s.`;
}
