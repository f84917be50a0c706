import { rowsOf } from "../../kusto/client.ts";
import { getIdentityToken, getIngestionResources, ingestionResource } from "../../kusto/commands/access.ts";
import type { Job } from "../../model/job.ts";
import { ingestionServiceOf } from "../environment.ts";
import { type CheckOf, cantTell, fail, well } from "./runChecks.ts";

/** The ingestion endpoint: what queued ingestion is sent through. */
export function ingestionChecks(job: Job): CheckOf[] {
  if (job.ingestion === "direct") {
    return [
      {
        name: "ingestion endpoint",
        why: "Direct ingestion needs none.",
        fix: "",
        look: async () => well("The job ingests directly."),
      },
    ];
  }
  const { client, endpoint } = ingestionServiceOf(job);
  const { database } = job.destination;
  const ask = (text: string) => client.command(database, text, { idempotent: true });
  return [
    {
      name: "ingestion resources",
      why: "Queued ingestion puts its messages on queues that the ingestion endpoint names; an ingestor of single tables may not ask for them.",
      fix: `Check that ${endpoint} can be reached; then .add database ['${database}'] ingestors ('aadapp=<application id>;<tenant>'), or ingest directly (KUSTO_COPY_INGESTION=direct).`,
      look: async () => {
        const resources = rowsOf(ingestionResource, await ask(getIngestionResources()));
        const queues = resources.filter((each) =>
          /SecuredReadyForAggregationQueue/i.test(each.ResourceTypeName),
        );
        if (queues.length === 0) return fail(`${endpoint} names no queue.`);
        return well(`${endpoint} names ${queues.length} queues.`);
      },
    },
    {
      name: "identity token",
      why: "Each message carries what the ingestion service knows this identity by.",
      fix: `.add database ['${database}'] ingestors ('aadapp=<application id>;<tenant>')`,
      look: async () => {
        const [row] = await ask(getIdentityToken());
        const token = Object.values(row ?? {}).find((value) => typeof value === "string" && value !== "");
        return token === undefined
          ? fail("The ingestion endpoint gave none.")
          : well("The ingestion endpoint gave one.");
      },
    },
    {
      name: "reach the queues",
      why: "Messages go to storage accounts of the ingestion service, past any rule that lets the cluster alone through.",
      fix: "Let this process reach *.queue.core.windows.net (or the cloud's own ending) by https.",
      look: async () => {
        const resources = rowsOf(ingestionResource, await ask(getIngestionResources()));
        const queue = resources.find((each) =>
          /SecuredReadyForAggregationQueue/i.test(each.ResourceTypeName),
        );
        if (!queue) return cantTell("No queue is known.");
        const url = new URL(queue.StorageRoot);
        // Without the signature, which is of no use to be reached: any answer at all shows the way.
        const answer = await fetch(`${url.origin}${url.pathname}`, {
          method: "HEAD",
          signal: AbortSignal.timeout(15_000),
        });
        return well(`${url.host} answers (${answer.status}).`);
      },
    },
  ];
}
