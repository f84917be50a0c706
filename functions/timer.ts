import { app, type InvocationContext, type Timer } from "@azure/functions";
import type { DurableClient } from "durable-functions";
import * as df from "durable-functions";
import { lakeOf } from "../activities/environment.ts";
import { type KnownJob, readJobs } from "../activities/jobs/jobs.ts";
import { readControl } from "../lake/control.ts";
import { storageFailure } from "../lake/failure.ts";
import { readState } from "../lake/log.ts";
import { isDue } from "../model/due.ts";
import { describe } from "../model/errors.ts";
import { lagLine, lagSeconds } from "../model/lag.ts";
import { type CopyInstance, unfinishedCopies } from "./copies/instances.ts";
import { startRun } from "./copies/startCopy.ts";

/** Each minute; the RPO decides at which ticks an iteration starts. */
const STANDARD_TICK = "0 * * * * *";

interface Tick {
  readonly now: number;
  readonly next: number;
  readonly client: DurableClient;
  readonly context: InvocationContext;
  readonly running: readonly CopyInstance[];
}

/** Starts what is due. A job that can't be run, or whose lake can't be read, is told and keeps no other from starting. */
async function tick(timer: Timer, context: InvocationContext): Promise<void> {
  const now = new Date();
  const { jobs, problems, undescribed } = await readJobs(now);
  for (const each of problems) context.warn(each);
  // An app that copies by request only has no job: nothing to start, but worth saying.
  if (jobs.length === 0)
    context.warn(
      `No iteration was started: there is no job, in the settings or elsewhere. ${undescribed ?? ""}`.trim(),
    );
  const client = df.getClient(context);
  const running = await unfinishedCopies(client);
  const next = Date.parse(timer.scheduleStatus?.next ?? now.toISOString());
  const at = { now: now.getTime(), next, client, context, running };
  await Promise.all(
    jobs.map(async (known) => {
      try {
        await startIfDue(known, at);
      } catch (error) {
        context.error(`Job ${known.name}: no iteration was started: ${describe(storageFailure(error))}`);
      }
    }),
  );
}

async function startIfDue({ name, enabled, job, problem }: KnownJob, tick: Tick): Promise<void> {
  const { now, next, client, context, running } = tick;
  if (!job) {
    context.error(`Job ${name}: no iteration was started: ${problem}`);
    return;
  }
  if (!enabled) return;
  const lake = lakeOf(job.lake);
  const [state, { wanted, resyncs }] = await Promise.all([readState(lake), readControl(lake)]);
  const lag = lagSeconds(state, new Date(now));
  if (lag !== null) context.log(lagLine(name, lag, job.rpoMs));
  if (wanted !== "run" || !isDue(state, job.rpoMs, now, next, resyncs)) return;
  const by = running.find((each) => each.job?.lake === job.lake);
  const started = by ? { kind: "running" as const, by } : await startRun(client, job, state);
  if (started.kind === "started") context.log(`Started ${started.id}.`);
  else context.log(`No iteration was started: ${started.by.id} is ${started.by.state}.`);
}

app.timer("iterationTimer", {
  schedule: process.env.KUSTO_COPY_TICK || STANDARD_TICK,
  extraInputs: [df.input.durableClient()],
  handler: tick,
});
