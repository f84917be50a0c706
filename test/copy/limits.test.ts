import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type CopyStack, differing, load, startCopyStack } from "./support.ts";

const DATABASE = "Samples";

describe("what a copy could lose in silence", () => {
  let copies: CopyStack;

  beforeAll(async () => {
    copies = await startCopyStack();
    const { source, stack } = copies;
    await source.command(DATABASE, ".create table Long (Id: long, Text: string, Bag: dynamic)");
    await source.command(DATABASE, ".alter column Long.Text policy encoding type='BigObject32'");
    await source.command(DATABASE, ".alter column Long.Bag policy encoding type='BigObject32'");
    await load(stack.urls.sourceKusto, {
      database: DATABASE,
      table: "Long",
      sql: `SELECT 1::BIGINT, repeat('x', 3000000), '{"a":"' || repeat('y', 3000000) || '"}' UNION ALL SELECT 2::BIGINT, 'short', '{}'`,
    });
    await source.command(DATABASE, ".create table Secured (Id: long)");
    await source.command(DATABASE, ".set-or-append Secured <| range Id from 1 to 10 step 1");
    await source.command(
      DATABASE,
      '.alter table Secured policy row_level_security enable "Secured | where Id < 5"',
    );
  });
  afterAll(() => copies.stop());

  it("arrives whole: values longer than a megabyte, where the source's columns hold them", async () => {
    const copy = await copies.copy();
    expect(copy.tables.find((table) => table.name === "Long")).toMatchObject({
      state: "succeeded",
      rows: 2,
      error: null,
    });
    expect(differing(await copies.compare()).map((each) => each.table)).toEqual(["Secured"]);
    const [row] = await copies.destination.query(
      DATABASE,
      "Long | summarize Longest = max(strlen(Text)), Bag = max(strlen(tostring(Bag)))",
    );
    expect(row).toEqual({ Longest: 3_000_000n, Bag: 3_000_008n });
  });

  it("is refused with the reason: a table of which row-level security may hide rows", async () => {
    const copy = await copies.copy();
    expect(copy.state).toBe("failed");
    expect(copy.tables.find((table) => table.name === "Secured")?.error).toMatch(/row-level security/);
    const tables = await copies.destination.command(DATABASE, ".show tables | project TableName");
    expect(tables.map((row) => row.TableName)).not.toContain("Secured");
  });

  it("is refused with the reason: a table that holds rows at the destination which this copy did not bring", async () => {
    for (const each of [copies.source, copies.destination]) {
      await each.command(DATABASE, ".create table Held (Id: long)");
      await each.command(DATABASE, ".set-or-append Held <| range Id from 1 to 3 step 1");
    }
    const copy = await copies.copy();
    expect(copy.tables.find((table) => table.name === "Held")?.error).toMatch(
      /holds 3 rows at the destination/,
    );
    const [row] = await copies.destination.query(DATABASE, "Held | count");
    expect(row).toEqual({ Count: 3n });
  });
});
