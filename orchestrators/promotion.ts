import type { OrchestrationContext } from "durable-functions";
import {
  ACTIVITY,
  type CleanedUp,
  type IntendedPromotion,
  type PromotedTable,
  type PromoteInput,
} from "../activities/contract.ts";
import type { Parked } from "../model/checkpoint/entries.ts";
import { chunked } from "../model/chunked.ts";
import type { Job } from "../model/job.ts";
import { shortReason } from "../model/retries.ts";
import type { Flight } from "../model/schedule.ts";
import { backOff, optional, RunFailed, type Steps, step, TakenOver, together, tried } from "./calls.ts";
import { type Carry, type LaneCarry, lanesOf, withLane, withoutLane } from "./carry.ts";
import { stopExports } from "./exports.ts";
import { parkFound, planAgain } from "./lanes.ts";
import { record, ref } from "./record.ts";
import { countWaits, logRetriesOf } from "./retries.ts";
import { withRetries } from "./unlogged.ts";
import { holdPolicies, releasePolicies } from "./updatePolicies.ts";

const PROMOTIONS_AT_ONCE = 4;

/** How often the promotion of a table is tried before the run fails. */
const MAX_TRIES = 8;

/**
 * At which try a replacement that the cluster refuses is taken back: not the first, as extents that merge make one fail that
 * the next can make, and early enough to look once more what became of it.
 */
function lastTry({ maxAttempts }: Job): number {
  return Math.min(Math.max(2, maxAttempts), MAX_TRIES - 1);
}

/** Commits the iterations of which nothing is in flight any more. */
export function* finishIterations(context: OrchestrationContext, job: Job, before: Carry): Steps<Carry> {
  let carry = before;
  for (const lane of lanesOf(before)) {
    if (!isComplete(carry, lane)) continue;
    carry = yield* commit(context, job, carry, lane);
  }
  return carry;
}

function* commit(context: OrchestrationContext, job: Job, before: Carry, lane: LaneCarry): Steps<Carry> {
  const { iteration } = lane;
  let carry = yield* promoteIntended(context, job, before, lane, false);
  carry = yield* logRetriesOf(context, job, countWaits(context, carry), iteration);
  carry = yield* record(context, job, carry, { kind: "iterationCommitted", iteration });
  carry = yield* releasePolicies(context, job, carry, false);
  carry = withoutLane({ ...carry, committed: [...carry.committed, iteration] }, lane.lane);
  if (lane.lane === "forward" && carry.lastReadAt !== null) {
    carry = {
      ...carry,
      lastDurationMs: context.df.currentUtcDateTime.getTime() - Date.parse(carry.lastReadAt),
    };
  }
  if (carry.again === true && lanesOf(carry).length === 0) carry = planAgain(job, { ...carry, again: false });
  yield* optional(context, ACTIVITY.refreshStatus, ref(job, carry));
  return yield* clean(context, job, carry, iteration);
}

/** Between two promotions of windows that are shown one by one, milliseconds: each is two entries and a command per table. */
const SHOW_EVERY_MS = 5000;

/** Shows what is staged by now, where windows are shown one by one; the commit shows the rest. */
export function* showStaged(context: OrchestrationContext, job: Job, before: Carry): Steps<Carry> {
  if (job.visibility !== "window") return before;
  const now = context.df.currentUtcDateTime;
  let carry = before;
  for (const lane of lanesOf(before)) {
    const recently = lane.shownAt !== null && now.getTime() - Date.parse(lane.shownAt) < SHOW_EVERY_MS;
    if (recently || lane.staged === lane.shown || isComplete(carry, lane)) continue;
    carry = yield* promoteIntended(context, job, carry, lane, true);
    carry = withLane(carry, { ...lane, shown: lane.staged, shownAt: now.toISOString() });
  }
  return carry;
}

/** Whether all windows of an iteration have been taken, and none is in flight. */
function isComplete(carry: Carry, lane: LaneCarry): boolean {
  return lane.end && carry.flights.every((flight) => flight.iteration !== lane.iteration);
}

/** Logs the intent to promote what is staged, or all of an iteration, and promotes it. */
function* promoteIntended(
  context: OrchestrationContext,
  job: Job,
  before: Carry,
  lane: LaneCarry,
  staged: boolean,
): Steps<Carry> {
  const { iteration } = lane;
  const checked =
    lane.windows === 0 ? before : yield* parkFound(context, job, before, lane, ACTIVITY.checkVisibility);
  const held =
    lane.windows === 0 ? checked : yield* holdPolicies(context, job, checked, iteration, "promotion");
  const intended = yield* step<IntendedPromotion>(context, ACTIVITY.intendPromotion, {
    ...ref(job, held),
    iteration,
    staged,
  });
  let carry: Carry = { ...held, next: intended.next };
  if (intended.tables.length > 0) carry = yield* promote(context, job, carry, iteration, intended.tables);
  return yield* releasePolicies(context, job, carry, false);
}

/** Moves what the log's intent names, table after table, and records what was moved. */
export function* promote(
  context: OrchestrationContext,
  job: Job,
  before: Carry,
  iteration: number,
  tables: readonly string[],
): Steps<Carry> {
  let carry = before;
  const windows: string[] = [];
  const stopped: Parked[] = [];
  const withdrawn: Parked[] = [];
  let waiting = [...tables];
  for (let tries = 1; waiting.length > 0; tries++) {
    const again: string[] = [];
    let failed: string | undefined;
    for (const some of chunked(waiting, PROMOTIONS_AT_ONCE)) {
      const answers = yield* together<PromotedTable>(
        context,
        some.map((table) => ({
          name: ACTIVITY.promoteTable,
          input: { ...ref(job, carry), iteration, table, last: tries >= lastTry(job) } satisfies PromoteInput,
        })),
      );
      for (const [i, answered] of answers.entries()) {
        if (answered.kind === "stale") throw new TakenOver(answered.reason);
        if (answered.kind === "done") {
          windows.push(...answered.value.windows);
          stopped.push(...answered.value.stopped);
          withdrawn.push(...answered.value.withdrawn);
        } else if (answered.retryable && tries < MAX_TRIES) {
          const table = some[i] ?? "";
          again.push(table);
          const retry = { iteration, table, steps: 1, reason: answered.reason };
          carry = withRetries(carry, [retry], context.df.currentUtcDateTime);
        } else failed ??= answered.reason;
      }
      if (failed === undefined) continue;
      // Why a table is out is told by nothing else: the next run finds no more than its staging table gone.
      if (stopped.length + withdrawn.length > 0)
        yield* record(context, job, carry, { kind: "promoted", iteration, windows, stopped, withdrawn });
      throw new RunFailed(failed);
    }
    waiting = again;
    if (waiting.length > 0) yield* backOff(context, `promote ${iteration}`, tries, job.pollMs);
  }
  carry = yield* record(context, job, carry, { kind: "promoted", iteration, windows, stopped, withdrawn });
  return yield* withoutFlightsOf(context, job, carry, iteration, [...stopped, ...withdrawn]);
}

/**
 * Windows of tables that are out of an iteration go on no further: what they would be ingested into is gone, or nobody moves it,
 * and each of their failures would be told in the place of why the table is out. Their slots are free, so the source is asked to
 * stop what still holds them.
 */
function* withoutFlightsOf(
  context: OrchestrationContext,
  job: Job,
  carry: Carry,
  iteration: number,
  out: readonly Parked[],
): Steps<Carry> {
  const tables = new Set(out.map((each) => each.table));
  const isOut = (each: Flight) => each.iteration === iteration && tables.has(each.table);
  yield* stopExports(context, job, carry, carry.flights.filter(isOut));
  return { ...carry, flights: carry.flights.filter((each) => !isOut(each)) };
}

/**
 * What follows a commit: its event is published, with those that wait, and what it left is removed. None of it is a reason to fail:
 * what could not be done is told, and tried again after the next commit and by the next run, which find it in the log.
 */
export function* clean(
  context: OrchestrationContext,
  job: Job,
  carry: Carry,
  iteration: number,
): Steps<Carry> {
  const published = yield* tried<object>(context, ACTIVITY.publishEvent, { ...ref(job, carry), iteration });
  const done = yield* optional<CleanedUp>(context, ACTIVITY.cleanUp, { ...ref(job, carry), iteration });
  if (done === undefined) return carry;
  return yield* record(context, job, carry, {
    kind: "cleaned",
    iteration,
    ...(done.left.length === 0 ? {} : { left: [...done.left] }),
    ...(published.kind === "done" ? {} : { unpublished: shortReason(published.reason) }),
  });
}
