import type { OrchestrationContext } from "durable-functions";
import { ACTIVITY } from "../activities/contract.ts";
import type { Job } from "../model/job.ts";
import type { Flight } from "../model/schedule.ts";
import { optional, type Steps } from "./calls.ts";
import type { Carry } from "./carry.ts";
import { ref } from "./record.ts";

/** Has the source asked to stop those of these flights' exports that are under way: nobody waits for them any more. */
export function* stopExports(
  context: OrchestrationContext,
  job: Job,
  carry: Carry,
  flights: readonly Flight[],
): Steps<void> {
  const exporting = flights.filter((flight) => flight.stage === "exporting");
  if (exporting.length === 0) return;
  yield* optional(context, ACTIVITY.cancelExports, { ...ref(job, carry), flights: exporting });
}
