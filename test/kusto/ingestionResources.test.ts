import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { parseKustoConnection } from "../../kusto/connectionString.ts";
import { createIngestClient } from "../../kusto/ingestClient.ts";
import { describe as describeError, isRetryable } from "../../model/errors.ts";
import { createDirector, missedOf } from "../faults/director.ts";
import { effectAt } from "../faults/effects.ts";
import { type FaultProxy, startProxy } from "../faults/proxy.ts";
import { FAULT_WORDS, isDeath, WIRE_FAULTS } from "../faults/wireFaults.ts";
import { type FakeCluster, startFakeCluster } from "./fakeCluster.ts";
import { ingestionEndpoint, QUEUED, queueRequest } from "./ingestionEndpoint.ts";

/*
 * What a process asks a destination once, for all its copies, before it queues: of no copy's own, so that the faults of copies
 * (test/faults) don't strike it.
 */

const PLACE = "queueing";

const director = createDirector(effectAt(PLACE));
let cluster: FakeCluster;
let proxy: FaultProxy<"destination">;
let clients = 0;

beforeAll(async () => {
  const started: FakeCluster = await startFakeCluster(
    (received) => ingestionEndpoint(received, started.url) ?? QUEUED,
  );
  cluster = started;
  proxy = await startProxy({ destination: cluster.url }, director.fate);
});
beforeEach(() => {
  cluster.requests.length = 0;
});
afterAll(async () => {
  await proxy.close();
  await cluster.close();
});

const posted = () => cluster.requests.filter(({ path }) => path.includes("/messages")).length;

it.each(
  [".get ingestion resources", ".get kusto identity token"].flatMap((command) =>
    WIRE_FAULTS.filter((fault) => !isDeath(fault)).map(
      (fault) => [command, FAULT_WORDS[fault], fault] as const,
    ),
  ),
)(
  "a blob is queued once although, at %s, %s: at once, or when it is tried again",
  async (command, _, fault) => {
    // What is asked once is asked anew by another client.
    const client = createIngestClient(parseKustoConnection(proxy.urls.destination), `Db${++clients}`);
    const strikes = [{ effect: `destination: ${command}`, nth: 1, fault }];
    const track = director.arm(PLACE, strikes);
    const failure = await client.ingestBlob(queueRequest).then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(missedOf(track, strikes)).toEqual([]);
    if (failure !== undefined) {
      expect(posted()).toBe(0);
      expect(isRetryable(failure)).toBe(fault !== "refused");
      expect(describeError(failure)).toMatch(/table My T, operation queue a blob/);
      await client.ingestBlob(queueRequest);
    }
    expect(posted()).toBe(1);
    client.close();
  },
);
