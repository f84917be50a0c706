import { afterAll, beforeAll, expect, test } from "vitest";
import { type Cluster, startCluster } from "./cluster.ts";

let kusto: Cluster;
beforeAll(async () => {
  kusto = await startCluster();
});
afterAll(async () => {
  await kusto.stop();
});

test("creating a table that exists succeeds and changes nothing", async () => {
  await kusto.command(".create table Kept (a:int, b:string) with (folder='f')");
  const [row] = await kusto.command(".create table Kept (z:long) with (folder='g')");
  expect(row).toMatchObject({ TableName: "Kept", DatabaseName: "Samples", Folder: "f" });
  expect(JSON.parse(String(row?.Schema))).toMatchObject({
    OrderedColumns: [
      { Name: "a", Type: "System.Int32", CslType: "int" },
      { Name: "b", Type: "System.String", CslType: "string" },
    ],
  });
});

test("create-merge adds columns at the end and fails on another type, changing no table", async () => {
  await kusto.command(".create table M (a:int)");
  await kusto.command(".create-merge tables M (b:long, a:int), N (x:guid)");
  expect(await kusto.command(".show table M cslschema")).toMatchObject([{ Schema: "a:int, b:long" }]);
  const failed = await kusto.failure(".create-merge tables O (x:int), M (a:long)");
  expect(failed).toMatchObject({ status: 400, permanent: true });
  expect(await kusto.command(".show tables | where TableName == 'O'")).toEqual([]);
});

test("what isn't there is an error that names it and is permanent", async () => {
  expect(await kusto.failure(".show table Nowhere cslschema")).toMatchObject({
    status: 400,
    code: "BadRequest_EntityNotFound",
    permanent: true,
    message: expect.stringContaining("Nowhere"),
  });
  expect(await kusto.failure("Nowhere | count")).toMatchObject({ status: 400, permanent: true });
  expect(await kusto.failure(".drop table Nowhere")).toMatchObject({ code: "BadRequest_EntityNotFound" });
  expect(
    await kusto.command(".drop table Nowhere ifexists | where TableName == 'x'").catch(() => "refused"),
  ).toBe("refused");
});

test("commands that the cluster doesn't know are refused, never accepted in silence", async () => {
  for (const text of [
    ".frobnicate x",
    ".create table T (a:nonsense)",
    ".show tables nonsense",
    ".create materialized-view V on table M { M | count }",
    ".set-or-append T with (nonsense=1) <| print 1",
  ]) {
    expect(await kusto.failure(text)).toMatchObject({ status: 400, permanent: true });
  }
});

test("a dropped column's data doesn't come back with its name", async () => {
  await kusto.command(".set D <| print a = 1, b = 'x'");
  await kusto.command(".drop column D.b");
  await kusto.command(".alter-merge table D (b:string, c:long)");
  expect(await kusto.query("D")).toEqual([{ a: 1, b: "", c: null }]);
});

test("a renamed column keeps its data, also in extents from before", async () => {
  await kusto.command(".set R <| print a = 1, b = 2");
  await kusto.command(".rename column R.a to c");
  await kusto.command(".rename columns c = R.b, b = R.c");
  expect(await kusto.query("R | project b, c")).toEqual([{ b: 1, c: 2 }]);
});

test("rename tables swaps in one transaction, and fails whole where a name is missing", async () => {
  await kusto.command(".set S1 <| print v = 'one'");
  await kusto.command(".set S2 <| print v = 'two'");
  await kusto.command(".rename tables S1 = S2, S2 = S1");
  expect(await kusto.query("S1")).toEqual([{ v: "two" }]);
  expect(await kusto.failure(".rename tables S1 = S2, S2 = S1, X = Missing")).toMatchObject({
    code: "BadRequest_EntityNotFound",
  });
  expect(await kusto.query("S1")).toEqual([{ v: "two" }]);
  await kusto.command(".rename tables X = Missing ifexists, S3 = S1");
  expect(await kusto.query("S3")).toEqual([{ v: "two" }]);
});

test("tables and columns have names with spaces, dots, brackets, quotes, Unicode, and keywords", async () => {
  const names = ["with space", "a.b", "x[1]", `it's "quoted"`, "größe 数", "where", "table"];
  for (const name of names) {
    const quoted = `['${name.replaceAll("'", "\\'")}']`;
    await kusto.command(`.create table ${quoted} (${quoted}:long)`);
    await kusto.command(`.append ${quoted} <| print x = 7`);
    expect(await kusto.query(quoted)).toEqual([{ [name]: 7 }]);
    expect(await kusto.command(`.show table ${quoted} details`)).toMatchObject([
      { TableName: name, TotalRowCount: 1 },
    ]);
  }
});

test("policies show what was set, null where nothing was, and refuse what is out of bounds", async () => {
  await kusto.command(".create table P (a:int)");
  expect(await kusto.command(".show table P policy merge")).toMatchObject([
    { Policy: "null", EntityName: "[Samples].[P]", EntityType: "Table" },
  ]);
  await kusto.command(`.alter table P policy ingestionbatching @'{"MaximumBatchingTimeSpan":"00:00:10"}'`);
  const [row] = await kusto.command(".show table P policy ingestionbatching");
  expect(JSON.parse(String(row?.Policy))).toEqual({
    MaximumBatchingTimeSpan: "00:00:10",
    MaximumNumberOfItems: 500,
    MaximumRawDataSizeMB: 1024,
  });
  expect(
    await kusto.failure(`.alter table P policy ingestionbatching @'{"MaximumBatchingTimeSpan":"00:00:09"}'`),
  ).toMatchObject({ status: 400 });
  await kusto.command(".alter-merge table P policy retention softdelete = 10d recoverability = disabled");
  expect(await kusto.command(".show table P policy retention")).toMatchObject([
    { Policy: '{"SoftDeletePeriod":"10.00:00:00","Recoverability":"Disabled"}' },
  ]);
  await kusto.command(".delete table P policy retention");
  expect(await kusto.command(".show table P policy retention")).toMatchObject([{ Policy: "null" }]);
  await kusto.command(".alter table P policy restricted_view_access true");
  expect(await kusto.failure('.alter table P policy row_level_security enable "P"')).toMatchObject({
    status: 400,
  });
});

test("databases are made and dropped, and their names have no case", async () => {
  await kusto.command(".create database Other volatile");
  await kusto.command(".create table T (a:int)", "other");
  expect(await kusto.command(".show databases | project DatabaseName | order by DatabaseName asc")).toEqual([
    { DatabaseName: "Other" },
    { DatabaseName: "Samples" },
  ]);
  expect(await kusto.failure(".create database OTHER volatile")).toMatchObject({
    code: "BadRequest_EntityAlreadyExists",
  });
  await kusto.command(".drop database Other");
  expect(await kusto.command(".show databases | count")).toEqual([{ Count: 1 }]);
});

test("a stored function is kept as written, and obfuscated strings in it aren't shown", async () => {
  await kusto.command('.create-or-alter function with (folder="v") Secretive() { print x = h"very secret" }');
  const [row] = await kusto.command(".show function Secretive");
  expect(row).toMatchObject({ Name: "Secretive", Parameters: "()", Folder: "v" });
  expect(String(row?.Body)).not.toContain("very secret");
  expect(await kusto.query("Secretive()")).toEqual([{ x: "very secret" }]);
});
