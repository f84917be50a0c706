import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { type Cluster, startCluster, until } from "../engine/cluster.ts";
import { type FollowerCluster, startFollower } from "./support.ts";

let leader: Cluster;
let second: Cluster;
let follower: FollowerCluster;

beforeAll(async () => {
  [leader, second, follower] = await Promise.all([
    startCluster("--databases", "Samples,Events,Own", "--maintenance-seconds", "3600"),
    startCluster("--databases", "Events,Other"),
    startFollower("--databases", "Own"),
  ]);
  await leader.command(
    ".set Logs1 <| range a from 1 to 3 step 1 | extend s = strcat('x', a), t = 1s * a",
    "Events",
  );
  await leader.command(".set Logs2 <| print d = dynamic({'a': 1.50}), r = real(nan)", "Events");
  await leader.command(".create table Empty (g: guid)", "Events");
  await leader.command(".create function F () { Logs1 | count }", "Events");
  await leader.command(".create function G () { Logs2 | count }", "Events");
  await second.command(".set Mine <| print a = 7", "Events");
  await second.command(".set Mine <| print a = 8", "Other");
});
afterAll(async () => {
  await Promise.all([leader.stop(), second.stop(), follower.stop()]);
});
beforeEach(async () => {
  await follower.attach();
});

const modes = async () =>
  (await follower.command(".show databases", "Own")).map((row) => [row.DatabaseName, row.DatabaseAccessMode]);

test("an attached database is listed as read-only following, and answers as the leader's does", async () => {
  await follower.attach({ leader, database: "Events" });
  expect(await modes()).toEqual([
    ["Own", "ReadWrite"],
    ["Events", "ReadOnlyFollowing"],
  ]);
  for (const text of [
    "Logs1 | order by a asc",
    "Logs2",
    "Empty",
    "F",
    "Logs1 | summarize sum(hash_xxhash64(s))",
  ])
    expect(JSON.stringify(await follower.queryIn("Events", text))).toBe(
      JSON.stringify(await leader.query(`database('Events').${text}`)),
    );
  const extents = async (cluster: Cluster) =>
    (await cluster.command(".show table Logs1 extents", "Events")).map((row) => row.ExtentId);
  expect(await extents(follower)).toEqual(await extents(leader));
  expect(await follower.command(".show cluster", "Own")).not.toEqual([]);
});

test("the leader's new rows, tables and drops are seen after the next refresh, not before", async () => {
  await leader.command(".set-or-replace Fresh <| print n = 1", "Events");
  await follower.attach({ leader, database: "Events" });
  await leader.command(".append Fresh <| print n = 2", "Events");
  await leader.command(".create table Later (n: long)", "Events");
  expect(await follower.queryIn("Events", "Fresh | count")).toEqual([{ Count: 1 }]);
  await follower.refresh();
  expect(await follower.queryIn("Events", "Fresh | count")).toEqual([{ Count: 2 }]);
  expect(await follower.queryIn("Events", "Later")).toEqual([]);
  await leader.command(".drop table Fresh", "Events");
  await follower.refresh();
  expect((await follower.command(".show tables", "Events")).map((row) => row.TableName)).not.toContain(
    "Fresh",
  );
});

test("a follower looks at its leader by itself", async () => {
  const own = await startFollower("--follower-refresh-seconds", "0.1");
  try {
    await own.attach({ leader, database: "Events" });
    await leader.command(".set-or-replace Ticking <| print n = 1", "Events");
    await until(
      async () => (await own.command(".show tables", "Events")).map((row) => row.TableName),
      (names) => names.includes("Ticking"),
    );
  } finally {
    await own.stop();
  }
});

test.each([
  ".create table T (a: long)",
  ".create-merge table Logs1 (a: long, s: string, t: timespan)",
  ".alter table Logs1 policy caching hot = 1d",
  ".alter database Events policy caching hot = 1d",
  ".drop table Logs1",
  ".clear table Logs1 data",
  ".create function H () { Logs1 }",
  ".drop extents from Logs1",
  ".alter database Events prettyname 'x'",
  ".set T <| print a = 1",
  ".append async Logs1 <| print a = 1",
  ".ingest inline into table Logs1 <| 1,2",
  ".ingest async into table Logs1 ('http://127.0.0.1:1/x.csv')",
  ".move extents all from table Logs1 to table Logs2",
  ".replace extents in table Logs1 <| { .show table Logs1 extents }, { .show table Logs2 extents }",
  ".add database Events ingestors ('aadapp=a')",
  ".add table Logs1 admins ('aadapp=a')",
  ".drop database Events",
])("a followed database refuses to be modified: %s", async (text) => {
  await follower.attach({ leader, database: "Events" });
  await expect(follower.command(text, "Events")).rejects.toMatchObject({
    response: {
      status: 400,
      data: { error: { "@permanent": true, "@message": expect.stringContaining("ReadOnlyFollowing") } },
    },
  });
  expect(await follower.queryIn("Events", "Logs1 | count")).toEqual([{ Count: 3 }]);
});

test("merging and retention are the leader's work, never the follower's", async () => {
  await leader.command(".create table Pieces (n: long)", "Events");
  await leader.command(".alter-merge table Pieces policy retention softdelete = 1d", "Events");
  for (const n of [1, 2]) await leader.command(`.append Pieces <| print n = ${n}`, "Events");
  await follower.attach({ leader, database: "Events" });
  await until(
    () => follower.refresh().then(() => follower.queryIn("Events", "Pieces | where cursor_after('')")),
    (rows) => rows.length === 2,
  );
  const extents = await follower.command(".show table Pieces extents", "Events");
  expect(extents).toHaveLength(2);
  await follower.local("maintenance", {});
  await follower.local("clock", { advanceSeconds: 200_000 });
  await follower.local("maintenance", {});
  await follower.local("clock", { reset: true });
  expect(await follower.command(".show table Pieces extents", "Events")).toEqual(extents);
});

test("a name override, or a prefix, names the database at the follower", async () => {
  const { databases } = await follower.attach(
    { configuration: "one", leader, database: "Events", nameOverride: "Renamed" },
    { configuration: "two", leader, database: "Events", namePrefix: "from_" },
  );
  expect(databases.map(({ name, leaderDatabase }) => [name, leaderDatabase])).toEqual([
    ["Renamed", "Events"],
    ["from_Events", "Events"],
  ]);
  expect(await follower.queryIn("Renamed", "Logs1 | count")).toEqual([{ Count: 3 }]);
  expect(await follower.queryIn("from_Events", "Logs1 | count")).toEqual([{ Count: 3 }]);
  await follower.attach({ configuration: "two", leader, database: "Events", namePrefix: "from_" });
  expect(await modes()).toEqual([
    ["Own", "ReadWrite"],
    ["from_Events", "ReadOnlyFollowing"],
  ]);
  expect(await follower.queryIn("from_Events", "Logs1 | count")).toEqual([{ Count: 3 }]);
});

test.each([
  [{ tablesToInclude: ["Logs*"] }, ["Logs1", "Logs2"]],
  [{ tablesToInclude: ["Logs*"], tablesToExclude: ["*2"] }, ["Logs1"]],
  [{ tablesToExclude: ["*"] }, []],
])("table-level sharing shows what it includes and nothing else: %j", async (sharing, expected) => {
  await follower.attach({ leader, database: "Events", sharing });
  const tables = await follower.command(".show tables", "Events");
  expect(tables.map((row) => row.TableName)).toEqual(expected);
});

test("functions are shared by name too", async () => {
  await follower.attach({ leader, database: "Events", sharing: { functionsToInclude: ["G"] } });
  expect((await follower.command(".show functions", "Events")).map((row) => row.Name)).toEqual(["G"]);
});

test("following all databases brings those of today and tomorrow; the follower's own of that name wins", async () => {
  await follower.attach({ leader, database: "*" });
  expect(await modes()).toEqual([
    ["Own", "ReadWrite"],
    ["Samples", "ReadOnlyFollowing"],
    ["Events", "ReadOnlyFollowing"],
  ]);
  await leader.command(".create database Tomorrow volatile");
  await follower.refresh();
  expect(await modes()).toContainEqual(["Tomorrow", "ReadOnlyFollowing"]);
  await follower.command(".create database Tomorrow volatile", "Own");
  expect(await modes()).toContainEqual(["Tomorrow", "ReadWrite"]);
  await follower.refresh();
  expect(await modes()).toContainEqual(["Tomorrow", "ReadWrite"]);
  await follower.command(".drop database Tomorrow", "Own");
  await follower.refresh();
  expect(await modes()).toContainEqual(["Tomorrow", "ReadOnlyFollowing"]);
  await leader.command(".drop database Tomorrow");
  await follower.refresh();
  expect((await modes()).flat()).not.toContain("Tomorrow");
});

test("of two leaders' databases of one name one is followed, and stays", async () => {
  const both = [
    { configuration: "a", leader, database: "*" },
    { configuration: "b", leader: second, database: "*" },
  ];
  await follower.attach(...both);
  expect(await modes()).toEqual([
    ["Own", "ReadWrite"],
    ["Samples", "ReadOnlyFollowing"],
    ["Events", "ReadOnlyFollowing"],
    ["Other", "ReadOnlyFollowing"],
  ]);
  const held = async () => (await follower.command(".show tables", "Events")).map((row) => row.TableName);
  expect(await held()).toContain("Logs1");
  await follower.attach(...both.toReversed());
  expect(await held()).toContain("Logs1");
  await follower.attach({ configuration: "b", leader: second, database: "*" });
  expect(await held()).toEqual(["Mine"]);
});

test("a detached database is gone, with its overrides", async () => {
  await follower.attach({ leader, database: "Events" });
  await follower.command(".alter follower database Events policy caching hot = 1d", "Events");
  await follower.attach();
  expect(await modes()).toEqual([["Own", "ReadWrite"]]);
  await expect(follower.queryIn("Events", "Logs1")).rejects.toThrow();
  await follower.attach({ leader, database: "Events" });
  expect(await follower.command(".show follower database Events", "Events")).toMatchObject([
    { CachingPolicyOverride: "null" },
  ]);
});

test("a leader that doesn't answer leaves what was read before, and the trouble is told", async () => {
  const gone = await startCluster("--databases", "Brief");
  await gone.command(".set T <| print a = 1", "Brief");
  await follower.attach({ leader: gone, database: "Brief" });
  await gone.stop();
  expect((await follower.refresh()).troubles).toMatchObject([{ configuration: "share" }]);
  expect(await follower.queryIn("Brief", "T")).toEqual([{ a: 1 }]);
});

test("a database that the leader hasn't, or follows itself, can't be followed", async () => {
  expect((await follower.attach({ leader, database: "None" })).troubles).toMatchObject([
    { message: expect.stringContaining("'None'") },
  ]);
  await follower.attach({ leader, database: "Events" });
  const chained = await startFollower("--databases", "Own");
  try {
    const told = await chained.attach({ leader: follower, database: "Events" });
    expect(told.databases).toEqual([]);
    expect(told.troubles).toMatchObject([{ message: expect.stringContaining("of its own") }]);
  } finally {
    await chained.stop();
  }
});
