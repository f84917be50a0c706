import { afterAll, beforeAll, expect, test } from "vitest";
import { type Cluster, idsOf, startCluster, until } from "./cluster.ts";

let kusto: Cluster;
beforeAll(async () => {
  kusto = await startCluster("--maintenance-seconds", "3600");
});
afterAll(async () => {
  await kusto.stop();
});

async function staged(name: string, parts = 2): Promise<string[]> {
  await kusto.command(`.create table ${name}From (a:long)`);
  await kusto.command(`.create table ${name}To (a:long, more:string)`);
  for (let part = 0; part < parts; part += 1) await kusto.command(`.append ${name}From <| print a = ${part}`);
  return idsOf(kusto, `${name}From`);
}

test("a move gives every extent a new id and tells which became which", async () => {
  const ids = await staged("Ids");
  const moved = await kusto.command(`.move extents from table IdsFrom to table IdsTo (${ids.join(", ")})`);
  expect(moved.map((row) => row.OriginalExtentId).toSorted()).toEqual(ids.toSorted());
  expect(moved.map((row) => row.ResultExtentId).toSorted()).toEqual((await idsOf(kusto, "IdsTo")).toSorted());
  expect(await idsOf(kusto, "IdsFrom")).toEqual([]);
  expect(await kusto.query("IdsTo | order by a asc")).toEqual([
    { a: 0, more: "" },
    { a: 1, more: "" },
  ]);
});

test("a move fails whole where one id is missing", async () => {
  const ids = await staged("Whole");
  const failed = await kusto.failure(
    `.move extents from table WholeFrom to table WholeTo (${ids[0]}, 11111111-2222-3333-4444-555555555555)`,
  );
  expect(failed).toMatchObject({
    status: 400,
    permanent: true,
    message: expect.stringContaining("11111111-2222-3333-4444-555555555555"),
  });
  expect((await idsOf(kusto, "WholeFrom")).toSorted()).toEqual(ids.toSorted());
});

test("a move needs every source column in the destination, by name and type", async () => {
  await staged("Columns");
  await kusto.command(".create table ColumnsOther (a:int)");
  expect(await kusto.failure(".move extents all from table ColumnsFrom to table ColumnsOther")).toMatchObject(
    { status: 400, message: expect.stringContaining("'a'") },
  );
  expect(await idsOf(kusto, "ColumnsFrom")).toHaveLength(2);
});

test("moved rows keep their ingestion time and cursor unless a new one is asked for", async () => {
  await staged("Times", 1);
  const before = await until(
    () => kusto.query("TimesFrom | where cursor_after('') | project t = ingestion_time()"),
    (rows) => rows.length === 1,
  );
  const [cursor] = await kusto.query("print c = cursor_current()");
  await kusto.command(".move extents all from table TimesFrom to table TimesTo");
  expect(await kusto.query("TimesTo | project t = ingestion_time()")).toEqual(before);
  await new Promise((resolve) => setTimeout(resolve, 400));
  expect(await kusto.query(`TimesTo | where cursor_after('${String(cursor?.c)}') | count`)).toEqual([
    { Count: 0 },
  ]);
  await kusto.command(".move async extents all from table TimesTo to table TimesTo").catch(() => undefined);
  await kusto.command(".create table TimesThird (a:long, more:string)");
  await kusto.command(
    ".move extents all from table TimesTo to table TimesThird with (setNewIngestionTime=true)",
  );
  const after = await until(
    () =>
      kusto.query(`TimesThird | where cursor_after('${String(cursor?.c)}') | project t = ingestion_time()`),
    (rows) => rows.length === 1,
  );
  expect(after).not.toEqual(before);
});

test("an asynchronous move answers an operation, whose details are the rows of the move", async () => {
  const ids = await staged("Later");
  const [started] = await kusto.command(
    ".move async extents to table LaterTo <| .show table LaterFrom extents",
  );
  const id = String(started?.OperationId);
  expect(await kusto.operation(id)).toMatchObject({ State: "Completed", Operation: "ExtentsMove" });
  const details = await kusto.command(`.show operation ${id} details`);
  expect(details.map((row) => row.OriginalExtentId).toSorted()).toEqual(ids.toSorted());
});

test("replace drops and moves in one transaction, or does neither", async () => {
  const ids = await staged("Replace");
  await kusto.command(".append ReplaceTo with (tags='[\"drop-by:old\"]') <| print a = 100, more = 'old'");
  expect(
    await kusto.failure(
      ".replace extents in table ReplaceTo <| { print ExtentId = '2cca5844-8f0d-454e-bdad-299e978be5df' }, { .show table ReplaceFrom extents }",
    ),
  ).toMatchObject({ status: 400 });
  expect(await kusto.query("ReplaceTo | count")).toEqual([{ Count: 1 }]);
  const done = await kusto.command(
    ".replace extents in table ReplaceTo <| { .show table ReplaceTo extents where tags has 'drop-by:old' }, { .show table ReplaceFrom extents }",
  );
  expect(done.filter((row) => row.ResultExtentId === "")).toHaveLength(1);
  expect(done).toHaveLength(ids.length + 1);
  expect(await kusto.query("ReplaceTo | order by a asc | project a")).toEqual([{ a: 0 }, { a: 1 }]);
});

test("'has' compares whole tags, 'contains' a part in any case", async () => {
  await kusto.command('.set Tagged with (tags=\'["aaa","BBB","ccc"]\') <| print 1');
  const count = async (filter: string) =>
    (await kusto.command(`.show table Tagged extents where ${filter}`)).length;
  expect(await count("tags has 'aaa' and tags contains 'bb'")).toBe(1);
  expect(await count("tags has 'aa' and tags contains 'bb'")).toBe(0);
  expect(await count("tags !has 'aa'")).toBe(1);
  expect(await count("tags !contains 'bb'")).toBe(0);
});

test("changed tags make another extent of the same rows", async () => {
  await kusto.command('.set Retag with (tags=\'["a","b"]\') <| print v = 1');
  const [before] = await idsOf(kusto, "Retag");
  const dropped = await kusto.command(".drop table Retag extent tags ('a')");
  expect(dropped).toMatchObject([{ OriginalExtentId: before, ResultExtentTags: "b" }]);
  await kusto.command(".alter-merge table Retag extent tags ('c') <| .show table Retag extents");
  expect(await kusto.command(".show table Retag extents | project Tags")).toEqual([{ Tags: "b\r\nc" }]);
  expect(await idsOf(kusto, "Retag")).not.toContain(before);
  expect(await kusto.query("Retag | project v, tags = extent_tags()")).toMatchObject([{ v: 1 }]);
});

test("merging joins only extents with the same drop-by tags, and not where the policy forbids it", async () => {
  for (const name of ["Merge", "Apart"]) await kusto.command(`.create table ${name} (a:long)`);
  await kusto.command(`.alter table Apart policy merge @'{"AllowMerge":false,"AllowRebuild":false}'`);
  for (const name of ["Merge", "Apart"]) {
    await kusto.command(`.append ${name} with (tags='["drop-by:x","one"]') <| print a = 1`);
    await kusto.command(`.append ${name} with (tags='["two","drop-by:x"]') <| print a = 2`);
    await kusto.command(`.append ${name} with (tags='["drop-by:y"]') <| print a = 3`);
    await kusto.command(
      `.append ${name} with (creationTime='2020-01-01T00:00:00Z', tags='["drop-by:y"]') <| print a = 4`,
    );
  }
  const read = "Merge | where cursor_after('') | order by a asc | project a, t = ingestion_time()";
  const before = await until(
    () => kusto.query(read),
    (rows) => rows.length === 4,
  );
  const ids = await idsOf(kusto, "Merge");
  await kusto.local("maintenance", {});
  const merged = await kusto.command(".show table Merge extents | order by RowCount desc");
  expect(merged.map((row) => row.RowCount)).toEqual([2, 1, 1]);
  expect(String(merged[0]?.Tags).split("\r\n").toSorted()).toEqual(["drop-by:x", "one", "two"]);
  expect(ids).not.toContain(merged[0]?.ExtentId);
  expect(await kusto.query(read)).toEqual(before);
  expect(await idsOf(kusto, "Apart")).toHaveLength(4);
});

test("extents older than the soft-delete period go, by creation time", async () => {
  await kusto.command(".create table Old (a:long)");
  await kusto.command(".append Old with (creationTime='2020-01-01T00:00:00Z') <| print a = 1");
  await kusto.command(".append Old <| print a = 2");
  await kusto.command(".alter-merge table Old policy retention softdelete = 30d recoverability = enabled");
  await kusto.local("maintenance", {});
  expect(await kusto.query("Old")).toEqual([{ a: 2 }]);
});
