import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { quoteName } from "../../kusto/names.ts";
import { readTables } from "../../kusto/reads.ts";
import { askResync } from "../../lake/control.ts";
import { openLake } from "../../lake/lake.ts";
import { parseLake } from "../../lake/location.ts";
import type { Copy } from "../../local/demo/api.ts";
import { storageAccount } from "../../local/stack/storageAccount.ts";
import { bodyOf, createIdTable, loadIds } from "./drive.ts";
import { cast, pick, values } from "./everyValue.ts";
import { type CopyStack, cursorsGiven, load, startCopyStack } from "./support.ts";

const DATABASES = ["Types", "Made", "Expanded", "Forward", "Times", "Wrong", "Changed", "Whole", "Own"];

describe("a table that is read through a query", () => {
  let copies: CopyStack;

  beforeAll(async () => {
    copies = await startCopyStack({ sourceDatabases: DATABASES, destinationDatabases: DATABASES });
  });
  afterAll(() => copies.stop());

  const copyThrough = (query: string | null, database: string, more: object = {}): Promise<Copy> =>
    copies.copy(bodyOf(copies.stack, database, database, { query, ...more }));

  const here = (database: string, text: string) =>
    copies.source.query(database, text, { noTruncation: true });
  const there = (database: string, text: string) =>
    copies.destination.query(database, text, { noTruncation: true });

  /** The destination's rows of a table, and the same rows as the source gives them through pipes. */
  async function both(database: string, table: string, pipes: string, order = "Id asc") {
    const printed = " | extend Printed = dynamic_to_json(pack_all()) | project Printed";
    const ordered = ` | sort by ${order}${printed}`;
    return {
      copied: await there(database, `${quoteName(table)}${ordered}`),
      expected: await here(database, `${quoteName(table)} ${pipes}${ordered}`),
    };
  }

  it("arrives as exactly the rows and columns that the query leaves, with every type's values", async () => {
    const types = Object.keys(values);
    const longest = Math.max(...Object.values(values).map((list) => list.length));
    await copies.source.command(
      "Types",
      `.create table Typed (Id: long, ${types.map((type) => `c_${type}: ${type}`).join(", ")}, Secret: string)`,
    );
    const rows = Array.from(
      { length: longest },
      (_, i) => `SELECT ${i}::BIGINT, ${types.map((type) => cast(type, pick(type, i))).join(", ")}, 'secret'`,
    );
    await load(copies.stack.urls.sourceKusto, {
      database: "Types",
      table: "Typed",
      sql: rows.join(" UNION ALL "),
    });
    await cursorsGiven();
    const query = "| where Id % 3 != 0 // not all\n| project-away Secret";
    const copy = await copyThrough(query, "Types");
    expect(copy).toMatchObject({ state: "succeeded", error: null });
    const { copied, expected } = await both("Types", "Typed", "| where Id % 3 != 0 | project-away Secret");
    expect(copied).toHaveLength(
      Array.from({ length: longest }, (_, i) => i).filter((id) => id % 3 !== 0).length,
    );
    expect(copied).toEqual(expected);
    const [typed] = (await readTables(copies.destination, "Types")).filter(({ name }) => name === "Typed");
    expect(typed?.columns.map(({ name }) => name)).toEqual(["Id", ...types.map((type) => `c_${type}`)]);
  });

  it("has the columns that the query makes, of each type", async () => {
    await createIdTable(copies.source, "Made", "Events");
    await loadIds(copies.stack.urls.sourceKusto, "Made", "Events", [0, 50]);
    await cursorsGiven();
    const query = `| extend Even = Id % 2 == 0, Small = toint(Id), Third = Id / 3.0, Exact = todecimal(Id) / 8,
        At = datetime(2026-01-01T00:00:00.0000001Z) + Id * 1tick, Lasting = Id * 1tick,
        Key = toguid(strcat(substring(hash_md5(Id), 0, 8), '-0000-0000-0000-000000000000')),
        Bag = bag_pack('text', Text, 'id', Id, 'none', dynamic(null)), Words = split(Text, ' ')
      | project-rename Said = Text`;
    const copy = await copyThrough(query, "Made");
    expect(copy).toMatchObject({ state: "succeeded", error: null });
    const { copied, expected } = await both("Made", "Events", query);
    expect(copied).toHaveLength(50);
    expect(copied).toEqual(expected);
    const [events] = (await readTables(copies.destination, "Made")).filter(({ name }) => name === "Events");
    expect(Object.fromEntries(events?.columns.map(({ name, type }) => [name, type]) ?? [])).toEqual({
      Id: "long",
      Said: "string",
      Even: "bool",
      Small: "int",
      Third: "real",
      Exact: "decimal",
      At: "datetime",
      Lasting: "timespan",
      Key: "guid",
      Bag: "dynamic",
      Words: "dynamic",
    });
  });

  it("may have several rows for one, or none", async () => {
    await copies.source.command("Expanded", ".create table Lists (Id: long, Items: dynamic)");
    await load(copies.stack.urls.sourceKusto, {
      database: "Expanded",
      table: "Lists",
      sql: `SELECT i::BIGINT, CASE i % 3 WHEN 0 THEN '[]' WHEN 1 THEN '["a"]' ELSE '["a","a",3,{"b":1}]' END FROM range(0, 30) AS ids(i)`,
    });
    await cursorsGiven();
    const query = "| mv-expand with_itemindex=Place Item = Items | project Id, Place, Item";
    const copy = await copyThrough(query, "Expanded");
    expect(copy.tables).toMatchObject([{ name: "Lists", rows: 50, error: null }]);
    const { copied, expected } = await both("Expanded", "Lists", query, "Id asc, Place asc");
    expect(copied).toHaveLength(50);
    expect(copied).toEqual(expected);
  });

  it("takes what is new through the query, and a window of which it leaves nothing is committed without rows", async () => {
    await createIdTable(copies.source, "Forward", "Events");
    const source = copies.stack.urls.sourceKusto;
    const query = "| where Id between (100 .. 119)";
    await loadIds(source, "Forward", "Events", [0, 50]);
    await cursorsGiven();
    const nothing = await copyThrough(query, "Forward");
    expect(nothing).toMatchObject({ state: "succeeded", tables: [{ name: "Events", rows: 0, error: null }] });
    expect(await there("Forward", "Events | count")).toEqual([{ Count: 0n }]);
    await loadIds(source, "Forward", "Events", [90, 110]);
    await cursorsGiven();
    expect((await copyThrough(query, "Forward")).tables).toMatchObject([{ name: "Events", rows: 10 }]);
    await loadIds(source, "Forward", "Events", [110, 130]);
    await cursorsGiven();
    expect((await copyThrough(query, "Forward")).tables).toMatchObject([{ name: "Events", rows: 10 }]);
    const { copied, expected } = await both("Forward", "Events", query);
    expect(copied).toHaveLength(20);
    expect(copied).toEqual(expected);
  });

  it("may ask for the ingestion time of its rows, and keeps the creation time of the source's extents", async () => {
    await createIdTable(copies.source, "Times", "Events");
    const source = copies.stack.urls.sourceKusto;
    for (const [day, from] of [
      ["2026-03-01", 0],
      ["2026-03-05", 10],
      ["2026-03-09", 20],
    ] as const) {
      const at = `${day}T10:00:00.1234567Z`;
      await loadIds(source, "Times", "Events", [from, from + 10], { ingestedAt: at, createdOn: at });
    }
    await cursorsGiven();
    const query =
      "| where ingestion_time() >= datetime(2026-03-05) | extend Ingested = ingestion_time() | mv-expand Half = dynamic([1, 2]) to typeof(long) | project Ingested, Id, Half | where Id != 15";
    const copy = await copyThrough(query, "Times");
    expect(copy).toMatchObject({ state: "succeeded", tables: [{ name: "Events", rows: 38 }] });
    const { copied, expected } = await both("Times", "Events", query, "Id asc, Half asc");
    expect(copied).toEqual(expected);
    const extents = await copies.destination.command(
      "Times",
      ".show table Events extents | project MinCreatedOn",
    );
    expect(extents.map((row) => String(row.MinCreatedOn).slice(0, 10)).toSorted()).toEqual([
      "2026-03-05",
      "2026-03-09",
    ]);
  });

  it("is refused alone, with the cluster's message, where the cluster refuses its query", async () => {
    for (const table of ["HasText", "HasNot"]) {
      const columns = table === "HasText" ? "Id: long, Text: string" : "Id: long";
      await copies.source.command("Wrong", `.create table ${table} (${columns})`);
      await copies.source.command(
        "Wrong",
        `.set-or-append ${table} <| range Id from 1 to 10 step 1${table === "HasText" ? " | extend Text = 'a'" : ""}`,
      );
    }
    await cursorsGiven();
    const copy = await copyThrough("| where isnotempty(Text)", "Wrong");
    expect(copy.state).toBe("failed");
    const byName = new Map(copy.tables.map((table) => [table.name, table]));
    expect(byName.get("HasText")).toMatchObject({ rows: 10, error: null });
    expect(byName.get("HasNot")?.error).toMatch(/query can't be used.*Text/);
    expect((await there("Wrong", "HasText | count"))[0]).toEqual({ Count: 10n });
    const again = await copyThrough("| project-away *", "Wrong");
    expect(again.tables.find(({ name }) => name === "HasNot")?.error).toMatch(/query/);
  });

  it("is stopped when its query changes, and goes on when it is set back", async () => {
    await createIdTable(copies.source, "Changed", "Events");
    const source = copies.stack.urls.sourceKusto;
    await loadIds(source, "Changed", "Events", [0, 10]);
    await cursorsGiven();
    expect((await copyThrough("| where Id < 100", "Changed")).state).toBe("succeeded");
    await loadIds(source, "Changed", "Events", [10, 20]);
    await cursorsGiven();
    for (const other of ["| where Id < 15", ""]) {
      const stopped = await copyThrough(other, "Changed");
      expect(stopped.tables.find(({ name }) => name === "Events")?.error).toMatch(
        /query of table Events has changed.*where Id < 100.*resynchronise/,
      );
      expect(await there("Changed", "Events | count")).toEqual([{ Count: 10n }]);
    }
    const back = await copyThrough("|where   Id < 100 // as before", "Changed");
    expect(back).toMatchObject({ state: "succeeded", tables: [{ name: "Events", rows: 10 }] });
    expect(await there("Changed", "Events | count")).toEqual([{ Count: 20n }]);
  });

  it("is copied anew when its query changes, where it is copied whole anyway", async () => {
    const snapshot = { tables: { snapshot: ["Dim"] } };
    await createIdTable(copies.source, "Whole", "Dim");
    await loadIds(copies.stack.urls.sourceKusto, "Whole", "Dim", [0, 30]);
    await cursorsGiven();
    for (const [query, rows] of [
      ["| where Id < 10", 10],
      ["| where Id >= 10", 20],
    ] as const) {
      const copy = await copyThrough(query, "Whole", snapshot);
      expect(copy).toMatchObject({ state: "succeeded", tables: [{ name: "Dim", rows }] });
      const { copied, expected } = await both("Whole", "Dim", query);
      expect(copied).toEqual(expected);
    }
    expect((await copyThrough("| where Id >= 10", "Whole", snapshot)).tables).toEqual([]);
  });
  it("is read through its own query where it has one, in place of the job's", async () => {
    const source = copies.stack.urls.sourceKusto;
    for (const table of ["Some", "All", "Few"]) {
      await createIdTable(copies.source, "Own", table);
      await loadIds(source, "Own", table, [0, 30]);
    }
    await cursorsGiven();
    const queries = { Some: "| where Id < 20", All: "", some: "| where Id < 1" };
    const copy = await copyThrough("| where Id < 10", "Own", { tables: { queries } });
    const rows = copy.tables.map((table) => [table.name, table.rows, table.error !== null]);
    expect(rows.toSorted()).toEqual([
      ["All", 30, false],
      ["Few", 10, false],
      ["Some", 20, false],
      // No table of the source has this name: what was meant to be filtered is not copied whole in silence.
      ["some", 0, true],
    ]);
  });

  it("is copied whole through its new query when it is resynchronised", async () => {
    const changed = await copyThrough("| where Id < 5 | extend Double = Id * 2", "Changed");
    expect(changed.tables.find(({ name }) => name === "Events")?.error).toMatch(/has changed/);
    const { lake } = copies.stack.urls;
    await askResync(openLake(parseLake(`${lake}/copy/Changed;${storageAccount.key}`)), ["Events"], "a test");
    const copy = await copyThrough("| where Id < 5 | extend Double = Id * 2", "Changed");
    expect([copy.error, ...copy.tables.map((table) => table.error)]).toEqual([null, null]);
    expect(
      await there("Changed", "Events | where Double == Id * 2 | summarize Rows = count(), Last = max(Id)"),
    ).toEqual([{ Rows: 5n, Last: 4n }]);
    expect(await there("Changed", "Events | count")).toEqual([{ Count: 5n }]);
  });

  it("is refused in a request, with the reason, before anything is sent", async () => {
    const answer = await fetch(`${copies.stack.urls.functions}/api/copies`, {
      method: "POST",
      body: JSON.stringify({
        query: "| where Day > ago(30d)",
        tables: { queries: { Events: "| summarize count() by State" } },
      }),
    });
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({
      errors: expect.arrayContaining([
        expect.objectContaining({ detail: expect.stringMatching(/ago\(\) gives another moment/) }),
        expect.objectContaining({ detail: expect.stringMatching(/summarize makes one row of many/) }),
      ]),
    });
  });
});
