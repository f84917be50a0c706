import { AzureKeyCredential, EventGridPublisherClient } from "@azure/eventgrid";
import { tokenCredential } from "../../kusto/credentials.ts";
import { readStateOfRun } from "../../lake/log.ts";
import type { Answer, IterationInput } from "../contract.ts";
import { appSettings, clientsOf } from "../environment.ts";
import { answer } from "../outcome.ts";

/** Tells subscribers of the event topic, where one is set, that an iteration is in: tables, rows and cursor. */
export function publishEvent({ job, run, next, iteration }: IterationInput): Promise<Answer<object>> {
  return answer(async () => {
    const { KUSTO_COPY_EVENTS_TOPIC: topic, KUSTO_COPY_EVENTS_KEY: key } = appSettings();
    if (topic === "") return {};
    const state = await readStateOfRun(clientsOf(job).lake, run, next);
    const finished = state.finished.find((each) => each.iteration === iteration);
    if (!finished) return {};
    const client = new EventGridPublisherClient(
      topic,
      "CloudEvent",
      key === ""
        ? tokenCredential({ kind: "default" }, new URL(topic).hostname)
        : new AzureKeyCredential(key),
      { allowInsecureConnection: topic.startsWith("http://127.0.0.1") },
    );
    await client.send([
      {
        // The same for a repeated delivery, so that a subscriber can tell it.
        id: `${state.copyId}-${iteration}`,
        type: "KustoCopy.IterationCommitted",
        source: `kusto-copy/${job.name}`,
        subject: `iterations/${iteration}`,
        time: new Date(finished.committedAt),
        data: { job: job.name, ...finished },
      },
    ]);
    return {};
  });
}
