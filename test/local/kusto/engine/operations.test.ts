import { afterAll, beforeAll, expect, test } from "vitest";
import { type Cluster, startCluster, until } from "./cluster.ts";

let kusto: Cluster;
beforeAll(async () => {
  kusto = await startCluster("--ingestion-slots", "1", "--export-slots", "3");
});
afterAll(async () => {
  await kusto.stop();
});

test("capacity shows the slots, and what is in use", async () => {
  expect(await kusto.command(".show capacity | where Resource in~ ('Ingestions', 'DataExport')")).toEqual([
    { Resource: "Ingestions", Total: 1, Consumed: 0, Remaining: 1, Origin: "CapacityPolicy/Ingestion" },
    { Resource: "DataExport", Total: 3, Consumed: 0, Remaining: 3, Origin: "CapacityPolicy/Export" },
  ]);
});

test("over the capacity a command is throttled by 429, retryable, and one in the background waits its turn", async () => {
  await kusto.local("faults", { match: { kind: "operation", text: "Slow" }, action: "delay", afterMs: 4000 });
  const [slow] = await kusto.command(".set async Slow <| print a = 1");
  const failed = await kusto.failure(".set Refused <| print a = 1");
  expect(failed).toMatchObject({
    status: 429,
    permanent: false,
    type: expect.stringContaining("ControlCommandThrottledException"),
    message: expect.stringContaining(
      "CommandType: 'TableSet', Capacity: 1, Origin: 'CapacityPolicy/Ingestion'",
    ),
  });
  expect(await kusto.command(".show operations | where State == 'Throttled' | project Operation")).toEqual([
    { Operation: "TableSet" },
  ]);
  const [queued] = await kusto.command(".set async Queued <| print a = 2");
  const id = String(queued?.OperationId);
  expect(await kusto.command(`.show operations (${id})`)).toMatchObject([{ State: "Scheduled" }]);
  expect(await kusto.operation(String(slow?.OperationId))).toMatchObject({ State: "Completed" });
  expect(await kusto.operation(id)).toMatchObject({ State: "Completed" });
});

test("unknown ids give no row, the log without ids has every record of an operation", async () => {
  expect(await kusto.command(".show operations (11111111-2222-3333-4444-555555555555)")).toEqual([]);
  const [started] = await kusto.command(".set-or-append async Logged <| print a = 1");
  const id = String(started?.OperationId);
  await kusto.operation(id);
  const records = await kusto.command(
    `.show operations | where OperationId == '${id}' | project State | order by State asc`,
  );
  expect(records).toEqual([{ State: "Completed" }, { State: "InProgress" }]);
});

test("a fault ends the next operation in the state it names, its work done or not", async () => {
  for (const [state, doWork] of [
    ["Failed", true],
    ["Abandoned", false],
    ["PartiallySucceeded", true],
    ["BadInput", false],
  ] as const) {
    await kusto.local("faults", {
      match: { kind: "operation", text: `Fault${state}` },
      action: "operationState",
      state,
      doWork,
    });
    const [started] = await kusto.command(`.set async Fault${state} <| print a = 1`);
    expect(await kusto.operation(String(started?.OperationId))).toMatchObject({ State: state });
    expect(await kusto.command(`.show tables | where TableName == 'Fault${state}' | count`)).toEqual([
      { Count: doWork ? 1 : 0 },
    ]);
  }
});

test("an ingestion from a query can be canceled, and writes nothing then", async () => {
  await kusto.local("faults", {
    match: { kind: "operation", text: "Canceled" },
    action: "delay",
    afterMs: 600,
  });
  const [started] = await kusto.command(".set async Canceled <| print a = 1");
  const id = String(started?.OperationId);
  expect(await kusto.command(`.cancel operation ${id} with (reason="enough")`)).toMatchObject([
    { CancellationState: "Cancelled successfully", ReasonPhrase: "enough" },
  ]);
  await new Promise((resolve) => setTimeout(resolve, 900));
  expect(await kusto.operation(id)).toMatchObject({ State: "Canceled" });
  expect(await kusto.command(".show tables | where TableName == 'Canceled' | count")).toEqual([{ Count: 0 }]);
});

test("an operation can be seen by its id for six hours of the clock", async () => {
  const [started] = await kusto.command(".set async Aged <| print a = 1");
  const id = String(started?.OperationId);
  await kusto.operation(id);
  await kusto.local("clock", { advanceSeconds: 5.9 * 3600 });
  expect(await kusto.command(`.show operations (${id})`)).toHaveLength(1);
  await kusto.local("clock", { advanceSeconds: 0.2 * 3600 });
  expect(await kusto.command(`.show operations (${id})`)).toEqual([]);
  expect(await kusto.command(`.show operations | where OperationId == '${id}' | count`)).toEqual([
    { Count: 2 },
  ]);
});

test("a fault makes the log forget an operation, which goes on", async () => {
  await kusto.local("faults", { match: { kind: "operation", text: "Forgotten" }, action: "forget" });
  const [started] = await kusto.command(".set async Forgotten <| print a = 1");
  const id = String(started?.OperationId);
  await until(
    () => kusto.command(".show tables | where TableName == 'Forgotten'"),
    (rows) => rows.length === 1,
  );
  expect(await kusto.command(`.show operations (${id})`)).toEqual([]);
  expect(await kusto.command(`.show operations | where OperationId == '${id}'`)).toEqual([]);
  expect(await kusto.failure(`.show operation ${id} details`)).toMatchObject({ permanent: true });
});

test("a fault empties a command's answer, its work done or not", async () => {
  for (const doWork of [true, false]) {
    const table = `Empty${doWork ? "Done" : "Undone"}`;
    const match = { kind: "mgmt", text: `^\\.create table ${table}` };
    await kusto.local("faults", { match, action: "emptyAnswer", doWork });
    expect(await kusto.command(`.create table ${table} (a: long)`)).toEqual([]);
    expect(await kusto.command(`.show tables | where TableName == '${table}'`)).toHaveLength(doWork ? 1 : 0);
  }
});

test("a fault merges what may be merged right before a request", async () => {
  await kusto.command(".create table Merged (a: long)");
  for (let i = 0; i < 4; i += 1) await kusto.command(`.set-or-append Merged <| print a = ${i}`);
  await new Promise((resolve) => setTimeout(resolve, 400));
  const before = await kusto.command(".show table Merged extents");
  await kusto.local("faults", { match: { kind: "query", text: "^Merged" }, action: "merge" });
  expect(
    await kusto.query("Merged | summarize Rows = count(), Extents = count_distinct(extent_id())"),
  ).toEqual([{ Rows: 4, Extents: 1 }]);
  expect(before).toHaveLength(4);
});

test("a fault lets weakly consistent reads see an older state, and strongly consistent ones none", async () => {
  await kusto.command(".set Stale <| range a from 1 to 3 step 1");
  await kusto.local("faults", { match: { kind: "query", text: "^Stale" }, action: "stale", times: 3 });
  await kusto.command(".set-or-append Stale <| range a from 4 to 9 step 1");
  await kusto.command(".drop extents from Stale");
  await kusto.command(".set-or-append Stale <| print a = 10");
  const strong = { queryconsistency: "strongconsistency" };
  expect(await kusto.query("Stale | count", strong)).toEqual([{ Count: 1 }]);
  expect(await kusto.query("Stale | count")).toEqual([{ Count: 3 }]);
  const weak = { queryconsistency: "weakconsistency" };
  expect(await kusto.query("Stale | summarize max(a)", weak)).toEqual([{ max_a: 3 }]);
});
