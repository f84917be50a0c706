import type { OrchestrationContext } from "durable-functions";
import { ACTIVITY, type HeldPolicies, type HoldInput } from "../activities/contract.ts";
import type { Job } from "../model/job.ts";
import { RunFailed, type Steps, step } from "./calls.ts";
import type { Carry } from "./carry.ts";
import { parkAll, ref } from "./record.ts";

/** Keeps update policies of the destination from running on what an iteration is about to ingest or to move. */
export function* holdPolicies(
  context: OrchestrationContext,
  job: Job,
  before: Carry,
  iteration: number,
  moment: HoldInput["moment"],
): Steps<Carry> {
  const { next, parked } = yield* step<HeldPolicies>(context, ACTIVITY.holdUpdatePolicies, {
    ...ref(job, before),
    iteration,
    moment,
  });
  return yield* parkAll(context, job, { ...before, next }, iteration, parked);
}

/**
 * The same before what an earlier run began to move is moved on. Nothing else can be done with such a table than to move it, so
 * the run fails where a policy can't be kept from it.
 */
export function* holdPoliciesOfIntent(
  context: OrchestrationContext,
  job: Job,
  before: Carry,
  iteration: number,
): Steps<Carry> {
  const { next, parked } = yield* step<HeldPolicies>(context, ACTIVITY.holdUpdatePolicies, {
    ...ref(job, before),
    iteration,
    moment: "promotion",
  });
  if (parked[0]) throw new RunFailed(parked[0].reason);
  return { ...before, next };
}

/** Switches update policies on again that nothing needs off any more, where a run may have switched any off. */
export function* releasePolicies(
  context: OrchestrationContext,
  job: Job,
  carry: Carry,
  ending: boolean,
): Steps<Carry> {
  if (job.updatePolicies !== "disable" && !carry.policiesOff) return carry;
  const { next } = yield* step<{ next: number }>(context, ACTIVITY.releaseUpdatePolicies, {
    ...ref(job, carry),
    ending,
  });
  return { ...carry, next };
}
