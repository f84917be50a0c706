import type { IngestBlobRequest } from "../../kusto/ingestClient.ts";
import { commandAnswer, type PlannedAnswer, type ReceivedRequest } from "./fakeCluster.ts";

/** What `.get ingestion resources` and `.get kusto identity token` answer, with a queue on the same server. */
export function ingestionEndpoint({ path, body }: ReceivedRequest, url: string): PlannedAnswer | undefined {
  if (path !== "/v1/rest/mgmt") return undefined;
  if (body.includes("identity token"))
    return { body: commandAnswer({ AuthorizationContext: "string" }, '[["token"]]') };
  const kinds = [
    "SecuredReadyForAggregationQueue",
    "FailedIngestionsQueue",
    "SuccessfulIngestionsQueue",
    "TempStorage",
    "IngestionsStatusTable",
  ];
  const rows = kinds.map((kind) => [kind, `${url}/account/${kind.toLowerCase()}?sig=x`]);
  return { body: commandAnswer({ ResourceTypeName: "string", StorageRoot: "string" }, JSON.stringify(rows)) };
}

/** What a queue answers that takes a message. */
export const QUEUED: PlannedAnswer = {
  status: 201,
  body: `<?xml version="1.0" encoding="utf-8"?><QueueMessagesList><QueueMessage><MessageId>8a91e4ae-0000-0000-0000-000000000000</MessageId><InsertionTime>Fri, 02 Jan 2026 00:00:00 GMT</InsertionTime><ExpirationTime>Fri, 09 Jan 2026 00:00:00 GMT</ExpirationTime><PopReceipt>x</PopReceipt><TimeNextVisible>Fri, 02 Jan 2026 00:00:00 GMT</TimeNextVisible></QueueMessage></QueueMessagesList>`,
  headers: { "Content-Type": "application/xml" },
};

export const SOURCE_ID = "ae6cd250-be62-4978-90f2-5cb7a10d16d7";

export const queueRequest: IngestBlobRequest = {
  url: "https://lake/x.csv.gz?sig=S",
  rawSizeBytes: 12_345,
  table: "My T",
  format: "csv",
  tags: ["kc:1/w/1", "drop-by:kc-2026-01-02"],
  creationTimeIso: "2026-01-02T00:00:00.0000000Z",
  mapping: [{ column: "a b", type: "long", ordinal: 0, field: "a b" }],
  flushImmediately: false,
  sourceId: SOURCE_ID,
};
