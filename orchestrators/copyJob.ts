import type { OrchestrationContext } from "durable-functions";
import {
  ACTIVITY,
  type IntendedPromotion,
  type OpenedRun,
  type Planned,
  type PrepareOutcome,
  type PromotedTable,
  type RunRef,
  type TakenWindows,
} from "../activities/contract.ts";
import type { EntryBody, Lane, Parked } from "../model/checkpoint/entries.ts";
import { chunked } from "../model/chunked.ts";
import type { Job } from "../model/job.ts";
import { type Flight, type FlightStage, pickFlights, windowsWanted } from "../model/schedule.ts";
import { flightRound, optional, pause, RunFailed, type Steps, step, TakenOver, together } from "./calls.ts";
import {
  applyOutcomes,
  type Carry,
  type CopyInput,
  type CopyResult,
  firstCarry,
  type LaneCarry,
  laneCarry,
  lanesOf,
  withLane,
  withoutLane,
} from "./carry.ts";

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
/** Between two writes of the status file, milliseconds. */
const STATUS_EVERY_MS = 5000;
const PROMOTIONS_AT_ONCE = 4;

interface Round {
  readonly carry: Carry;
  readonly calls: number;
  /** Whether anything changed: if not, the run waits before it looks again. */
  readonly moved: boolean;
}

const CALL_OF_STAGE: Readonly<Partial<Record<FlightStage, string>>> = {
  toExport: ACTIVITY.startExport,
  toMeasure: ACTIVITY.measureExport,
  toIngest: ACTIVITY.startIngestion,
  toVerify: ACTIVITY.verifyStaged,
  toAdopt: ACTIVITY.adoptStaged,
};

export function* copyJob(context: OrchestrationContext): Steps<CopyResult | undefined> {
  const { job, carry: handed } = context.df.getInput<CopyInput>();
  let carry = handed ?? null;
  try {
    carry ??= yield* open(context, job);
    let calls = 0;
    for (;;) {
      carry = yield* planDueLanes(context, job, carry);
      if (lanesOf(carry).length === 0) break;
      carry = yield* topUp(context, job, carry);
      const round: Round = yield* copyRound(context, job, carry);
      carry = yield* finishIterations(context, job, round.carry);
      calls += round.calls;
      tellProgress(context, carry);
      if (calls >= CALLS_PER_GENERATION) {
        context.df.continueAsNew({ job, carry } satisfies CopyInput);
        return undefined;
      }
      if (!round.moved && lanesOf(carry).length > 0) yield* pause(context, job.pollMs);
    }
    yield* optional(context, ACTIVITY.refreshStatus, ref(job, carry));
    return { run: carry.run, committed: carry.committed };
  } catch (error) {
    if (!(error instanceof TakenOver)) yield* noteFailure(context, job, carry, reasonOf(error));
    throw error;
  }
}

function* open(context: OrchestrationContext, job: Job): Steps<Carry> {
  const started = context.df.currentUtcDateTime.toISOString();
  const opened = yield* step<OpenedRun>(context, ACTIVITY.openRun, {
    job,
    instance: context.df.instanceId,
    step: `open ${context.df.instanceId} ${started}`,
    startedAt: started,
  });
  let carry = firstCarry(opened);
  yield* step(context, ACTIVITY.createStatusView, ref(job, carry));
  for (const each of opened.open) {
    if (each.intended.length > 0) carry = yield* promote(context, job, carry, each.iteration, each.intended);
    carry = yield* prepare(context, job, withLane(carry, laneCarry(each)), laneCarry(each));
  }
  for (const iteration of opened.toClean) carry = yield* clean(context, job, carry, iteration);
  return carry;
}

function* planDueLanes(context: OrchestrationContext, job: Job, before: Carry): Steps<Carry> {
  let carry = before;
  if (!carry.backfillPlanned && carry.backfill === null) carry = yield* plan(context, job, carry, "backfill");
  if (carry.forward === null && job.mode !== "backfill" && forwardDue(context, job, carry)) {
    carry = yield* plan(context, job, carry, "forward");
  }
  return carry;
}

/** Due at once when asked for, and again whenever waiting would let lag pass the RPO while a backfill is under way. */
function forwardDue(context: OrchestrationContext, job: Job, carry: Carry): boolean {
  if (carry.forwardOwed) return true;
  if (carry.backfill === null || carry.lastReadAt === null) return false;
  const due = Date.parse(carry.lastReadAt) + job.rpoMs - carry.lastDurationMs;
  return context.df.currentUtcDateTime.getTime() >= due;
}

function* plan(context: OrchestrationContext, job: Job, before: Carry, lane: Lane): Steps<Carry> {
  const planned = yield* step<Planned>(context, ACTIVITY.planIteration, { ...ref(job, before), lane });
  let carry: Carry = { ...before, next: planned.next };
  if (lane === "backfill")
    carry = { ...carry, backfillPlanned: true, lastReadAt: carry.lastReadAt ?? planned.readAt };
  else carry = { ...carry, forwardOwed: false, lastReadAt: planned.readAt };
  if (planned.iteration === null) return carry;
  const added = laneCarry(planned.iteration);
  return yield* prepare(context, job, withLane(carry, added), added);
}

function* prepare(context: OrchestrationContext, job: Job, carry: Carry, lane: LaneCarry): Steps<Carry> {
  if (lane.tables === 0) return carry;
  return yield* parkFound(context, job, carry, lane, ACTIVITY.prepareDestination);
}

/** Asks an activity which tables of an iteration can't go on, and records them as parked. */
function* parkFound(
  context: OrchestrationContext,
  job: Job,
  carry: Carry,
  lane: LaneCarry,
  activity: string,
): Steps<Carry> {
  const { iteration } = lane;
  const { parked } = yield* step<PrepareOutcome>(context, activity, { ...ref(job, carry), iteration });
  if (parked.length === 0) return carry;
  return yield* record(context, job, carry, {
    kind: "progress",
    iteration,
    exported: [],
    staged: [],
    reset: [],
    parked: [...parked],
  });
}

/** Takes more windows from the plan while slots would wait for them, the forward lane's first. */
function* topUp(context: OrchestrationContext, job: Job, before: Carry): Steps<Carry> {
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

/**
 * One round: what runs is polled first, so that a slot which came free is taken in the same round, and what arrived is
 * measured or verified in it.
 */
function* copyRound(context: OrchestrationContext, job: Job, before: Carry): Steps<Round> {
  const now = context.df.currentUtcDateTime;
  const run = ref(job, before);
  const running = before.flights.filter(
    (flight) => flight.stage === "exporting" || flight.stage === "ingesting",
  );
  const polled =
    running.length === 0 ? [] : yield* flightRound(context, [], { ...run, flights: running }, []);
  const seen = applyOutcomes(before, polled, job.maxAttempts, now.getTime());
  const calls = pickFlights(seen.carry.flights, before.slots, now.toISOString()).map((flight) => ({
    name: callOf(flight),
    input: { ...run, flight },
  }));
  const statusDue =
    before.statusAt === null || now.getTime() - Date.parse(before.statusAt) >= STATUS_EVERY_MS;
  const status = statusDue ? [{ name: ACTIVITY.refreshStatus, input: run }] : [];
  const outcomes = yield* flightRound(context, calls, undefined, status);
  const done = applyOutcomes(seen.carry, outcomes, job.maxAttempts, now.getTime());
  let carry = statusDue ? { ...done.carry, statusAt: now.toISOString() } : done.carry;
  for (const entry of [...seen.entries, ...done.entries]) carry = yield* record(context, job, carry, entry);
  return { carry, calls: calls.length + 4, moved: seen.moved || done.moved };
}

function* finishIterations(context: OrchestrationContext, job: Job, before: Carry): Steps<Carry> {
  let carry = before;
  for (const lane of lanesOf(before)) {
    if (!lane.end || carry.flights.some((flight) => flight.iteration === lane.iteration)) continue;
    carry = yield* commit(context, job, carry, lane);
  }
  return carry;
}

function* commit(context: OrchestrationContext, job: Job, before: Carry, lane: LaneCarry): Steps<Carry> {
  const { iteration } = lane;
  const checked =
    lane.windows === 0 ? before : yield* parkFound(context, job, before, lane, ACTIVITY.checkVisibility);
  const intended = yield* step<IntendedPromotion>(context, ACTIVITY.intendPromotion, {
    ...ref(job, checked),
    iteration,
  });
  let carry: Carry = { ...checked, next: intended.next };
  if (intended.tables.length > 0) carry = yield* promote(context, job, carry, iteration, intended.tables);
  carry = yield* record(context, job, carry, { kind: "iterationCommitted", iteration });
  carry = withoutLane({ ...carry, committed: [...carry.committed, iteration] }, lane.lane);
  if (lane.lane === "forward" && carry.lastReadAt !== null) {
    carry = {
      ...carry,
      lastDurationMs: context.df.currentUtcDateTime.getTime() - Date.parse(carry.lastReadAt),
    };
  }
  yield* optional(context, ACTIVITY.refreshStatus, ref(job, carry));
  yield* optional(context, ACTIVITY.publishEvent, { ...ref(job, carry), iteration });
  return yield* clean(context, job, carry, iteration);
}

/** Moves what the log's intent names, table after table, and records what was moved. */
function* promote(
  context: OrchestrationContext,
  job: Job,
  carry: Carry,
  iteration: number,
  tables: readonly string[],
): Steps<Carry> {
  const windows: string[] = [];
  const stopped: Parked[] = [];
  const withdrawn: Parked[] = [];
  let waiting = [...tables];
  for (let tries = 1; waiting.length > 0; tries++) {
    const again: string[] = [];
    for (const some of chunked(waiting, PROMOTIONS_AT_ONCE)) {
      const answers = yield* together<PromotedTable>(
        context,
        some.map((table) => ({
          name: ACTIVITY.promoteTable,
          input: { ...ref(job, carry), iteration, table },
        })),
      );
      for (const [i, answered] of answers.entries()) {
        if (answered.kind === "stale") throw new TakenOver(answered.reason);
        if (answered.kind === "done") {
          windows.push(...answered.value.windows);
          stopped.push(...answered.value.stopped);
          withdrawn.push(...answered.value.withdrawn);
        } else if (answered.retryable && tries < 8) again.push(some[i] ?? "");
        else throw new RunFailed(answered.reason);
      }
    }
    waiting = again;
    if (waiting.length > 0) yield* pause(context, Math.min(120_000, 1000 * 2 ** tries));
  }
  return yield* record(context, job, carry, { kind: "promoted", iteration, windows, stopped, withdrawn });
}

/** What is left over is no reason to fail: the next run finds it in the log and cleans it then. */
function* clean(context: OrchestrationContext, job: Job, carry: Carry, iteration: number): Steps<Carry> {
  const done = yield* optional<object>(context, ACTIVITY.cleanUp, { ...ref(job, carry), iteration });
  return done === undefined ? carry : yield* record(context, job, carry, { kind: "cleaned", iteration });
}

function* record(context: OrchestrationContext, job: Job, carry: Carry, body: EntryBody): Steps<Carry> {
  const { next } = yield* step<{ next: number }>(context, ACTIVITY.recordEntry, { ...ref(job, carry), body });
  return { ...carry, next };
}

/** Best effort: whatever comes of it, the reason of the failure is what the instance ends with. */
function* noteFailure(
  context: OrchestrationContext,
  job: Job,
  carry: Carry | null,
  reason: string,
): Steps<void> {
  const input = { job, instance: context.df.instanceId, reason };
  yield* together(context, [{ name: ACTIVITY.recordFailure, input }]);
  if (carry) yield* together(context, [{ name: ACTIVITY.refreshStatus, input: ref(job, carry) }]);
}

/** The host wraps an activity's own failure into lines of JSON; the first line is the reason. */
function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return (message.split(/\r?\n/)[0] ?? "").trim();
}

function ref(job: Job, carry: Carry): RunRef {
  return { job, run: carry.run, next: carry.next };
}

function callOf(flight: Flight): string {
  const name = CALL_OF_STAGE[flight.stage];
  if (name === undefined)
    throw new RunFailed(`Window ${flight.window} is ${flight.stage}, which starts nothing.`);
  return name;
}

/** What the portal's Durable monitor shows of a running copy; far below the 16 KB that a custom status may have. */
function tellProgress(context: OrchestrationContext, carry: Carry): void {
  context.df.setCustomStatus({
    run: carry.run,
    lanes: lanesOf(carry).map(({ lane, iteration, windows, staged }) => ({
      lane,
      iteration,
      windows,
      staged,
    })),
    inFlight: carry.flights.length,
    committed: carry.committed.length,
  });
}
