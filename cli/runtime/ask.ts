import type { z } from "zod";
import type { Job } from "../../model/job.ts";
import { reasonOf } from "./copyOnce.ts";
import type { Runtime } from "./runtime.ts";

/** What can be asked about a job, by the name of the orchestration that answers. */
export const QUESTIONS = { plan: "planCopy", verify: "verifyCopy", doctor: "checkJob" } as const;

/** Runs an orchestration that answers a report about a job and changes nothing. Throws with its reason where it can't. */
export async function ask<T>(
  runtime: Runtime,
  orchestration: string,
  job: Job,
  report: z.ZodType<T>,
  onWait: (waiting: unknown) => void,
): Promise<T> {
  const id = runtime.client.startNew(orchestration, { input: { job } });
  const status = await runtime.client.waitForCompletion(id, ({ customStatus }) => onWait(customStatus));
  if (status.runtimeStatus !== "Completed") throw new Error(reasonOf(status.output));
  return report.parse(status.output);
}
