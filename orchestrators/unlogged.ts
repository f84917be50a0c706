import type { Retry } from "../model/checkpoint/entries.ts";
import { shortReason } from "../model/retries.ts";

/** A step of an iteration that was tried again; without a table, one of the run itself. */
export interface UnloggedRetry extends Retry {
  readonly iteration: number;
}

/** What a run knows of what it tried again. */
export interface Retried {
  /** Steps that were refused for now, and attempts begun anew, by this run; and why, the last time. */
  readonly refused: number;
  readonly retried: number;
  readonly retryReason: string | null;
  /** Of the steps, what the log doesn't tell yet, and since when. */
  readonly unlogged: readonly UnloggedRetry[];
  readonly unloggedSince: string | null;
}

export const nothingRetried: Retried = {
  refused: 0,
  retried: 0,
  retryReason: null,
  unlogged: [],
  unloggedSince: null,
};

/** Counts steps that were tried again. */
export function withRetries<C extends Retried>(carry: C, more: readonly UnloggedRetry[], now: Date): C {
  if (more.length === 0) return carry;
  const unlogged = [...carry.unlogged];
  for (const each of more) {
    const reason = shortReason(each.reason);
    const at = unlogged.findIndex(
      ({ iteration, table }) => iteration === each.iteration && table === each.table,
    );
    const before = unlogged[at];
    if (before === undefined) unlogged.push({ ...each, reason });
    else unlogged[at] = { ...before, steps: before.steps + each.steps, reason };
  }
  return {
    ...carry,
    unlogged,
    unloggedSince: carry.unloggedSince ?? now.toISOString(),
    refused: carry.refused + more.reduce((sum, { steps }) => sum + steps, 0),
    retryReason: shortReason(more.at(-1)?.reason ?? ""),
  };
}

/** Takes what is to be logged of an iteration out of what isn't yet. */
export function takeRetries<C extends Retried>(carry: C, iteration: number): { carry: C; retries: Retry[] } {
  const retries = carry.unlogged
    .filter((each) => each.iteration === iteration)
    .map(({ iteration: _, ...retry }) => retry);
  const unlogged = carry.unlogged.filter((each) => each.iteration !== iteration);
  const unloggedSince = unlogged.length === 0 ? null : carry.unloggedSince;
  return { carry: { ...carry, unlogged, unloggedSince }, retries };
}
