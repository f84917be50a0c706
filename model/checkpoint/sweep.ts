import { stagingOwner, tagOwner } from "../naming.ts";
import type { State } from "./state.ts";

/** What the clean-up after an iteration may remove of what copies left behind. */
export interface Sweep {
  /** Whether an iteration is over: none that is open, and none planned later, of which a clean-up that comes late knows nothing. */
  readonly isOver: (iteration: number) => boolean;
  /** Whether a table of the destination is a staging table that may be dropped: of this copy, of a run no newer, of what is over. */
  readonly isLeft: (table: string) => boolean;
  /** Whether a tag is one of an attempt's that may be taken off: of this copy, of a run no newer, of what is over. */
  readonly isLeftTag: (tag: string) => boolean;
}

/**
 * The sweep of a run after an iteration, by the log as the run knows it: of that one and of all before the newest that it knows to
 * be committed, as a backfill ends after many that were planned later.
 */
export function sweepOf(state: State, run: number, iteration: number): Sweep {
  const open = new Set(
    [state.open.forward, state.open.backfill].flatMap((each) => (each ? [each.iteration] : [])),
  );
  const newest = Math.max(iteration, ...state.finished.map((each) => each.iteration));
  const isOver = (each: number) => each <= newest && !open.has(each);
  const isOwn = (owner: ReturnType<typeof stagingOwner>) =>
    owner !== undefined && owner.copyId === state.copyId && owner.run <= run && isOver(owner.iteration);
  return {
    isOver,
    isLeft: (table) => isOwn(stagingOwner(table)),
    isLeftTag: (tag) => isOwn(tagOwner(tag)),
  };
}
