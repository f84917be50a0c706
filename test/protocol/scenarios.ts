import type { Row, Rules } from "./rules.ts";

/*
 * What is explored. Bounded are: the runs (two, and those that follow when faults have stopped), the batches of the source (two,
 * and one more at the end), the windows (two), the attempts at a window (two, then its table is parked), the second deliveries
 * on their way (one) and the faults in one history (one or two). Not bounded are how long anything waits, what happens in between,
 * and how often: the exploration goes on until no new state is found.
 *
 * That suffices, as what the promise rests on is local. A log entry has one run before it and one after it; an extent is moved
 * by one intent; a window meets the run that staged it, the one that takes over, and what either left on its way; an iteration
 * meets the one before it. A third run is to the second what the second is to the first, and so is a third window to the
 * second; a second fault in the same place is met where two are allowed.
 */

function day(n: number): string {
  return `2026-01-0${n}T00:00:00.0000000Z`;
}

/** Two iterations of a window each: the first one's late deliveries and sweeps meet the second one's staging. */
const TWO_ITERATIONS: readonly Row[] = [
  { id: "a", batch: 1, at: day(1) },
  { id: "b", batch: 2, at: day(2) },
];

/** One iteration of one window, for what is tried with two faults. */
const ONE_WINDOW: readonly Row[] = [{ id: "a", batch: 1, at: day(1) }];

/** One iteration of two windows. */
const TWO_WINDOWS: readonly Row[] = [
  { id: "a", batch: 1, at: day(1) },
  { id: "b", batch: 1, at: day(2) },
];

/** One window of two files. */
const TWO_FILES: readonly Row[] = [
  { id: "a", batch: 1, at: day(1) },
  { id: "b", batch: 1, at: day(1) },
];

const base: Rules = {
  rows: [],
  visibility: "iteration",
  historyFirst: false,
  kinds: [],
  faults: 0,
  mutations: [],
};

export const twoIterations: Rules = { ...base, rows: TWO_ITERATIONS };
export const historyFirst: Rules = { ...twoIterations, historyFirst: true };
export const oneWindow: Rules = { ...base, rows: ONE_WINDOW };
export const twoWindows: Rules = { ...base, rows: TWO_WINDOWS };
export const shownWindows: Rules = { ...twoWindows, visibility: "window" };
export const twoFiles: Rules = { ...base, rows: TWO_FILES };
export const snapshot: Rules = { ...base, versions: [["a"], ["b"]] };
/** A table that is replaced as a whole, and that is empty at first. */
export const emptySnapshot: Rules = { ...base, versions: [[], ["b"]] };

/** A table that is replaced as a whole, and that is emptied. */
export const emptiedSnapshot: Rules = { ...base, versions: [["a"], []] };

export function withFaults(rules: Rules, kinds: Rules["kinds"], faults = 1): Rules {
  return { ...rules, kinds, faults };
}
