import type {
  ControlAnswer,
  FlightOutcome,
  OpenedRun,
  OpenIterationSummary,
} from "../activities/contract.ts";
import type {
  EntryOf,
  ExportedWindow,
  Lane,
  Parked,
  StagedWindow,
  WindowReset,
} from "../model/checkpoint/entries.ts";
import type { Job } from "../model/job.ts";
import { parkedReason, shortReason } from "../model/retries.ts";
import { afterFailure, type Flight, type SlotCounts } from "../model/schedule.ts";
import type { PollBackoffs } from "./polls.ts";
import { nothingRetried, type Retried, type UnloggedRetry, withRetries } from "./unlogged.ts";

/** Where a run stands in one lane's open iteration. */
export interface LaneCarry {
  readonly iteration: number;
  readonly lane: Lane;
  readonly windows: number;
  readonly tables: number;
  /** How many windows of the plan have been taken into flight, by place in the plan. */
  readonly position: number;
  readonly end: boolean;
  /** Windows staged by this run: progress for the portal. */
  readonly staged: number;
  /** How many of them are shown already, where windows are shown one by one, and since when. */
  readonly shown: number;
  readonly shownAt: string | null;
}

/** How a run ends that was asked to. */
export type RunOutcome = "paused" | "cancelled" | "stopped";

/** All that one generation of the orchestration hands to the next: small, and of references only. */
export interface Carry extends Retried {
  readonly run: number;
  readonly next: number;
  readonly slots: SlotCounts;
  /** When they were asked for last; null at the beginning. */
  readonly slotsAt: string | null;
  readonly flights: readonly Flight[];
  /** Where looking at what runs was refused for now; absent where it wasn't. */
  readonly polls?: PollBackoffs;
  readonly forward: LaneCarry | null;
  readonly backfill: LaneCarry | null;
  readonly backfillPlanned: boolean;
  /** Whether a forward iteration is owed now, whatever the time. */
  readonly forwardOwed: boolean;
  /**
   * Whether one more iteration follows once no lane is open: what was asked to be resynchronised may have waited for one, and
   * what is new of a table waits while days of it are resynchronised.
   */
  readonly again?: boolean;
  /** When the cursor of the last iteration that was planned was read: its duration counts from there. */
  readonly lastReadAt: string | null;
  /** When the cursor was read that new data is counted from, as of this run's last commit; absent before that. */
  readonly countedFrom?: string | null;
  readonly lastDurationMs: number;
  readonly statusAt: string | null;
  /** Whether an earlier run left update policies switched off, whatever the job says of them by now. */
  readonly policiesOff: boolean;
  /** Iterations this run committed. */
  readonly committed: readonly number[];
  /** What was asked of the run when it looked last, by whom, and when that was. */
  readonly wanted: ControlAnswer["wanted"];
  readonly askedBy: string;
  readonly lookedAt: string | null;
}

export interface CopyInput {
  readonly job: Job;
  readonly carry?: Carry;
}

export interface CopyResult {
  readonly run: number;
  readonly committed: readonly number[];
  /** Present where the run was asked to end before its lanes were empty. */
  readonly ended?: RunOutcome;
}

export function firstCarry(opened: OpenedRun): Carry {
  return {
    run: opened.run,
    next: opened.next,
    slots: opened.slots,
    slotsAt: null,
    flights: [],
    forward: null,
    backfill: null,
    backfillPlanned: false,
    forwardOwed: opened.known,
    again: opened.resyncs ?? false,
    lastReadAt: opened.lastReadAt,
    lastDurationMs: opened.lastDurationMs,
    statusAt: null,
    policiesOff: opened.policiesOff,
    committed: [],
    ...nothingRetried,
    wanted: "run",
    askedBy: "",
    lookedAt: null,
  };
}

export function laneCarry(open: OpenIterationSummary): LaneCarry {
  return { ...open, position: 0, end: open.windows === 0, staged: 0, shown: 0, shownAt: null };
}

export function lanesOf(carry: Carry): LaneCarry[] {
  return [carry.forward, carry.backfill].filter((lane) => lane !== null);
}

export function withLane(carry: Carry, lane: LaneCarry): Carry {
  return { ...carry, [lane.lane]: lane };
}

export function withoutLane(carry: Carry, lane: Lane): Carry {
  return { ...carry, [lane]: null };
}

/**
 * What a round's outcomes change: the flights that go on, one log entry per iteration that has news, and the other windows'
 * flights of tables that are parked, as far as they have come: nobody waits for them any more.
 */
export function applyOutcomes(
  carry: Carry,
  outcomes: readonly FlightOutcome[],
  job: Job,
  now: Date,
): {
  carry: Carry;
  entries: Omit<EntryOf<"progress">, "number" | "run" | "step" | "at">[];
  moved: boolean;
  out: readonly Flight[];
} {
  const flights = new Map(carry.flights.map((flight) => [flight.window, flight]));
  const news = new Map<
    number,
    { exported: ExportedWindow[]; staged: StagedWindow[]; reset: WindowReset[]; parked: Parked[] }
  >();
  const newsOf = (iteration: number) => {
    const found = news.get(iteration) ?? { exported: [], staged: [], reset: [], parked: [] };
    news.set(iteration, found);
    return found;
  };
  let { retried, retryReason } = carry;
  const refused: UnloggedRetry[] = [];
  const out: Flight[] = [];
  for (const outcome of outcomes) {
    const { flight } = outcome;
    // A flight of a table that this very round parked is gone; what it has just started is not.
    if (!flights.has(flight.window)) {
      if (outcome.kind === "advanced") out.push(flight);
      continue;
    }
    if (outcome.kind === "advanced") {
      if (outcome.exported) newsOf(flight.iteration).exported.push(outcome.exported);
      if (outcome.staged) {
        newsOf(flight.iteration).staged.push(outcome.staged);
        flights.delete(flight.window);
      } else flights.set(flight.window, flight);
      continue;
    }
    const { iteration, table } = flight;
    const after = afterFailure(flight, outcome.failure, job, now.getTime());
    if (after.kind === "again") {
      refused.push({ iteration, table, steps: 1, reason: outcome.reason });
      flights.set(flight.window, after.flight);
    }
    if (after.kind === "reset") {
      retried += 1;
      retryReason = shortReason(outcome.reason);
      newsOf(flight.iteration).reset.push({
        window: flight.window,
        attempt: after.attempt,
        reason: outcome.reason,
      });
      flights.set(flight.window, after.flight);
    }
    if (after.kind === "park") {
      const { window, attempt } = flight;
      const reason = parkedReason(window, attempt, outcome.reason);
      newsOf(iteration).parked.push({ table, reason, window });
      for (const other of [...flights.values()]) {
        if (other.table !== table || other.iteration !== iteration) continue;
        flights.delete(other.window);
        if (other.window !== window) out.push(other);
      }
    }
  }
  let next = withRetries<Carry>(
    { ...carry, flights: [...flights.values()], retried, retryReason },
    refused,
    now,
  );
  for (const lane of lanesOf(carry)) {
    const staged = news.get(lane.iteration)?.staged.length ?? 0;
    if (staged > 0) next = withLane(next, { ...lane, staged: lane.staged + staged });
  }
  return {
    carry: next,
    entries: [...news].map(([iteration, found]) => ({ kind: "progress", iteration, ...found })),
    moved: outcomes.length > 0,
    out,
  };
}
