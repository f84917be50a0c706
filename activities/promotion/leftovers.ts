import { storageFailure } from "../../lake/failure.ts";
import { Stale } from "../../lake/log.ts";
import type { Left } from "../../model/checkpoint/entries.ts";
import { describe } from "../../model/errors.ts";
import { shortReason } from "../../model/retries.ts";

/** Of one part, how often a clean-up is refused before it leaves the rest of that part to the next. */
const REFUSALS = 10;

/** What of a clean-up stays, and why. */
export interface Leftovers {
  readonly add: (left: Left) => void;
  readonly list: () => Left[];
}

/** Tables of one part, or of one lake, are told together, by the first reason. */
export function noLeftovers(): Leftovers {
  const found = new Map<string, Left>();
  return {
    add: (left) => {
      const key = `${left.part} ${left.lake ?? ""}`;
      const before = found.get(key);
      const tables = [...new Set([...(before?.tables ?? []), ...(left.tables ?? [])])];
      found.set(key, { ...(before ?? left), ...(tables.length === 0 ? {} : { tables }) });
    },
    list: () => [...found.values()],
  };
}

export interface Tried<T> {
  /** What was not done: first what was not tried any more, so that the next clean-up begins with it. */
  readonly left: readonly T[];
  /** What was thrown first, and that in words. */
  readonly error: unknown;
  readonly reason: string;
}

/** Does each of some things, whatever becomes of the others. Undefined where all were done; throws where the run is stale. */
export async function eachTried<T>(
  things: readonly T[],
  act: (thing: T) => Promise<void>,
): Promise<Tried<T> | undefined> {
  const refused: T[] = [];
  let first: unknown;
  for (const [i, thing] of things.entries()) {
    try {
      await act(thing);
    } catch (thrown) {
      if (thrown instanceof Stale) throw thrown;
      first ??= thrown;
      refused.push(thing);
      if (refused.length >= REFUSALS) return tried([...things.slice(i + 1), ...refused], first);
    }
  }
  return refused.length === 0 ? undefined : tried(refused, first);
}

function tried<T>(left: readonly T[], error: unknown): Tried<T> {
  return { left, error, reason: shortReason(describe(storageFailure(error))) };
}
