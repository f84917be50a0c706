import type { OrchestrationContext } from "durable-functions";
import type { Job } from "../model/job.ts";
import { type Steps, takeWaits } from "./calls.ts";
import { type Carry, lanesOf } from "./carry.ts";
import { record } from "./record.ts";
import { takeRetries, withRetries } from "./unlogged.ts";

/*
 * What was tried again and isn't in the log yet. It rides along with the entries that are written anyway, so that a throttled
 * cluster doesn't fill the log; only where none is written for a while does it get one of its own.
 */

/** After how long it gets an entry of its own, milliseconds, or fifty polls where they come faster. */
const ENTRY_AFTER_MS = 5000;

/** Counts what the run itself waited for meanwhile, for the iteration that goes first. */
export function countWaits(context: OrchestrationContext, carry: Carry): Carry {
  const [lane] = lanesOf(carry);
  if (lane === undefined) return carry;
  const { iteration } = lane;
  const waits = takeWaits(context).map((each) => ({ iteration, ...each }));
  return withRetries(carry, waits, context.df.currentUtcDateTime);
}

/** Gives what was tried again an entry of its own where it has waited for one long enough. */
export function* logRetries(context: OrchestrationContext, job: Job, carry: Carry): Steps<Carry> {
  if (carry.unloggedSince === null) return carry;
  const waited = context.df.currentUtcDateTime.getTime() - Date.parse(carry.unloggedSince);
  if (waited < Math.min(ENTRY_AFTER_MS, 50 * job.pollMs)) return carry;
  let left = carry;
  for (const { iteration } of lanesOf(carry)) left = yield* logRetriesOf(context, job, left, iteration);
  return left;
}

/** Logs what was tried again of an iteration, as before its commit, when no entry comes any more to ride along with. */
export function* logRetriesOf(
  context: OrchestrationContext,
  job: Job,
  before: Carry,
  iteration: number,
): Steps<Carry> {
  const { carry, retries } = takeRetries(before, iteration);
  if (retries.length === 0) return before;
  const nothing = { exported: [], staged: [], reset: [], parked: [] };
  return yield* record(context, job, carry, { kind: "progress", iteration, ...nothing, retries });
}
