import type { State } from "./checkpoint/state.ts";

/**
 * Seconds since the last committed cursor was read; null before anything is committed. Counted from the reading of the
 * cursor and not from the rows' own times, so an idle database has no growing lag.
 */
export function lagSeconds(state: State, now: Date): number | null {
  const readAt = state.lastForward?.readAt ?? state.finished.at(-1)?.readAt;
  if (readAt === undefined) return null;
  return Math.max(0, (now.getTime() - Date.parse(readAt)) / 1000);
}
