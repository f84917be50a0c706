import { afterAll, beforeAll, expect, test } from "vitest";
import { type Cluster, startCluster } from "./cluster.ts";

let kusto: Cluster;
beforeAll(async () => {
  kusto = await startCluster();
});
afterAll(async () => {
  await kusto.stop();
});

test("a script runs its commands one by one and reports each", async () => {
  const rows = await kusto.command(`.execute database script with (ContinueOnErrors=true)
<|
//
// Create tables
.create-merge table T(a:string, b:string)
//
// Apply policies
.alter-merge table T policy retention softdelete = 10d 
//
// Create functions
.create-or-alter function
  with (skipvalidation = "true") 
  SampleT1(myLimit: long) { 
    T1 | take myLimit
}

.drop table Nowhere
.show tables
.set-or-append T <| print a = '.x', b = h'secret'
`);
  expect(rows.map((row) => [row.CommandType, row.Result])).toEqual([
    ["TableCreate", "Completed"],
    ["RetentionPolicyAlter", "Completed"],
    ["FunctionCreateOrAlter", "Completed"],
    ["TableDrop", "Failed"],
    ["TablesShow", "Skipped"],
    ["TableSetOrAppend", "Completed"],
  ]);
  expect(rows[0]).toMatchObject({ CommandText: ".create-merge table T(a:string, b:string)", Reason: "" });
  expect(rows[3]).toMatchObject({ Reason: expect.stringContaining("Nowhere") });
  expect(String(rows[5]?.CommandText)).not.toContain("secret");
  expect(await kusto.query("T")).toEqual([{ a: ".x", b: "secret" }]);
});

test("a script stops at its first error, which fails it only where that was asked for", async () => {
  const script = "<|\n.drop table Nowhere\n.create table After (a:long)";
  expect(
    (await kusto.command(`.execute database script ${script}`)).map((row) => [row.CommandType, row.Result]),
  ).toEqual([
    ["TableDrop", "Failed"],
    ["TableCreate", "Skipped"],
  ]);
  expect(await kusto.failure(`.execute database script with (ThrowOnErrors=true) ${script}`)).toMatchObject({
    code: "BadRequest_EntityNotFound",
  });
  expect(await kusto.command(".show tables | where TableName == 'After'")).toEqual([]);
  expect(
    await kusto.failure(
      `.execute database script with (ThrowOnErrors=true, ContinueOnErrors=true) ${script}`,
    ),
  ).toMatchObject({ status: 400 });
  expect(await kusto.failure(".execute database script <|\nT | count")).toMatchObject({ status: 400 });
});

test("a database's own script makes another like it", async () => {
  await kusto.command(".create table ['with space'] (['a.b']:dynamic) with (folder='f')");
  await kusto.command(
    ".alter table ['with space'] policy caching hot = 3d, hot_window = datetime(2021-01-01) .. datetime(2021-02-01)",
  );
  await kusto.command(
    `.create table ['with space'] ingestion json mapping 'm' '[{"column":"a.b","Properties":{"Path":"$.x"}}]'`,
  );
  const rows = await kusto.command(".show database Samples schema as csl script");
  const script = rows.map((row) => row.DatabaseSchemaScript).join("\n\n");
  await kusto.command(".create database Twin volatile");
  const done = await kusto.command(
    `.execute database script with (ThrowOnErrors=true) <|\n${script}`,
    "Twin",
  );
  expect(done.length).toBe(rows.length);
  expect(await kusto.command(".show database Twin schema as csl script", "Twin")).toEqual(rows);
});

test("what is listed and never there is an empty list with its columns, and by name it isn't found", async () => {
  for (const text of [".show materialized-views", ".show external tables", ".show running queries"]) {
    expect(await kusto.command(text)).toEqual([]);
    expect(await kusto.command(`${text} | count`)).toEqual([{ Count: 0 }]);
  }
  expect(await kusto.command(".show materialized-views | project Name, MaterializedTo, Lookback")).toEqual(
    [],
  );
  expect(await kusto.command(".show external tables | project TableName, TableType, Properties")).toEqual([]);
  for (const text of [".show materialized-view V", ".show external table V"]) {
    expect(await kusto.failure(text)).toMatchObject({ code: "BadRequest_EntityNotFound" });
  }
  await kusto.command(".create table Alone (a:long)");
  expect(await kusto.failure(".show table Alone")).toMatchObject({
    status: 400,
    message: expect.stringContaining(".show tables (Alone)"),
  });
});
