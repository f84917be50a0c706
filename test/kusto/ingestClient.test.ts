import { afterEach, describe, expect, it } from "vitest";
import { parseKustoConnection } from "../../kusto/connectionString.ts";
import { createIngestClient, type IngestClient } from "../../kusto/ingestClient.ts";
import { describe as describeError, isRetryable } from "../../model/errors.ts";
import {
  type FakeCluster,
  oneApiError,
  type PlannedAnswer,
  type ReceivedRequest,
  startFakeCluster,
} from "./fakeCluster.ts";
import { ingestionEndpoint, QUEUED, queueRequest, SOURCE_ID } from "./ingestionEndpoint.ts";

let cluster: FakeCluster | undefined;
let client: IngestClient | undefined;

async function connect(
  answer: (request: ReceivedRequest, url: string) => PlannedAnswer,
): Promise<{ cluster: FakeCluster; client: IngestClient }> {
  const started: FakeCluster = await startFakeCluster((request) => answer(request, started.url));
  cluster = started;
  client = createIngestClient(parseKustoConnection(started.url), "My db");
  return { cluster: started, client };
}

afterEach(async () => {
  client?.close();
  await cluster?.close();
});

describe("a blob queued for ingestion", () => {
  it("carries its size, tags, creation time and mapping", async () => {
    const { client, cluster } = await connect((received, url) => ingestionEndpoint(received, url) ?? QUEUED);
    expect(await client.ingestBlob(queueRequest)).toEqual({ sourceId: SOURCE_ID });
    const posted = cluster.requests.find(({ path }) =>
      path.includes("securedreadyforaggregationqueue/messages"),
    );
    const text = /<MessageText>(.*)<\/MessageText>/.exec(posted?.body ?? "")?.[1] ?? "";
    expect(JSON.parse(Buffer.from(text, "base64").toString("utf8"))).toMatchObject({
      Id: SOURCE_ID,
      BlobPath: queueRequest.url,
      RawDataSize: 12_345,
      DatabaseName: "My db",
      TableName: "My T",
      FlushImmediately: false,
      AdditionalProperties: {
        authorizationContext: "token",
        format: "csv",
        tags: '["kc:1/w/1","drop-by:kc-2026-01-02"]',
        creationTime: "2026-01-02T00:00:00.0000000Z",
        ingestionMapping: '[{"Column":"a b","DataType":"long","Properties":{"Ordinal":"0"}}]',
      },
    });
  });

  it("keeps what belongs to one blob from the next", async () => {
    const { client, cluster } = await connect((received, url) => ingestionEndpoint(received, url) ?? QUEUED);
    await client.ingestBlob(queueRequest);
    await client.ingestBlob({
      url: "https://lake/y.parquet",
      table: "T",
      format: "parquet",
      tags: [],
      flushImmediately: true,
    });
    const posts = cluster.requests.filter(({ path }) => path.includes("/messages"));
    const text = /<MessageText>(.*)<\/MessageText>/.exec(posts[1]?.body ?? "")?.[1] ?? "";
    const message = JSON.parse(Buffer.from(text, "base64").toString("utf8"));
    expect(message.AdditionalProperties).toEqual({ authorizationContext: "token", format: "parquet" });
    expect(message.FlushImmediately).toBe(true);
  });
});

describe("a failure to queue", () => {
  it("by lack of permission is terminal", async () => {
    const { client } = await connect(() => ({ status: 403, body: oneApiError("Denied", true) }));
    const error = await client.ingestBlob(queueRequest).catch((thrown: unknown) => thrown);
    expect(isRetryable(error)).toBe(false);
    expect(describeError(error)).toMatch(/403.*database My db, table My T/);
    expect(describeError(error)).not.toContain("sig=");
  });

  it("by a service that is down may pass", async () => {
    const { client } = await connect(() => ({ status: 503, body: "" }));
    expect(isRetryable(await client.ingestBlob(queueRequest).catch((thrown: unknown) => thrown))).toBe(true);
  });

  it("by a queue that doesn't take the message may pass", async () => {
    const { client } = await connect(
      (received, url) => ingestionEndpoint(received, url) ?? { status: 403, body: "" },
    );
    expect(isRetryable(await client.ingestBlob(queueRequest).catch((thrown: unknown) => thrown))).toBe(true);
  });
});
