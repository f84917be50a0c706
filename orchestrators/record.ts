import type { OrchestrationContext } from "durable-functions";
import { ACTIVITY, type Recorded, type RunRef } from "../activities/contract.ts";
import type { EntryBody, Parked } from "../model/checkpoint/entries.ts";
import type { Job } from "../model/job.ts";
import { type Steps, step } from "./calls.ts";
import type { Carry } from "./carry.ts";

/** What activities need to know of the run that calls them. */
export function ref(job: Job, carry: Carry): RunRef {
  return { job, run: carry.run, next: carry.next };
}

/** Writes an entry of the run to the log. */
export function* record(
  context: OrchestrationContext,
  job: Job,
  carry: Carry,
  body: EntryBody,
): Steps<Carry> {
  const recorded = yield* step<Recorded>(context, ACTIVITY.recordEntry, { ...ref(job, carry), body });
  return { ...carry, ...recorded };
}

/** Records tables of an iteration that can't go on. */
export function* parkAll(
  context: OrchestrationContext,
  job: Job,
  carry: Carry,
  iteration: number,
  parked: readonly Parked[],
): Steps<Carry> {
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
