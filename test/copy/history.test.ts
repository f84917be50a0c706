import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readExtents } from "../../kusto/reads.ts";
import { askResync } from "../../lake/control.ts";
import { runCopy } from "../../local/demo/api.ts";
import { bodyOf, createIdTable, extentIds, idsOf, loadIds, tableNames, wholeRanges } from "./drive.ts";
import { lakeOf } from "./leftovers.ts";
import { type CopyStack, cursorsGiven, differing, load, startCopyStack } from "./support.ts";

const DAYS = ["2024-03-01", "2024-03-02", "2024-03-03", "2024-03-04", "2024-03-05"];
/** Rows of a load; there are three in a day, in different hours. */
const LOAD = 400;
const WINDOW_ROWS = 500;

const DATABASES = ["Days", "Choice", "Changing", "Untimed", "Switched", "Whole", "New", "NewEmpty", "Empty"];
const DESTINATIONS = [...DATABASES, "DaysHorizon", "ChoiceAll", "ChoiceNone"];

describe("a copy of history", () => {
  let copies: CopyStack;
  let cluster: string;
  const copy = (source: string, destination = source, more: object = {}) =>
    copies.copy(bodyOf(copies.stack, source, destination, more));

  beforeAll(async () => {
    copies = await startCopyStack({
      sourceDatabases: DATABASES,
      destinationDatabases: DESTINATIONS,
      settings: {
        KUSTO_COPY_WINDOW_ROWS: String(WINDOW_ROWS),
        KUSTO_COPY_TABLES_SNAPSHOT: "Declared*",
      },
    });
    cluster = copies.stack.urls.sourceKusto;
  });
  afterAll(() => copies.stop());

  describe("spread over days", () => {
    beforeAll(async () => {
      await createIdTable(copies.source, "Days", "Events");
      let from = 0;
      for (const day of DAYS) {
        for (const hour of ["01", "09", "23"]) {
          const ingestedAt = `${day}T${hour}:59:59.1234567Z`;
          await loadIds(cluster, "Days", "Events", [from, from + LOAD], {
            ingestedAt,
            createdOn: ingestedAt,
          });
          from += LOAD;
        }
      }
      // Created long before its rows' ingestion time, as after a copy from elsewhere.
      await createIdTable(copies.source, "Days", "Older");
      await loadIds(cluster, "Days", "Older", [0, 10], {
        ingestedAt: "2024-03-01T12:00:00Z",
        createdOn: "2021-07-15T08:00:00Z",
      });
      await cursorsGiven();
    });

    it("is copied exactly, in windows of no more rows than the setting says", async () => {
      const done = await copy("Days");
      expect(done).toMatchObject({ state: "succeeded", error: null });
      expect(differing(await copies.compare("Days"))).toEqual([]);
      const events = done.tables.find((table) => table.name === "Events");
      expect(events?.windows.total).toBe(DAYS.length * 3);
      expect(events?.rows).toBe(DAYS.length * 3 * LOAD);
    });

    it("keeps each row's day: the extents' creation times and their drop-by tag are the source's", async () => {
      const rows = await copies.destination.query(
        "Days",
        "Events | summarize From = min(Id), To = max(Id), Rows = count() by Extent = tostring(extent_id())",
      );
      const extents = await readExtents(copies.destination, "Days", ["Events"], {});
      expect(extents.length).toBeGreaterThan(0);
      for (const extent of extents) {
        const held = rows.find((row) => row.Extent === extent.ExtentId);
        const day = (id: unknown) => DAYS[Math.floor(Number(id) / (3 * LOAD))];
        expect(day(held?.From)).toBe(day(held?.To));
        expect(extent.MinCreatedOn.slice(0, 10)).toBe(day(held?.From));
        expect(extent.MaxCreatedOn.slice(0, 10)).toBe(day(held?.From));
        expect(extent.Tags).toEqual([`drop-by:kc-${day(held?.From)}`]);
      }
    });

    it("keeps a creation time that is older than the ingestion time", async () => {
      const [extent] = await readExtents(copies.destination, "Days", ["Older"], {});
      expect(extent).toMatchObject({
        MinCreatedOn: expect.stringMatching(/^2021-07-15/),
        MaxCreatedOn: expect.stringMatching(/^2021-07-15/),
        Tags: ["drop-by:kc-2024-03-01"],
      });
    });

    it("leaves out what lies before the horizon, now and later, and says nothing wrong of it", async () => {
      const horizon = { backfillHorizon: "2024-03-04T00:00:00Z", tables: { include: ["Events"] } };
      const first = await copy("Days", "DaysHorizon", horizon);
      expect(first).toMatchObject({ state: "succeeded", error: null });
      const kept = wholeRanges([3 * 3 * LOAD, 5 * 3 * LOAD]);
      expect(await idsOf(copies.destination, "DaysHorizon", "Events")).toEqual(kept);
      const second = await copy("Days", "DaysHorizon", horizon);
      expect(second).toMatchObject({ state: "succeeded", error: null, tables: [] });
      expect(await idsOf(copies.destination, "DaysHorizon", "Events")).toEqual(kept);
    });
  });

  it("is left out in mode new, which copies only what comes after", async () => {
    await createIdTable(copies.source, "New", "Events");
    await loadIds(cluster, "New", "Events", [0, 100]);
    await cursorsGiven();
    const first = await copy("New", "New", { mode: "new" });
    expect(first).toMatchObject({ state: "succeeded", error: null });
    await loadIds(cluster, "New", "Events", [100, 130]);
    // All that a table holds which is made after the start came after it too.
    await createIdTable(copies.source, "New", "Later");
    await loadIds(cluster, "New", "Later", [0, 20]);
    await cursorsGiven();
    const second = await copy("New", "New", { mode: "new" });
    expect(second).toMatchObject({ state: "succeeded", error: null });
    expect(await idsOf(copies.destination, "New", "Events")).toEqual(wholeRanges([100, 130]));
    expect(await idsOf(copies.destination, "New", "Later")).toEqual(wholeRanges([0, 20]));
  });

  it("counts as begun in mode new with a database that holds no table yet", async () => {
    expect(await copy("NewEmpty", "NewEmpty", { mode: "new" })).toMatchObject({ state: "succeeded" });
    await createIdTable(copies.source, "NewEmpty", "First");
    await loadIds(cluster, "NewEmpty", "First", [0, 20]);
    await cursorsGiven();
    expect(await copy("NewEmpty", "NewEmpty", { mode: "new" })).toMatchObject({ state: "succeeded" });
    expect(await idsOf(copies.destination, "NewEmpty", "First")).toEqual(wholeRanges([0, 20]));
  });

  describe("of chosen tables", () => {
    beforeAll(async () => {
      for (const table of ["LogsWeb", "LogsDebug", "Users", "KC_Staging_of_ours", "Other"]) {
        await createIdTable(copies.source, "Choice", table);
        await loadIds(cluster, "Choice", table, [0, 5]);
      }
      await cursorsGiven();
    });

    it("takes those that include names or matches, without those that exclude does", async () => {
      const tables = { include: ["Logs*", "Users"], exclude: ["*Debug"] };
      const done = await copy("Choice", "Choice", { tables });
      expect(done).toMatchObject({ state: "succeeded", error: null });
      expect(await tableNames(copies.destination, "Choice")).toEqual(["LogsWeb", "Users"]);
    });

    it("names a table that include names and the source doesn't have, and copies the others", async () => {
      const done = await copy("Choice", "Choice", { tables: { include: ["Other", "Usres"] } });
      expect(done.state).toBe("failed");
      expect(done.error).toContain("Usres");
      const told = done.tables.find((table) => table.name === "Usres");
      expect(told).toMatchObject({
        state: "failed",
        error: "The source database Choice has no table of this name.",
      });
      expect(await idsOf(copies.destination, "Choice", "Other")).toEqual(wholeRanges([0, 5]));
    });

    it("fails where nothing matches, from the first run on", async () => {
      const tables = { include: ["logs*"] };
      const done = await copy("Choice", "ChoiceNone", { tables });
      expect(done.state).toBe("failed");
      expect(done.tables).toMatchObject([
        { name: "logs*", error: "The source database Choice has no table that this matches." },
      ]);
      expect((await copy("Choice", "ChoiceNone", { tables })).state).toBe("failed");
    });

    it("takes all without a choice, whatever their names", async () => {
      expect((await copy("Choice", "ChoiceAll")).state).toBe("succeeded");
      const names = await tableNames(copies.destination, "ChoiceAll");
      expect(names).toEqual(["KC_Staging_of_ours", "LogsDebug", "LogsWeb", "Other", "Users"]);
    });
  });

  it("creates tables that hold nothing yet", async () => {
    await createIdTable(copies.source, "Empty", "Nothing");
    expect((await copy("Empty")).state).toBe("succeeded");
    expect(await tableNames(copies.destination, "Empty")).toEqual(["Nothing"]);
  });

  it("goes on with a column and a table that came at the source since", async () => {
    await createIdTable(copies.source, "Changing", "Wider");
    await loadIds(cluster, "Changing", "Wider", [0, 10]);
    await cursorsGiven();
    expect((await copy("Changing")).state).toBe("succeeded");

    await copies.source.command("Changing", ".alter-merge table Wider (Extra: datetime)");
    await load(cluster, {
      database: "Changing",
      table: "Wider",
      sql: "SELECT 10::BIGINT, 'row 10', 638000000000000001::BIGINT",
    });
    await createIdTable(copies.source, "Changing", "Added");
    await loadIds(cluster, "Changing", "Added", [0, 7]);
    await cursorsGiven();
    const second = await copy("Changing");
    expect(second).toMatchObject({ state: "succeeded", error: null });
    expect(second.tables.map((table) => [table.name, table.rows])).toEqual([
      ["Added", 7],
      ["Wider", 1],
    ]);
    expect(differing(await copies.compare("Changing"))).toEqual([]);
  });

  it("copies rows without an ingestion time once", async () => {
    await createIdTable(copies.source, "Untimed", "Mixed");
    await copies.source.command("Untimed", ".alter table Mixed policy ingestiontime false");
    await loadIds(cluster, "Untimed", "Mixed", [0, 50]);
    await copies.source.command("Untimed", ".alter table Mixed policy ingestiontime true");
    await loadIds(cluster, "Untimed", "Mixed", [50, 80]);
    await cursorsGiven();
    expect((await copy("Untimed")).state).toBe("succeeded");
    expect(await idsOf(copies.destination, "Untimed", "Mixed")).toEqual(wholeRanges([0, 80]));

    await loadIds(cluster, "Untimed", "Mixed", [80, 90]);
    await cursorsGiven();
    const second = await copy("Untimed");
    expect(second.tables.map((table) => [table.name, table.rows])).toEqual([["Mixed", 10]]);
    expect(await idsOf(copies.destination, "Untimed", "Mixed")).toEqual(wholeRanges([0, 90]));
  });

  it("holds each row once where a table's ingestion-time policy is switched on and off again, and where it is resynchronised then", async () => {
    // Of what is copied whole the horizon leaves nothing out, though cursors follow it since.
    const job = { backfillHorizon: "2024-01-01T00:00:00Z" };
    const policy = (on: boolean) =>
      copies.source.command("Switched", `.alter table Events policy ingestiontime ${on}`);
    const load = (from: number, to: number) => loadIds(cluster, "Switched", "Events", [from, to]);
    const holds = async (to: number) => {
      await cursorsGiven();
      expect(await copy("Switched", "Switched", job)).toMatchObject({ state: "succeeded", error: null });
      expect(await idsOf(copies.destination, "Switched", "Events")).toEqual(wholeRanges([0, to]));
    };
    await createIdTable(copies.source, "Switched", "Events");
    await policy(false);
    await load(0, 10);
    await holds(10);
    // Rows without and with an ingestion time that no iteration has seen.
    await load(10, 20);
    await policy(true);
    await load(20, 30);
    await holds(30);
    await load(30, 40);
    await holds(40);
    await askResync(lakeOf(copies.stack, "Switched"), ["Events"], "a test");
    await holds(40);
    await policy(false);
    await load(40, 50);
    await holds(50);
    await policy(true);
    await holds(50);
    await holds(50);
    await load(50, 60);
    await holds(60);
  });

  describe("of tables that cursors can't follow", () => {
    beforeAll(async () => {
      await createIdTable(copies.source, "Whole", "PolicyOff");
      await copies.source.command("Whole", ".alter table PolicyOff policy ingestiontime false");
      await createIdTable(copies.source, "Whole", "DeclaredSo");
      for (const table of ["PolicyOff", "DeclaredSo"]) await loadIds(cluster, "Whole", table, [0, 1000]);
      await cursorsGiven();
    });

    it.each(["PolicyOff", "DeclaredSo"])(
      "%s is copied whole, and left alone while it doesn't change",
      async (table) => {
        const tables = { include: [table] };
        const first = await copy("Whole", "Whole", { tables });
        expect(first.tables).toMatchObject([{ name: table, rows: 1000, windows: { total: 1 } }]);
        expect(await idsOf(copies.destination, "Whole", table)).toEqual(wholeRanges([0, 1000]));
        const before = await extentIds(copies.destination, "Whole", table);
        expect(await copy("Whole", "Whole", { tables })).toMatchObject({ state: "succeeded", tables: [] });
        expect(await extentIds(copies.destination, "Whole", table)).toEqual(before);
      },
    );

    it.each(["PolicyOff", "DeclaredSo"])("%s is replaced in one step when it changed", async (table) => {
      await copies.source.command(
        "Whole",
        `.set-or-replace ${table} <| range Id from 5000 to 5599 step 1 | extend Text = strcat("row ", Id)`,
      );
      await cursorsGiven();
      const seen = new Set<number>();
      const body = bodyOf(copies.stack, "Whole", "Whole", { tables: { include: [table] } });
      let over = false;
      const watching = (async () => {
        while (!over) seen.add((await idsOf(copies.destination, "Whole", table)).rows);
      })();
      const done = await runCopy(copies.stack.urls.functions, () => undefined, body);
      over = true;
      await watching;
      expect(done).toMatchObject({ state: "succeeded", error: null });
      expect(await idsOf(copies.destination, "Whole", table)).toEqual(wholeRanges([5000, 5600]));
      expect([...seen].every((rows) => rows === 1000 || rows === 600)).toBe(true);
    });

    it.each(["PolicyOff", "DeclaredSo"])("%s is emptied when the source's was", async (table) => {
      await copies.source.command("Whole", `.clear table ${table} data`);
      const done = await copy("Whole", "Whole", { tables: { include: [table] } });
      expect(done).toMatchObject({ state: "succeeded", error: null });
      expect((await idsOf(copies.destination, "Whole", table)).rows).toBe(0);
    });
  });
});
