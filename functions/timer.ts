import { app, type InvocationContext, type Timer } from "@azure/functions";
import * as df from "durable-functions";
import { configuredJob, lakeOf } from "../activities/environment.ts";
import { readState } from "../lake/log.ts";
import { isDue } from "../model/due.ts";
import { describe } from "../model/errors.ts";
import { startCopy } from "./startCopy.ts";

/** Each minute; the RPO decides at which ticks an iteration starts. */
const STANDARD_TICK = "0 * * * * *";

async function tick(timer: Timer, context: InvocationContext): Promise<void> {
  const now = new Date();
  let job: ReturnType<typeof configuredJob>;
  try {
    job = configuredJob(now);
  } catch (error) {
    // An app that copies by request only has no job in its settings: nothing to start, but worth saying.
    context.warn(`No iteration was started: ${describe(error)}`);
    return;
  }
  const state = await readState(lakeOf(job.lake));
  const nextTick = Date.parse(timer.scheduleStatus?.next ?? now.toISOString());
  if (!isDue(state, job.rpoMs, now.getTime(), nextTick)) return;
  const started = await startCopy(df.getClient(context), job, state);
  if (started.kind === "started") context.log(`Started ${started.id}.`);
  else context.log(`No iteration was started: ${started.by.id} is ${started.by.state}.`);
}

app.timer("iterationTimer", {
  schedule: process.env.KUSTO_COPY_TICK || STANDARD_TICK,
  extraInputs: [df.input.durableClient()],
  handler: tick,
});
