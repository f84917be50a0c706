import { AzureKeyCredential, EventGridPublisherClient } from "@azure/eventgrid";
import { z } from "zod";
import { tokenCredential } from "../../kusto/credentials.ts";
import { readStateOfRun } from "../../lake/log.ts";
import { owedEvents } from "../../model/checkpoint/cleaned.ts";
import type { FinishedIteration } from "../../model/checkpoint/state.ts";
import { Retryable, Terminal } from "../../model/errors.ts";
import type { Answer, IterationInput } from "../contract.ts";
import { appSettings, clientsOf } from "../environment.ts";
import { answer } from "../outcome.ts";

/**
 * Tells subscribers of the event topic, where one is set, that an iteration is in: tables, rows and cursor; and before that, of those
 * whose events were refused. At least once: an event that comes again has the same id.
 */
export function publishEvent({ job, run, next, iteration }: IterationInput): Promise<Answer<object>> {
  return answer(async () => {
    const { KUSTO_COPY_EVENTS_TOPIC: topic, KUSTO_COPY_EVENTS_KEY: key } = appSettings();
    if (topic === "") return {};
    const state = await readStateOfRun(clientsOf(job).lake, run, next);
    const owed = owedEvents(state, iteration);
    if (owed.length === 0) return {};
    const client = new EventGridPublisherClient(
      topic,
      "CloudEvent",
      key === ""
        ? tokenCredential({ kind: "default" }, new URL(topic).hostname)
        : new AzureKeyCredential(key),
      { allowInsecureConnection: topic.startsWith("http://127.0.0.1") },
    );
    // One by one: together they may be larger than a request to a topic may be.
    for (const finished of owed) {
      try {
        await client.send([eventOf(job.name, state.copyId ?? "", finished)]);
      } catch (error) {
        throw refusal(topic, error);
      }
    }
    return {};
  });
}

function eventOf(job: string, copyId: string, finished: FinishedIteration) {
  return {
    // The same for a repeated delivery, so that a subscriber can tell it.
    id: `${copyId}-${finished.iteration}`,
    type: "KustoCopy.IterationCommitted",
    source: `kusto-copy/${job}`,
    subject: `iterations/${finished.iteration}`,
    time: new Date(finished.committedAt),
    data: { job, ...finished },
  };
}

/** What the library throws where a topic refuses an event, or can't be reached. */
const refusalSchema = z.object({
  name: z.literal("RestError"),
  message: z.string(),
  statusCode: z.number().optional(),
});

function refusal(topic: string, error: unknown): unknown {
  const refused = refusalSchema.safeParse(error);
  if (!refused.success) return error;
  const { statusCode: status, message } = refused.data;
  const said = (message.split(/[\r\n]/)[0] ?? "").trim();
  const { host } = new URL(topic);
  const passes = status === undefined || status === 408 || status === 429 || status >= 500;
  const what =
    status === undefined
      ? `The event topic ${host} can't be reached: ${said}`
      : `The event topic ${host} answered ${status}: ${said}`;
  if (passes) return new Retryable(what, {}, { cause: error });
  const advice =
    status === 401 || status === 403
      ? "Check KUSTO_COPY_EVENTS_KEY, or give the app's identity the role EventGrid Data Sender on the topic, and check the topic's network rules."
      : "Check KUSTO_COPY_EVENTS_TOPIC.";
  return new Terminal(what, {}, { cause: error, advice });
}
