import { afterAll, beforeAll, expect, test } from "vitest";
import { type Cluster, startCluster, until } from "./cluster.ts";

let kusto: Cluster;
beforeAll(async () => {
  kusto = await startCluster("--cursor-lag-ms", "150-250", "--maintenance-seconds", "3600");
});
afterAll(async () => {
  await kusto.stop();
});

async function cursor(): Promise<string> {
  const [row] = await kusto.query("print c = cursor_current()");
  return String(row?.c);
}

test("rows are there before their cursor, and a later cursor shows them once", async () => {
  await kusto.command(".create table C (a:long)");
  const a = await cursor();
  await kusto.command(".append C <| print a = 1");
  expect(await kusto.query("C | count")).toEqual([{ Count: 1 }]);
  expect(await kusto.query(`C | where cursor_after('${a}') | count`)).toEqual([{ Count: 0 }]);
  const b = await until(cursor, (value) => value !== a);
  expect(await kusto.query(`C | where cursor_after('${a}') and cursor_before_or_at('${b}') | count`)).toEqual(
    [{ Count: 1 }],
  );
  expect(await kusto.query(`C | where cursor_after('${b}') | count`)).toEqual([{ Count: 0 }]);
});

test("rows ingested while the policy is off have neither ingestion time nor cursor", async () => {
  await kusto.command(".create table Off (a:long)");
  await kusto.command(".alter table Off policy ingestiontime false");
  await kusto.command(".append Off <| print a = 1");
  await kusto.command(".alter table Off policy ingestiontime true");
  await kusto.command(".append Off <| print a = 2");
  await until(
    () => kusto.query("Off | where cursor_after('') | project a"),
    (rows) => rows.length === 1,
  );
  expect(await kusto.query("Off | order by a asc | project a, dated = isnotnull(ingestion_time())")).toEqual([
    { a: 1, dated: false },
    { a: 2, dated: true },
  ]);
  expect(await kusto.query("Off | where cursor_after('') | project a")).toEqual([{ a: 2 }]);
});

test("ingestIfNotExists keeps data with the same ingest-by tag out", async () => {
  const text = `.set-or-append Once with (tags='["ingest-by:day1"]', ingestIfNotExists='["day1"]') <| print a = 1`;
  await kusto.command(text);
  await kusto.command(text);
  expect(await kusto.query("Once | count")).toEqual([{ Count: 1 }]);
  const [started] = await kusto.command(text.replace("append Once", "append async Once"));
  expect(await kusto.operation(String(started?.OperationId))).toMatchObject({ State: "Skipped" });
});

test("set fails on a table that exists, append on one that doesn't, and a schema that doesn't fit is refused", async () => {
  await kusto.command(".set Made <| print a = 1");
  expect(await kusto.failure(".set Made <| print a = 1")).toMatchObject({
    code: "BadRequest_EntityAlreadyExists",
  });
  expect(await kusto.failure(".append NotMade <| print a = 1")).toMatchObject({
    code: "BadRequest_EntityNotFound",
  });
  expect(await kusto.failure(".append Made <| print a = 'text'")).toMatchObject({
    status: 400,
    message: expect.stringContaining("schema"),
  });
  await kusto.command(".set-or-replace Made <| print a = 5");
  expect(await kusto.query("Made")).toEqual([{ a: 5 }]);
});

test("extend_schema adds the columns that a longer result has, and a shorter one is refused whatever its names are", async () => {
  await kusto.command(".set Wide <| print a = 1, b = 'x', c = 3");
  for (const text of ["print newcol = 5", "print c = 5", "print a = 1, b = 'y'"]) {
    expect(await kusto.failure(`.set-or-append Wide with (extend_schema=true) <| ${text}`)).toMatchObject({
      status: 400,
      message: expect.stringContaining("Query schema does not match table schema"),
    });
  }
  expect(
    await kusto.failure(".append Wide with (extend_schema=true) <| print x = 1, y = 'y', z = 3, a = 4"),
  ).toMatchObject({ code: "BadRequest_EntityAlreadyExists" });
  await kusto.command(".append Wide with (extend_schema=true) <| print x = 1, y = 'y', z = 3, d = 4");
  expect(await kusto.query("Wide | order by b asc")).toEqual([
    { a: 1, b: "x", c: 3, d: null },
    { a: 1, b: "y", c: 3, d: 4 },
  ]);
});

test("creationTime and tags are the extent's", async () => {
  await kusto.command(
    `.set-or-append Dated with (creationTime='2017-02-13T11:09:36.7992775Z', tags='["x"]') <| print a = 1`,
  );
  expect(
    await kusto.command(".show table Dated extents | project c = tostring(MinCreatedOn), Tags, RowCount"),
  ).toEqual([{ c: "2017-02-13T11:09:36.7992775Z", Tags: "x", RowCount: 1 }]);
});

test("inline data is read as CSV, quotes and commas in it", async () => {
  await kusto.command(".create table Purchases (SKU:string, Quantity:long)");
  await kusto.command(`.ingest inline into table Purchases <|
    Shoes,1000
    Wide Shoes,50
    "Coats, black",20
    "Coats with ""quotes""",5`);
  expect(await kusto.query("Purchases | order by Quantity desc")).toEqual([
    { SKU: "Shoes", Quantity: 1000 },
    { SKU: "Wide Shoes", Quantity: 50 },
    { SKU: "Coats, black", Quantity: 20 },
    { SKU: 'Coats with "quotes"', Quantity: 5 },
  ]);
});

test("update policies fire on ingestion and on moves, cascade, and carry properties on ingestion only where told", async () => {
  await kusto.command(
    ".create tables Raw (a:long), Staging (a:long), Refined (a:long, twice:long), Last (t:long)",
  );
  await kusto.command(
    `.alter table Refined policy update @'[{"IsEnabled":true,"Source":"Raw","Query":"Raw | extend twice = a * 2","IsTransactional":true,"PropagateIngestionProperties":true}]'`,
  );
  await kusto.command(
    `.alter table Last policy update @'[{"IsEnabled":true,"Source":"Refined","Query":"Refined | project t = twice","IsTransactional":true}]'`,
  );
  await kusto.command(`.append Raw with (tags='["t"]') <| print a = 1`);
  await kusto.command(".append Staging <| print a = 10");
  expect(await kusto.query("Refined")).toEqual([{ a: 1, twice: 2 }]);
  await kusto.command(".move extents all from table Staging to table Raw");
  expect(await kusto.query("Refined | order by a asc")).toEqual([
    { a: 1, twice: 2 },
    { a: 10, twice: 20 },
  ]);
  expect(await kusto.query("Last | order by t asc")).toEqual([{ t: 2 }, { t: 20 }]);
  expect(await kusto.command(".show table Refined extents | project Tags | order by Tags asc")).toEqual([
    { Tags: "" },
    { Tags: "t" },
  ]);
});

test("a failing update policy takes the ingestion with it only where it is transactional", async () => {
  await kusto.command(".create tables Source1 (a:long), Target1 (a:string)");
  const policy = (transactional: boolean) =>
    `.alter table Target1 policy update @'[{"IsEnabled":true,"Source":"Source1","Query":"Source1","IsTransactional":${transactional}}]'`;
  await kusto.command(policy(false));
  await kusto.command(".append Source1 <| print a = 1");
  await kusto.command(policy(true));
  expect(await kusto.failure(".append Source1 <| print a = 2")).toMatchObject({ status: 400 });
  expect(await kusto.query("Source1")).toEqual([{ a: 1 }]);
  expect(await kusto.query("Target1")).toEqual([]);
  expect(
    await kusto.command(
      ".show ingestion failures | where OriginatesFromUpdatePolicy == true | project Table",
    ),
  ).toEqual([{ Table: "Target1" }, { Table: "Target1" }]);
});
