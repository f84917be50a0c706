import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bodyOf, commandsLike } from "./drive.ts";
import { type CopyStack, cursorsGiven, startCopyStack } from "./support.ts";

const DATABASES = ["Whole", "Partly"];

describe("a mirrored schema", () => {
  let copies: CopyStack;
  const copy = (database: string) => copies.copy(bodyOf(copies.stack, database, database));
  const atSource = (database: string, text: string) => copies.source.command(database, text);
  const atDestination = (database: string, text: string) => copies.destination.command(database, text);
  const warnings = async (database: string): Promise<string[]> =>
    (await copies.destination.query(database, "KC_Status | where State == 'warning'")).map((row) =>
      String(row.Error),
    );

  beforeAll(async () => {
    copies = await startCopyStack({
      sourceDatabases: DATABASES,
      destinationDatabases: DATABASES,
      settings: { KUSTO_COPY_SCHEMA: "all" },
    });
  });
  afterAll(() => copies.stop());

  async function policy(database: string, kind: string): Promise<unknown> {
    const [row] = await atDestination(database, `.show table Events policy ${kind}`);
    return JSON.parse(String(row?.Policy));
  }

  it("has functions, mappings and policies, is altered where they differ, and keeps what it has of its own", async () => {
    const database = "Whole";
    await atSource(database, ".create table Events (Id: long, Text: string)");
    await atSource(database, ".set-or-append Events <| print Id = 1, Text = 'one'");
    // Each names the other: neither can be created first and be valid.
    await atSource(
      database,
      ".create function with (skipvalidation=true) Even(n: long) { iff(n == 0, true, Odd(n - 1)) }",
    );
    await atSource(
      database,
      ".create function with (docstring='It\\'s odd', folder='Maths', skipvalidation=true) Odd(n: long) { iff(n == 0, false, Even(n - 1)) }",
    );
    await atSource(
      database,
      `.create table Events ingestion csv mapping 'plain' '[{"Column":"Id","Properties":{"Ordinal":"0"}}]'`,
    );
    await atSource(
      database,
      '.alter table Events policy retention \'{"SoftDeletePeriod":"3650.00:00:00","Recoverability":"Disabled"}\'',
    );
    await atSource(
      database,
      ".alter table Events policy caching hot = 36h, hot_window = datetime(2021-01-01) .. datetime(2021-02-01)",
    );
    await atSource(database, ".alter table Events policy merge '{\"MaxRangeInHours\":8}'");
    await atSource(database, ".alter table Events policy sharding '{\"ShardEngineMaxRowCount\":750000}'");
    await atSource(
      database,
      '.alter table Events policy ingestionbatching \'{"MaximumBatchingTimeSpan":"00:00:30"}\'',
    );
    await atDestination(database, ".create function Own() { print 1 }");
    await cursorsGiven();
    expect(await copy(database)).toMatchObject({ state: "succeeded", error: null, warnings: [] });

    const functions = await atDestination(database, ".show functions");
    expect(functions.map((row) => row.Name)).toEqual(
      expect.arrayContaining(["Even", "Odd", "Own", "KC_Status"]),
    );
    expect(functions.find((row) => row.Name === "Odd")).toMatchObject({
      Parameters: "(n: long)",
      Body: "{ iff(n == 0, false, Even(n - 1)) }",
      Folder: "Maths",
      DocString: "It's odd",
    });
    expect(await atDestination(database, ".show table Events ingestion mappings")).toMatchObject([
      { Name: "plain", Kind: "CSV" },
    ]);
    expect(await policy(database, "retention")).toMatchObject({ SoftDeletePeriod: "3650.00:00:00" });
    expect(await policy(database, "caching")).toMatchObject({
      DataHotSpan: { Value: "1.12:00:00" },
      HotWindows: [{ MinValue: "2021-01-01" }],
    });
    expect(await policy(database, "merge")).toMatchObject({ MaxRangeInHours: 8 });
    expect(await policy(database, "sharding")).toMatchObject({ ShardEngineMaxRowCount: 750_000 });
    expect(await policy(database, "ingestionbatching")).toMatchObject({
      MaximumBatchingTimeSpan: "00:00:30",
    });

    const altered = async () =>
      (await commandsLike(copies.destination, database, ".alter table ['Events']")) +
      (await commandsLike(copies.destination, database, ".create-or-alter"));
    const before = await altered();
    expect(await copy(database)).toMatchObject({ state: "succeeded" });
    // The status view is made at each run; nothing else is.
    expect(await altered()).toBe(before + 1);
    await atSource(database, ".alter function Odd(n: long) { n % 2 == 1 }");
    await atSource(database, ".drop function Even");
    expect(await copy(database)).toMatchObject({ state: "succeeded" });
    expect(await altered()).toBe(before + 3);
    const later = await atDestination(database, ".show functions");
    expect(later.find((row) => row.Name === "Odd")?.Body).toBe("{ n % 2 == 1 }");
    expect(later.map((row) => row.Name)).toEqual(expect.arrayContaining(["Even", "Own"]));
  });

  it("warns of what it doesn't mirror, with the reason, and stops no copy", async () => {
    const database = "Partly";
    await atSource(database, ".create table Events (Id: long)");
    await atSource(database, ".create table Derived (Id: long)");
    await atSource(database, ".set-or-append Events <| print Id = 1");
    await atSource(
      database,
      '.create function with (skipvalidation=true) Secret() { externaldata (A: string) [h"https://a.example/x?sig=planted"] }',
    );
    await atSource(database, ".create function Hides() { print 1 }");
    await atDestination(database, ".create table Hides (Id: long)");
    await atSource(
      database,
      `.alter table Derived policy update @'[{"IsEnabled": true, "Source": "Events", "Query": "Events", "IsTransactional": false}]'`,
    );
    await atSource(
      database,
      '.alter table Events policy partitioning \'{"PartitionKeys":[{"ColumnName":"Id","Kind":"Hash","Properties":{}}]}\'',
    );
    await cursorsGiven();
    const done = await copy(database);
    expect(done).toMatchObject({ state: "succeeded", error: null });
    expect((await copies.destination.query(database, "Events | count"))[0]?.Count).toBe(1n);
    const told = await warnings(database);
    expect(told).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^Function Secret is not mirrored: .*hidden literal/),
        expect.stringMatching(/^The partitioning policy of table Events is not mirrored/),
        expect.stringMatching(/^Function Hides is not mirrored: .*would hide/),
        expect.stringMatching(
          /^The update policy of table Derived is not mirrored: it would run on copied rows/,
        ),
      ]),
    );
    const [row] = await atDestination(database, ".show table Derived policy update");
    expect(row?.Policy).toBe("null");
    expect((await atDestination(database, ".show functions")).map((each) => each.Name)).toEqual([
      "KC_Status",
    ]);
    await atSource(database, ".drop function Secret");
    expect(await copy(database)).toMatchObject({ state: "succeeded" });
    expect((await warnings(database)).join()).not.toMatch(/Secret/);
  });
});
