import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadTables } from "../../local/stack/samples.ts";
import { sampleTables } from "../../local/stack/sampleTables.ts";
import { type CopyStack, cursorsGiven, differing, startCopyStack } from "./support.ts";

describe("a copy of plain tables", () => {
  let copies: CopyStack;

  beforeAll(async () => {
    copies = await startCopyStack({ settings: { KUSTO_COPY_WINDOW_ROWS: "2000" } });
    await loadTables(copies.stack.urls.sourceKusto, "Samples", sampleTables);
  });
  afterAll(() => copies.stop());

  it("copies all history exactly, creating the tables", async () => {
    const copy = await copies.copy();
    expect(copy).toMatchObject({ state: "succeeded", error: null });
    const differences = await copies.compare();
    expect(differences).toHaveLength(sampleTables.length);
    expect(differing(differences)).toEqual([]);
    for (const table of copy.tables) expect(table.windows.promoted).toBe(table.windows.total);
  });

  it("then copies what is new and nothing else", async () => {
    await copies.source.command(
      "Samples",
      ".set-or-append airports <| airports | take 1 | project iata='ZZ1', name, city, state, country, latitude, longitude",
    );
    await cursorsGiven();
    const copy = await copies.copy();
    expect(copy.state).toBe("succeeded");
    expect(copy.tables.map((table) => [table.name, table.rows])).toEqual([["airports", 1]]);
    expect(differing(await copies.compare())).toEqual([]);
  });

  it("moves nothing when nothing is new, and the lag does not grow", async () => {
    const copy = await copies.copy();
    expect(copy).toMatchObject({ state: "succeeded", tables: [] });
    expect(copy.lagSeconds).toBeLessThan(30);
  });

  it("shows every job, iteration and table in KC_Status, to any client of the destination", async () => {
    const rows = await copies.destination.query(
      "Samples",
      "KC_Status() | where isnotempty(TableName) | summarize Rows = sum(Rows) by TableName, State",
    );
    expect(rows.map((row) => row.TableName)).toEqual(
      expect.arrayContaining(sampleTables.map((table) => table.name)),
    );
    expect(new Set(rows.map((row) => row.State))).toEqual(new Set(["committed"]));
  });

  it("leaves no staging table, no attempt tag and no staged file behind", async () => {
    const tables = await copies.destination.command("Samples", ".show tables | project TableName");
    expect(tables.map((row) => row.TableName).filter((name) => String(name).startsWith("KC_"))).toEqual([]);
    const tags = await copies.destination.command("Samples", ".show database Samples extents | project Tags");
    expect(tags.filter((row) => String(row.Tags).includes("kc:"))).toEqual([]);
  });

  it("tells the event topic of each committed iteration", async () => {
    const events: unknown = await (await fetch(`${copies.stack.urls.events}/events`)).json();
    expect(JSON.stringify(events)).toContain("KustoCopy.IterationCommitted");
  });
});
