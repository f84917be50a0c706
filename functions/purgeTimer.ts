import { app, type InvocationContext, type Timer } from "@azure/functions";
import * as df from "durable-functions";
import { OrchestrationRuntimeStatus } from "durable-functions";
import { appSettings } from "../activities/environment.ts";

/** Each night, when a day's other work is least likely to be under way. */
const STANDARD_PURGE_TICK = "0 30 3 * * *";

const FINISHED = [
  OrchestrationRuntimeStatus.Completed,
  OrchestrationRuntimeStatus.Failed,
  OrchestrationRuntimeStatus.Terminated,
  OrchestrationRuntimeStatus.Canceled,
];

/**
 * Deletes the Durable history of copies that are finished and were started long enough ago. History only drives: what
 * was copied is in the lake's log, and stays there. Copies that run or are paused keep theirs, whatever their age.
 */
async function purge(_timer: Timer, context: InvocationContext): Promise<void> {
  const createdTimeTo = new Date(Date.now() - appSettings().KUSTO_COPY_HISTORY_KEPT);
  const { instancesDeleted } = await df.getClient(context).purgeInstanceHistoryBy({
    createdTimeFrom: EARLIEST,
    createdTimeTo,
    runtimeStatus: FINISHED,
  });
  context.log(
    `Deleted the history of ${instancesDeleted} instances started before ${createdTimeTo.toISOString()}.`,
  );
}

/** The host asks for a beginning; there was no Azure before it. */
const EARLIEST = new Date("2010-01-01T00:00:00Z");

app.timer("purgeTimer", {
  schedule: process.env.KUSTO_COPY_PURGE_TICK || STANDARD_PURGE_TICK,
  extraInputs: [df.input.durableClient()],
  handler: purge,
});
