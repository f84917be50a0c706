import type { OrchestrationContext } from "durable-functions";
import { ACTIVITY, type CheckFamilyInput, type JobInput } from "../activities/contract.ts";
import {
  type Check,
  type CheckFamily,
  type CheckupReport,
  checkFamilySchema,
  checkupReport,
} from "../model/reports/checkup.ts";
import { type Steps, TakenOver, together } from "./calls.ts";

/** Everything that a job needs, a family of checks to an activity, all of them side by side. */
export function* checkJob(context: OrchestrationContext): Steps<CheckupReport> {
  const { job } = context.df.getInput<JobInput>();
  const families: readonly CheckFamily[] = checkFamilySchema.options;
  const answers = yield* together<Check[]>(
    context,
    families.map((family) => ({
      name: ACTIVITY.checkFamily,
      input: { job, family } satisfies CheckFamilyInput,
    })),
  );
  const checks = answers.flatMap((answered, i): Check[] => {
    if (answered.kind === "stale") throw new TakenOver(answered.reason);
    return answered.kind === "done" ? answered.value : [notMade(families[i] ?? "job", answered.reason)];
  });
  const { name, source, destination, lake } = job;
  const at = context.df.currentUtcDateTime.toISOString();
  return checkupReport({ job: name, source, destination, lake, at }, checks);
}

/** A family that can't even begin: a connection string or a lake's address that can't be used. */
function notMade(family: CheckFamily, reason: string): Check {
  return {
    family,
    name: "begin",
    state: "failed",
    seen: reason,
    why: "None of the checks of this family could be made.",
    fix: "Mend what the message names, and check again.",
  };
}
