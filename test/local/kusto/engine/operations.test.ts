import { afterAll, beforeAll, expect, test } from "vitest";
import { type Cluster, startCluster } from "./cluster.ts";

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
  await kusto.local("faults", { match: { kind: "operation", text: "Slow" }, action: "delay", afterMs: 1500 });
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
