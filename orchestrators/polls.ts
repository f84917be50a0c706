import type { OrchestrationContext } from "durable-functions";
import {
  ACTIVITY,
  type FlightOutcome,
  type PollAnswer,
  type PolledStage,
  type RefusedPoll,
} from "../activities/contract.ts";
import { backoffMs } from "../model/backoff.ts";
import type { Job } from "../model/job.ts";
import { type Flight, MAX_TRIES } from "../model/schedule.ts";
import { RunFailed, type Steps, TakenOver, together } from "./calls.ts";
import type { Carry } from "./carry.ts";
import { ref } from "./record.ts";
import { withRetries } from "./unlogged.ts";

/*
 * Looking at what runs, in one activity for all of it.
 *
 * Invariants:
 * 1. A cluster that refuses to answer for now is asked again later each time, as a step of a window is (model/backoff.ts); the
 *    other cluster, and what needs no look, go on meanwhile.
 * 2. Each look that was refused is counted among what was tried again, once, with its reason.
 * 3. A refused look says nothing of a window: no attempt is given up for it. Where none comes through any more the run fails
 *    with the reason, and the next one goes on.
 */

/** How often a look was refused in a row, and before when it isn't made again, ISO. */
export interface PollBackoff {
  readonly tries: number;
  readonly notBefore: string;
}

export type PollBackoffs = Readonly<Partial<Record<PolledStage, PollBackoff>>>;

/** What came of a look, with what was refused of it noted in the carry. */
export function* pollRunning(
  context: OrchestrationContext,
  job: Job,
  carry: Carry,
): Steps<{ carry: Carry; outcomes: readonly FlightOutcome[] }> {
  const now = context.df.currentUtcDateTime.toISOString();
  const flights = carry.flights.filter((flight) => {
    const stage = polledStage(flight);
    return stage !== undefined && (carry.polls?.[stage]?.notBefore ?? "") <= now;
  });
  if (flights.length === 0) return { carry, outcomes: [] };
  const stages = [...new Set(flights.flatMap((flight) => polledStage(flight) ?? []))];
  const input = { ...ref(job, carry), flights };
  const [answered] = yield* together<PollAnswer>(context, [{ name: ACTIVITY.pollOperations, input }]);
  if (answered === undefined) throw new RunFailed("Durable Functions answered nothing to a poll.");
  if (answered.kind === "stale") throw new TakenOver(answered.reason);
  if (answered.kind === "failed" && !answered.retryable) throw new RunFailed(answered.reason);
  const whole = answered.kind === "failed";
  const refused = whole
    ? stages.map((stage) => ({ stage, reason: answered.reason }))
    : (answered.value.refused ?? []);
  // The moment is that of the answer: the activity may have tried for minutes.
  const seen = context.df.currentUtcDateTime;
  const polls = backedOff(carry.polls ?? {}, stages, refused, (stage, tries) => {
    const wait = backoffMs("window", `${context.df.instanceId} ${stage}`, tries, job.pollMs);
    return new Date(seen.getTime() + wait).toISOString();
  });
  const { polls: _, ...rest } = carry;
  const after: Carry = Object.keys(polls).length === 0 ? rest : { ...rest, polls };
  // What failed as a whole was one look, whatever it was to ask for.
  const counted = (whole ? refused.slice(0, 1) : refused).map(({ reason }) => ({
    iteration: firstIteration(flights),
    steps: 1,
    reason,
  }));
  return {
    carry: withRetries(after, counted, seen),
    outcomes: whole ? [] : answered.value.outcomes,
  };
}

function polledStage({ stage }: Flight): PolledStage | undefined {
  return stage === "exporting" || stage === "ingesting" ? stage : undefined;
}

/** Keeps invariant 3. A stage that was not asked for waits on as it did. */
function backedOff(
  before: PollBackoffs,
  asked: readonly PolledStage[],
  refused: readonly RefusedPoll[],
  later: (stage: PolledStage, tries: number) => string,
): PollBackoffs {
  const after: Partial<Record<PolledStage, PollBackoff>> = { ...before };
  for (const stage of asked) delete after[stage];
  for (const { stage, reason } of refused) {
    const tries = (before[stage]?.tries ?? 0) + 1;
    if (tries > MAX_TRIES) throw new RunFailed(reason);
    after[stage] = { tries, notBefore: later(stage, tries) };
  }
  return after;
}

/** The iteration that goes first of those that were looked at: what the run itself waits for is counted there. */
function firstIteration(flights: readonly Flight[]): number {
  const first = flights.find(({ lane }) => lane === "forward") ?? flights[0];
  if (first === undefined) throw new RunFailed("Nothing was looked at.");
  return first.iteration;
}
