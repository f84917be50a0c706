import type { OrchestrationContext } from "durable-functions";
import { ACTIVITY, type ControlAnswer } from "../activities/contract.ts";
import type { Job } from "../model/job.ts";
import type { SlotCounts } from "../model/schedule.ts";
import { optional, type Steps, step } from "./calls.ts";
import { type Carry, type CopyResult, lanesOf, type RunOutcome, withoutLane } from "./carry.ts";
import { stopExports } from "./exports.ts";
import { planAgain } from "./lanes.ts";
import { clean } from "./promotion.ts";
import { record, ref } from "./record.ts";
import { countWaits, logRetriesOf } from "./retries.ts";
import { releasePolicies } from "./updatePolicies.ts";

/*
 * What people ask of a run, and how it ends when they do.
 *
 * Invariants:
 * 1. A pause loses no work: what is on its way is waited for and logged, then the run ends; the next goes on from there.
 * 2. A stop waits for nothing: what is not logged is done again by the next run, in folders and staging tables of its own.
 * 3. A cancellation gives up what isn't promoted, by a commit that passes only what is; nothing of it is left over.
 */

/** Between two looks at what is asked, milliseconds, or five polls where they come faster. */
const LOOK_EVERY_MS = 2000;

/** Between two looks at which slots are the run's own, milliseconds, or thirty polls where they come faster. */
const SLOTS_EVERY_MS = 60_000;

/** Asks now and then which slots are the run's own: other jobs that share its clusters begin and end. */
export function* shareSlots(context: OrchestrationContext, job: Job, carry: Carry): Steps<Carry> {
  const now = context.df.currentUtcDateTime;
  // A run has just been given its slots when it begins.
  if (carry.slotsAt === null) return { ...carry, slotsAt: now.toISOString() };
  const every = Math.min(SLOTS_EVERY_MS, 30 * job.pollMs);
  if (now.getTime() - Date.parse(carry.slotsAt) < every) return carry;
  const slots = yield* optional<SlotCounts>(context, ACTIVITY.readSlots, ref(job, carry));
  return { ...carry, slots: slots ?? carry.slots, slotsAt: now.toISOString() };
}

/** Looks now and then what is asked of the run, and takes requests to resynchronise into the log. */
export function* look(context: OrchestrationContext, job: Job, before: Carry): Steps<Carry> {
  const now = context.df.currentUtcDateTime;
  const every = Math.min(LOOK_EVERY_MS, 5 * job.pollMs);
  if (before.lookedAt !== null && now.getTime() - Date.parse(before.lookedAt) < every) return before;
  const { wanted, by, resyncs } = yield* step<ControlAnswer>(context, ACTIVITY.readControl, ref(job, before));
  let carry: Carry = { ...before, wanted, askedBy: by, lookedAt: now.toISOString() };
  if (wanted !== "run") return carry;
  for (const request of resyncs) {
    const { next } = yield* step<{ next: number }>(context, ACTIVITY.acceptResync, {
      ...ref(job, carry),
      request,
    });
    // The lane that resynchronises is planned (again), whenever the last iteration was.
    const again = carry.again === true || request.days !== undefined || lanesOf(carry).length > 0;
    carry = planAgain(job, { ...carry, next, again });
  }
  return carry;
}

/** Whether nothing of a run is on its way that would be lost if it ended now. */
export function isDrained(carry: Carry): boolean {
  return carry.flights.every(
    ({ stage }) => stage === "toExport" || stage === "toIngest" || stage === "toAdopt",
  );
}

/** Ends a run that was asked to: what it leaves open is gone on with, or given up at a cancellation. */
export function* end(
  context: OrchestrationContext,
  job: Job,
  before: Carry,
  outcome: RunOutcome,
): Steps<CopyResult> {
  let carry = before;
  yield* stopExports(context, job, carry, carry.flights);
  carry = countWaits(context, carry);
  for (const lane of lanesOf(carry)) carry = yield* logRetriesOf(context, job, carry, lane.iteration);
  if (outcome === "cancelled") {
    for (const lane of lanesOf(carry)) carry = yield* abandon(context, job, carry, lane.iteration);
  }
  carry = yield* releasePolicies(context, job, carry, true);
  carry = yield* record(context, job, carry, { kind: "runEnded", outcome, reason: reasonOf(outcome, carry) });
  yield* optional(context, ACTIVITY.refreshStatus, ref(job, carry));
  return { run: carry.run, committed: carry.committed, ended: outcome };
}

function* abandon(context: OrchestrationContext, job: Job, before: Carry, iteration: number): Steps<Carry> {
  const { next } = yield* step<{ next: number }>(context, ACTIVITY.abandonIteration, {
    ...ref(job, before),
    iteration,
    reason: reasonOf("cancelled", before),
  });
  let carry = yield* record(
    context,
    job,
    { ...before, next },
    { kind: "iterationCommitted", iteration, abandoned: true },
  );
  for (const lane of lanesOf(carry)) if (lane.iteration === iteration) carry = withoutLane(carry, lane.lane);
  carry = { ...carry, flights: carry.flights.filter((flight) => flight.iteration !== iteration) };
  return yield* clean(context, job, carry, iteration);
}

function reasonOf(outcome: RunOutcome, carry: Carry): string {
  const by = carry.askedBy === "" ? "" : ` (${carry.askedBy})`;
  switch (outcome) {
    case "paused":
      return `The copy was paused${by}. Resume it to go on.`;
    case "cancelled":
      return `The copy was cancelled${by}. What was shown stays; resume it to copy the rest.`;
    case "stopped":
      return "The copy was stopped where it ran. Run it again to go on.";
  }
}
