import { AzureKeyCredential, EventGridPublisherClient } from "@azure/eventgrid";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { type EventTopic, startEventTopic } from "../../../local/events/server.ts";

let topic: EventTopic;
// The client speaks plain HTTP only where it is told to.
const noRetries = { retryOptions: { maxRetries: 0 }, allowInsecureConnection: true };

beforeAll(async () => {
  topic = await startEventTopic({ port: 0, key: "local" });
});
afterAll(() => topic.close());
beforeEach(async () => {
  await fetch(`${topic.url}/events`, { method: "DELETE" });
});

async function received(): Promise<{ schema: string; event: Record<string, unknown> }[]> {
  const answer = (await (await fetch(`${topic.url}/events`)).json()) as {
    events: { schema: string; event: Record<string, unknown> }[];
  };
  return answer.events;
}

function post(
  body: string,
  headers: Record<string, string> = {},
  query = "?api-version=2018-01-01",
): Promise<Response> {
  return fetch(`${topic.url}/api/events${query}`, {
    method: "POST",
    headers: { "content-type": "application/json", "aeg-sas-key": "local", ...headers },
    body,
  });
}

const event = {
  id: "1",
  subject: "/jobs/demo",
  eventType: "KustoCopy.IterationCommitted",
  eventTime: "2026-01-02T03:04:05Z",
  data: { rows: 3 },
  dataVersion: "1",
};

test("events that the client publishes in the Event Grid schema can be read, in the order they came", async () => {
  const client = new EventGridPublisherClient(
    `${topic.url}/api/events`,
    "EventGrid",
    new AzureKeyCredential("local"),
    noRetries,
  );
  await client.send([
    { eventType: "A", subject: "/s", dataVersion: "1", data: { rows: 3 } },
    { eventType: "B", subject: "/s", dataVersion: "1", data: {} },
  ]);
  const events = await received();
  expect(events.map(({ schema, event }) => [schema, event.eventType])).toEqual([
    ["EventGrid", "A"],
    ["EventGrid", "B"],
  ]);
  expect(events[0]?.event.data).toEqual({ rows: 3 });
});

test("events that the client publishes as CloudEvents can be read", async () => {
  const client = new EventGridPublisherClient(
    `${topic.url}/api/events`,
    "CloudEvent",
    new AzureKeyCredential("local"),
    noRetries,
  );
  await client.send([
    {
      type: "T",
      source: "/kusto-copy",
      subject: "x",
      data: { a: [1] },
      extensionAttributes: { job: "demo" },
    },
  ]);
  expect((await received())[0]).toMatchObject({
    schema: "CloudEvent",
    event: { type: "T", specversion: "1.0", job: "demo", data: { a: [1] } },
  });
});

test("a wrong key and no key are refused, a bearer token is taken", async () => {
  const client = new EventGridPublisherClient(
    `${topic.url}/api/events`,
    "EventGrid",
    new AzureKeyCredential("wrong"),
    noRetries,
  );
  await expect(
    client.send([{ eventType: "A", subject: "/s", dataVersion: "1", data: {} }]),
  ).rejects.toMatchObject({ statusCode: 401 });
  const body = JSON.stringify([event]);
  const noKey = { method: "POST", headers: { "content-type": "application/json" }, body };
  expect((await fetch(`${topic.url}/api/events?api-version=2018-01-01`, noKey)).status).toBe(401);
  const bearer = { ...noKey, headers: { ...noKey.headers, authorization: "Bearer abc" } };
  expect((await fetch(`${topic.url}/api/events?api-version=2018-01-01`, bearer)).status).toBe(200);
  expect(await received()).toHaveLength(1);
});

test.each([
  ["not an array", JSON.stringify(event)],
  ["an empty array", "[]"],
  ["no JSON", "{"],
  ["no subject", JSON.stringify([{ ...event, subject: undefined }])],
  ["an empty id", JSON.stringify([{ ...event, id: "" }])],
  ["a time that is none", JSON.stringify([{ ...event, eventTime: "yesterday" }])],
  ["one bad event among good ones", JSON.stringify([event, { ...event, eventType: 5 }])],
])("a body of the wrong shape is refused with 400 and nothing of it is kept: %s", async (_, body) => {
  const response = await post(body);
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({ error: { code: "BadRequest" } });
  expect(await received()).toEqual([]);
});

test("a CloudEvent without specversion is refused, and so is a media type or version that the topic doesn't know", async () => {
  const cloud = JSON.stringify([{ id: "1", source: "/s", type: "T" }]);
  expect(
    (await post(cloud, { "content-type": "application/cloudevents-batch+json; charset=utf-8" })).status,
  ).toBe(400);
  expect((await post("x", { "content-type": "text/plain" })).status).toBe(415);
  expect((await post(JSON.stringify([event]), {}, "")).status).toBe(400);
  expect((await fetch(`${topic.url}/api/other`)).status).toBe(404);
});

test("what came can be cleared", async () => {
  expect((await post(JSON.stringify([event]))).status).toBe(200);
  expect(await received()).toHaveLength(1);
  expect((await fetch(`${topic.url}/events`, { method: "DELETE" })).status).toBe(204);
  expect(await received()).toEqual([]);
});
