import { z } from "zod";

/*
 * What had to be tried again: steps that a cluster or the storage refused for now, and attempts at a window that failed. Both are
 * counted in the log, so that the status tells them whatever became of the run.
 */

export const retriesSchema = z.object({
  /** Steps that were tried again as they were. */
  steps: z.number().int().nonnegative(),
  /** Attempts at a window that were given up. */
  attempts: z.number().int().nonnegative(),
  /** Why, the last time; null where nothing was tried again. */
  reason: z.string().nullable(),
});

export type Retries = z.infer<typeof retriesSchema>;

export const noRetries: Retries = { steps: 0, attempts: 0, reason: null };

/** Both together; the later one's reason is the last. */
export function addedRetries(earlier: Retries, later: Retries): Retries {
  return {
    steps: earlier.steps + later.steps,
    attempts: earlier.attempts + later.attempts,
    reason: later.reason ?? earlier.reason,
  };
}

export function sumOfRetries(all: Iterable<Retries | undefined>): Retries {
  let sum = noRetries;
  for (const each of all) if (each !== undefined) sum = addedRetries(sum, each);
  return sum;
}

/** Reasons are kept short where they are only counted: a service may answer with pages. */
const REASON_LENGTH = 300;

export function shortReason(reason: string): string {
  return reason.length <= REASON_LENGTH ? reason : `${reason.slice(0, REASON_LENGTH - 1)}…`;
}

/** What a table ends an iteration with whose window can't be copied: which window, how often it was tried, why, and what is next. */
export function parkedReason(window: string, attempts: number, reason: string): string {
  const times = attempts === 1 ? "" : ` ${attempts} times, the last time`;
  const why = /[.!?]$/u.test(reason.trim()) ? reason.trim() : `${reason.trim()}.`;
  return `Window ${window} failed${times}: ${why} The table stays where it was; the next iteration tries it again.`;
}
