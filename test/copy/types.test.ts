import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { quoteName } from "../../kusto/names.ts";
import { cast, pick, values } from "./everyValue.ts";
import { type CopyStack, differing, load, startCopyStack } from "./support.ts";

const DATABASE = "Samples";

const NAMES = [
  "plain",
  "with space",
  "with.dot",
  "with-hyphen",
  "with'quote",
  'with"double',
  "with[brackets]",
  "with\\backslash",
  "ünïcödé 日本語",
  "where",
  "summarize",
  "true",
  "123",
];

describe("every type of value", () => {
  let copies: CopyStack;

  beforeAll(async () => {
    copies = await startCopyStack();
    const source = copies.stack.urls.sourceKusto;
    for (const [type, literals] of Object.entries(values)) {
      await copies.source.command(DATABASE, `.create table Of_${type} (Id: long, Value: ${type})`);
      const rows = literals
        .map((literal, id) => `SELECT ${id}::BIGINT, ${cast(type, literal)}`)
        .join(" UNION ALL ");
      await load(source, { database: DATABASE, table: `Of_${type}`, sql: rows });
    }
    const types = Object.keys(values);
    await copies.source.command(
      DATABASE,
      `.create table AllTogether (${types.map((type) => `c_${type}: ${type}`).join(", ")})`,
    );
    const longest = Math.max(...Object.values(values).map((list) => list.length));
    const together = Array.from(
      { length: longest },
      (_, i) => `SELECT ${types.map((type) => cast(type, pick(type, i))).join(", ")}`,
    ).join(" UNION ALL ");
    await load(source, { database: DATABASE, table: "AllTogether", sql: together });
    for (const name of NAMES) {
      await copies.source.command(
        DATABASE,
        `.create table ${quoteName(name)} (${NAMES.map((column) => `${quoteName(column)}: string`).join(", ")})`,
      );
      await load(source, {
        database: DATABASE,
        table: name,
        sql: `SELECT ${NAMES.map((_, i) => `'v${i}'`).join(", ")}`,
      });
    }
  });
  afterAll(() => copies.stop());

  it("arrives as it left, and so do tables and columns of any name", async () => {
    const copy = await copies.copy();
    expect(copy.tables.filter((table) => table.error !== null)).toEqual([]);
    expect(copy.state).toBe("succeeded");
    const differences = await copies.compare();
    expect(differences).toHaveLength(Object.keys(values).length + 1 + NAMES.length);
    expect(differing(differences)).toEqual([]);
  });

  it.each(Object.keys(values).filter((type) => type !== "dynamic"))(
    "prints the same for each %s at both ends",
    async (type) => {
      const text = `Of_${type} | project Id, Printed = tostring(Value), Null = isnull(Value) | order by Id asc`;
      const there = await copies.destination.query(DATABASE, text, { noTruncation: true });
      expect(there).toHaveLength(values[type]?.length ?? 0);
      expect(there).toEqual(await copies.source.query(DATABASE, text, { noTruncation: true }));
    },
  );
});
