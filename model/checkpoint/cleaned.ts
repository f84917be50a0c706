import type { EntryOf } from "./entries.ts";
import type { State } from "./state.ts";

/**
 * The state after a clean-up. What it left takes the place of what the one before left, as each tries all of it; so do the events
 * that wait, of iterations that the state still holds.
 */
export function cleaned(state: State, { iteration, left, unpublished }: EntryOf<"cleaned">): State {
  const { left: _, unpublished: before, ...rest } = state;
  const waiting = new Set([...(before?.iterations ?? []), iteration]);
  const iterations = state.finished
    .filter((each) => waiting.has(each.iteration) && each.abandoned !== true)
    .map((each) => each.iteration);
  return {
    ...rest,
    toClean: state.toClean.filter((each) => each.iteration !== iteration),
    ...(left === undefined ? {} : { left }),
    ...(unpublished === undefined || iterations.length === 0
      ? {}
      : { unpublished: { iterations, reason: unpublished } }),
  };
}

/** Clean-ups that a run makes before it goes on, at most: what is left of more waits for the next run. */
const CLEAN_UPS_AT_ONCE = 20;

/**
 * Iterations that a run cleans up after before it goes on: those that nobody has, or else, where something is left or an event
 * waits, the last one once more.
 */
export function owedCleanUps(state: State): number[] {
  const owed = state.toClean.slice(0, CLEAN_UPS_AT_ONCE).map((each) => each.iteration);
  if (owed.length > 0 || (state.left === undefined && state.unpublished === undefined)) return owed;
  return state.finished.slice(-1).map((each) => each.iteration);
}

/**
 * Iterations whose events are to be published before one's clean-up, in the order of their commits: those that were refused, and its
 * own, of which nobody knows as long as it isn't cleaned up after.
 */
export function owedEvents({ toClean, unpublished, finished }: State, iteration: number): State["finished"] {
  const own = toClean.filter((each) => each.iteration === iteration);
  const owed = new Set([...(unpublished?.iterations ?? []), ...own.map((each) => each.iteration)]);
  return finished.filter((each) => owed.has(each.iteration) && each.abandoned !== true);
}
