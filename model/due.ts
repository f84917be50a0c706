import type { State } from "./checkpoint/state.ts";
import { type ResyncRequest, waitingResyncs } from "./control.ts";
import { copiedAsOf } from "./lag.ts";

/**
 * Whether a job's next iteration is due at this tick: when waiting for the next tick would let lag, with the usual
 * duration of an iteration, pass the RPO. A log that was never written is due, and so is an iteration that a run
 * which is no more left open; a job that failed waits for its RPO, so that it isn't tried at every tick, and so does one
 * that copies history only, as nothing shortens its lag. A table that somebody asked to resynchronise is due at once,
 * unless the job failed. Moments in milliseconds.
 */
export function isDue(
  state: State,
  rpoMs: number,
  now: number,
  nextTick: number,
  resyncs: readonly ResyncRequest[] = [],
): boolean {
  if (!state.run) return true;
  const opened = Date.parse(state.run.openedAt);
  if (state.failed !== undefined) return now - opened >= rpoMs;
  if (state.open.forward || state.open.backfill) return true;
  if (waitingResyncs(resyncs, state).length > 0) return true;
  const readAt = copiedAsOf(state);
  if (readAt === undefined || state.job?.mode === "backfill") return now - opened >= rpoMs;
  const duration = state.lastForward?.durationMs ?? 0;
  // A tick that isn't known, or is already past, is now.
  const waited = nextTick > now ? nextTick : now;
  return waited + duration - Date.parse(readAt) > rpoMs;
}
