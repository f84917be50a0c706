import type { OrchestrationContext } from "durable-functions";
import { ACTIVITY, type Planned, type PrepareOutcome, type TakenWindows } from "../activities/contract.ts";
import type { Lane } from "../model/checkpoint/entries.ts";
import type { Job } from "../model/job.ts";
import { windowsWanted } from "../model/schedule.ts";
import { type Steps, step } from "./calls.ts";
import { type Carry, type LaneCarry, laneCarry, lanesOf, withLane } from "./carry.ts";
import { parkAll, ref } from "./record.ts";
import { holdPolicies } from "./updatePolicies.ts";

/** Plans what is due: the backfill once, the forward lane whenever it is owed. */
export function* planDueLanes(context: OrchestrationContext, job: Job, before: Carry): Steps<Carry> {
  let carry = before;
  if (!carry.backfillPlanned && carry.backfill === null) carry = yield* plan(context, job, carry, "backfill");
  if (carry.forward === null && job.mode !== "backfill" && forwardDue(context, job, carry)) {
    carry = yield* plan(context, job, carry, "forward");
  }
  return carry;
}

/**
 * Due at once when asked for, and again whenever waiting would let lag pass the RPO while a backfill is under way. What days of
 * tables were read at, or what was owed, brings nothing up to then: lag goes on from the reading before.
 */
function forwardDue(context: OrchestrationContext, job: Job, carry: Carry): boolean {
  if (carry.forwardOwed) return true;
  const since = carry.countedFrom ?? carry.lastReadAt;
  if (carry.backfill === null || since === null) return false;
  const due = Date.parse(since) + job.rpoMs - carry.lastDurationMs;
  return context.df.currentUtcDateTime.getTime() >= due;
}

/** Has the lane planned (again) that resynchronises, and takes what is new. */
export function planAgain(job: Job, carry: Carry): Carry {
  return job.mode === "backfill" ? { ...carry, backfillPlanned: false } : { ...carry, forwardOwed: true };
}

function* plan(context: OrchestrationContext, job: Job, before: Carry, lane: Lane): Steps<Carry> {
  const planned = yield* step<Planned>(context, ACTIVITY.planIteration, { ...ref(job, before), lane });
  let carry: Carry = { ...before, next: planned.next };
  if (lane === "backfill")
    carry = { ...carry, backfillPlanned: true, lastReadAt: carry.lastReadAt ?? planned.readAt };
  else carry = { ...carry, forwardOwed: false, lastReadAt: planned.readAt };
  if (planned.iteration === null) return carry;
  const added = laneCarry(planned.iteration);
  carry = yield* prepare(context, job, withLane(carry, added), added);
  if (job.schema !== "all") return carry;
  const mirrored = yield* step<{ next: number }>(context, ACTIVITY.mirrorSchema, ref(job, carry));
  return { ...carry, next: mirrored.next };
}

/** Makes the destination ready for an iteration; what can't be copied there is parked. */
export function* prepare(
  context: OrchestrationContext,
  job: Job,
  carry: Carry,
  lane: LaneCarry,
): Steps<Carry> {
  if (lane.tables === 0) return carry;
  const held =
    job.updatePolicies === "disable"
      ? yield* holdPolicies(context, job, carry, lane.iteration, "staging")
      : carry;
  return yield* parkFound(context, job, held, lane, ACTIVITY.prepareDestination);
}

/** Asks an activity which tables of an iteration can't go on, and records them as parked. */
export function* parkFound(
  context: OrchestrationContext,
  job: Job,
  carry: Carry,
  lane: LaneCarry,
  activity: string,
): Steps<Carry> {
  const { iteration } = lane;
  const { parked } = yield* step<PrepareOutcome>(context, activity, { ...ref(job, carry), iteration });
  return yield* parkAll(context, job, carry, iteration, parked);
}

/** Takes more windows from the plan while slots would wait for them, the forward lane's first. */
export function* topUp(context: OrchestrationContext, job: Job, before: Carry): Steps<Carry> {
  let carry = before;
  for (const lane of lanesOf(carry)) {
    const count = windowsWanted(carry.flights, carry.slots, lane.lane);
    if (lane.end || count === 0) continue;
    const taken = yield* step<TakenWindows>(context, ACTIVITY.takeWindows, {
      ...ref(job, carry),
      iteration: lane.iteration,
      position: lane.position,
      count,
    });
    carry = withLane(
      { ...carry, flights: [...carry.flights, ...taken.flights] },
      { ...lane, position: taken.position, end: taken.end },
    );
  }
  return carry;
}
