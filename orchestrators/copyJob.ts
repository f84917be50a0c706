import type { OrchestrationContext } from "durable-functions";
import { ACTIVITY, type OpenedRun } from "../activities/contract.ts";
import type { Job } from "../model/job.ts";
import { end, isDrained, look, shareSlots } from "./attention.ts";
import { optional, pause, type Steps, step, TakenOver, together } from "./calls.ts";
import {
  type Carry,
  type CopyInput,
  type CopyResult,
  firstCarry,
  laneCarry,
  lanesOf,
  withLane,
} from "./carry.ts";
import { planDueLanes, prepare, topUp } from "./lanes.ts";
import { tellProgress } from "./progress.ts";
import { clean, finishIterations, promote, showStaged } from "./promotion.ts";
import { ref } from "./record.ts";
import { copyRound, type Round } from "./rounds.ts";
import { holdPoliciesOfIntent, releasePolicies } from "./updatePolicies.ts";

/*
 * A run of a job: it opens the log, finishes what an earlier run began, and copies in rounds until its lanes are
 * empty. A round starts what fits the slots, polls all that runs, and records what came of it; no window waits for
 * another window's stage.
 *
 * Invariants:
 * 1. Each task is made for one yield and never handed to a second one: the host would run it again.
 * 2. Nothing is promoted before its intent is in the log, and nothing committed before its promotion is.
 * 3. A generation's history is bounded: it hands a small carry to the next.
 * 4. Forward work goes first: flights of the forward lane take the slots before the backfill's.
 */

/** Calls in one generation's history before the orchestration continues as new. */
const CALLS_PER_GENERATION = 200;
export function* copyJob(context: OrchestrationContext): Steps<CopyResult | undefined> {
  const { job, carry: handed } = context.df.getInput<CopyInput>();
  let carry = handed ?? null;
  const started = context.df.currentUtcDateTime.toISOString();
  try {
    carry ??= yield* open(context, job, started);
    let calls = 0;
    for (;;) {
      carry = yield* look(context, job, carry);
      carry = yield* shareSlots(context, job, carry);
      if (carry.wanted === "stop") return yield* end(context, job, carry, "stopped");
      if (carry.wanted === "cancel") return yield* end(context, job, carry, "cancelled");
      const pausing = carry.wanted === "pause";
      if (pausing && isDrained(carry)) return yield* end(context, job, carry, "paused");
      if (!pausing) carry = yield* planDueLanes(context, job, carry);
      if (lanesOf(carry).length === 0) break;
      if (!pausing) carry = yield* topUp(context, job, carry);
      const slots = pausing ? { ...carry.slots, export: 0, ingestion: 0 } : carry.slots;
      const round: Round = yield* copyRound(context, job, carry, slots);
      carry = yield* showStaged(context, job, round.carry);
      carry = yield* finishIterations(context, job, carry);
      calls += round.calls;
      tellProgress(context, job, carry);
      if (calls >= CALLS_PER_GENERATION) {
        context.df.continueAsNew({ job, carry } satisfies CopyInput);
        return undefined;
      }
      if (!round.moved && lanesOf(carry).length > 0) yield* pause(context, job.pollMs);
    }
    yield* optional(context, ACTIVITY.refreshStatus, ref(job, carry));
    return { run: carry.run, committed: carry.committed };
  } catch (error) {
    if (!(error instanceof TakenOver)) yield* noteFailure(context, job, carry, started, reasonOf(error));
    throw error;
  }
}

function* open(context: OrchestrationContext, job: Job, started: string): Steps<Carry> {
  const opened = yield* step<OpenedRun>(context, ACTIVITY.openRun, {
    job,
    instance: context.df.instanceId,
    step: `open ${context.df.instanceId} ${started}`,
    startedAt: started,
  });
  let carry = firstCarry(opened);
  yield* step(context, ACTIVITY.createStatusView, ref(job, carry));
  for (const each of opened.open) {
    if (each.intended.length > 0) {
      carry = yield* holdPoliciesOfIntent(context, job, carry, each.iteration);
      carry = yield* promote(context, job, carry, each.iteration, each.intended);
    }
    carry = yield* prepare(context, job, withLane(carry, laneCarry(each)), laneCarry(each));
  }
  carry = yield* releasePolicies(context, job, carry, false);
  for (const iteration of opened.toClean) carry = yield* clean(context, job, carry, iteration);
  return carry;
}

/** Best effort: whatever comes of it, the reason of the failure is what the instance ends with. */
function* noteFailure(
  context: OrchestrationContext,
  job: Job,
  carry: Carry | null,
  started: string,
  reason: string,
): Steps<void> {
  const { instanceId: instance } = context.df;
  // A run that could not even take up what an earlier one left open has no carry yet: the log tells what it switched off.
  const known = carry ? ref(job, carry) : { job, run: 0, next: 0 };
  yield* together(context, [
    { name: ACTIVITY.releaseUpdatePolicies, input: { ...known, ending: true, instance } },
  ]);
  const input = { job, instance, reason, ...(carry ? {} : { openingSince: started }) };
  yield* together(context, [{ name: ACTIVITY.recordFailure, input }]);
  if (carry) yield* together(context, [{ name: ACTIVITY.refreshStatus, input: ref(job, carry) }]);
}

/** The host wraps an activity's own failure into lines of JSON; the first line is the reason. */
function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return (message.split(/\r?\n/)[0] ?? "").trim();
}
