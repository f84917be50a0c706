import type { OrchestrationContext } from "durable-functions";
import { ACTIVITY } from "../activities/contract.ts";
import type { Job } from "../model/job.ts";
import { type Flight, type FlightStage, pickFlights, type SlotCounts } from "../model/schedule.ts";
import { flightRound, RunFailed, type Steps } from "./calls.ts";
import { applyOutcomes, type Carry } from "./carry.ts";
import { stopExports } from "./exports.ts";
import { pollRunning } from "./polls.ts";
import { record, ref } from "./record.ts";
import { countWaits, logRetries } from "./retries.ts";
import { takeRetries } from "./unlogged.ts";

/** Between two writes of the status file, milliseconds. */
const STATUS_EVERY_MS = 5000;

export interface Round {
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

/**
 * One round: what runs is polled first, so that a slot which came free is taken in the same round, and what arrived is
 * measured or verified in it. `slots` bound what it starts.
 */
export function* copyRound(
  context: OrchestrationContext,
  job: Job,
  before: Carry,
  slots: SlotCounts,
): Steps<Round> {
  const now = context.df.currentUtcDateTime;
  const run = ref(job, before);
  const polled = yield* pollRunning(context, job, before);
  const seen = applyOutcomes(polled.carry, polled.outcomes, job, context.df.currentUtcDateTime);
  const calls = pickFlights(seen.carry.flights, slots, now.toISOString()).map((flight) => ({
    name: callOf(flight),
    input: { ...run, flight },
  }));
  const statusDue =
    before.statusAt === null || now.getTime() - Date.parse(before.statusAt) >= STATUS_EVERY_MS;
  const status = statusDue ? [{ name: ACTIVITY.refreshStatus, input: run }] : [];
  const outcomes = yield* flightRound(context, calls, status);
  const done = applyOutcomes(seen.carry, outcomes, job, context.df.currentUtcDateTime);
  let carry = statusDue ? { ...done.carry, statusAt: now.toISOString() } : done.carry;
  carry = countWaits(context, carry);
  for (const entry of [...seen.entries, ...done.entries]) {
    const { carry: left, retries } = takeRetries(carry, entry.iteration);
    carry = yield* record(context, job, left, retries.length === 0 ? entry : { ...entry, retries });
  }
  carry = yield* logRetries(context, job, carry);
  yield* stopExports(context, job, carry, [...seen.out, ...done.out]);
  return { carry, calls: calls.length + 4, moved: seen.moved || done.moved };
}

function callOf(flight: Flight): string {
  const name = CALL_OF_STAGE[flight.stage];
  if (name === undefined)
    throw new RunFailed(`Window ${flight.window} is ${flight.stage}, which starts nothing.`);
  return name;
}
