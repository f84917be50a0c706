import type { OrchestrationContext } from "durable-functions";
import { ACTIVITY, type JobInput } from "../activities/contract.ts";
import type { PlanReport } from "../model/reports/plan.ts";
import { type Steps, step } from "./calls.ts";

/** What the next run of a job would do. Changes nothing. */
export function* planCopy(context: OrchestrationContext): Steps<PlanReport> {
  const { job } = context.df.getInput<JobInput>();
  return yield* step<PlanReport>(context, ACTIVITY.describePlan, { job } satisfies JobInput);
}
