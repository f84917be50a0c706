import { describe, expect, it } from "vitest";
import {
  combineHashes,
  hashByExtent,
  hashQuery,
  originsQuery,
  readHash,
  readHashByExtent,
  readOrigins,
} from "../../../kusto/commands/contentHash.ts";
import { currentCursor } from "../../../kusto/commands/cursors.ts";
import { chooseFormat, exportProjection } from "../../../kusto/commands/exportQuery.ts";
import { queryColumns, readColumns } from "../../../kusto/commands/queryColumns.ts";
import { windowFilter } from "../../../kusto/commands/windows.ts";
import { type Column, columnList, KUSTO_TYPES, quoteName } from "../../../kusto/names.ts";
import { resultColumns, semanticErrors } from "../parser.ts";

const columns: Column[] = KUSTO_TYPES.map((type) => ({ name: `my ${type}`, type }));

/** The query with its table declared, so that names and types are checked too. */
function declared(query: string, of: readonly Column[] = columns): string {
  return `let ${quoteName("My T")} = datatable(${columnList(of)}) []; ${query}`;
}

describe("the content hash", () => {
  it.each(["text", "orderBlind"] as const)(
    "of every type is a query of known functions and right types (%s)",
    (bags) => {
      const query = declared(hashQuery({ table: "My T", columns, bags, extents: 5 }));
      expect(semanticErrors(query)).toEqual([]);
      expect(resultColumns(query)).toEqual([
        ["Rows", "long"],
        ["H1", "long"],
        ["H2", "long"],
        ["H3", "long"],
        ["Extents", "dynamic"],
        ["LastIngested", "datetime"],
      ]);
    },
  );

  it("by extent answers the extents", () => {
    const query = declared(
      hashByExtent({ table: "My T", ids: ["ae6cd250-be62-4978-90f2-5cb7a10d16d7"], columns }),
    );
    expect(semanticErrors(query)).toEqual([]);
    expect(resultColumns(query).map(([name]) => name)).toEqual(["Extent", "Rows", "H1", "H2", "H3"]);
  });

  it("of very many columns keeps to the 64 arguments of strcat", () => {
    const wide: Column[] = Array.from({ length: 5000 }, (_, index) => ({ name: `c${index}`, type: "int" }));
    const query = hashQuery({ table: "My T", columns: wide }).replace(/'[^']*'/g, "''");
    const depth: number[] = [];
    let longest = 0;
    for (const character of query) {
      if (character === "(") depth.push(1);
      if (character === ")") longest = Math.max(longest, depth.pop() ?? 0);
      if (character === "," && depth.length > 0) depth.push((depth.pop() ?? 0) + 1);
    }
    expect(longest).toBeLessThanOrEqual(64);
  });

  it("tells a table from one with other types, and needs a column", () => {
    expect(hashQuery({ table: "T", columns: [{ name: "a", type: "int" }] })).not.toBe(
      hashQuery({ table: "T", columns: [{ name: "a", type: "long" }] }),
    );
    expect(() => hashQuery({ table: "T", columns: [] })).toThrow(/columns/);
  });

  it("of rows that give no sums is an error, so that nothing looks alike by chance", () => {
    expect(() => readHash([{ Rows: 5n, H1: 0n, H2: null, H3: 0n }])).toThrow(/empty content hash/);
    expect(readHash([{ Rows: 0n, H1: 0n, H2: null, H3: null }]).rows).toBe(0n);
    expect(() => readHash([{ Rows: 2n ** 35n, H1: 1n, H2: 1n, H3: 1n }])).toThrow(/2\^35/);
    expect(() => readHash([])).toThrow(/0 rows/);
  });

  it("of parts adds up to that of the whole", () => {
    const parts = readHashByExtent([
      { Extent: "a", Rows: 1n, H1: 0xffffffffn, H2: 1n, H3: 3n },
      { Extent: "b", Rows: 2n, H1: 2n, H2: 2n, H3: 4n },
    ]);
    const whole = readHash([{ Rows: 3n, H1: 0x100000001n, H2: 3n, H3: 7n, Extents: '["a","b"]' }]);
    expect(combineHashes([...parts.values()])).toEqual({ rows: whole.rows, hash: whole.hash });
    expect(whole.extents).toEqual(["a", "b"]);
  });
});

describe("a table's query", () => {
  const pipes =
    " | where ['my long'] > 1 | extend Made = strcat('a', ['my string']) | project ['my dynamic'], Made";
  const made: Column[] = [
    { name: "my dynamic", type: "dynamic" },
    { name: "Made", type: "string" },
  ];

  it("stands between the window and what is asked of its rows", () => {
    const filter = `${windowFilter({ from: 0n, to: 10n })}${pipes}`;
    const hash = declared(hashQuery({ table: "My T", filter, columns: made }));
    expect(semanticErrors(hash)).toEqual([]);
    const exporting = declared(`${quoteName("My T")}${filter} | ${exportProjection(made, "csv")}`);
    expect(semanticErrors(exporting)).toEqual([]);
    expect(resultColumns(exporting).map(([name]) => name)).toEqual(["my dynamic", "Made"]);
  });

  it("is asked for its columns", () => {
    const query = declared(queryColumns("My T", pipes));
    expect(semanticErrors(query)).toEqual([]);
    const answer = made.map(({ name, type }, i) => ({
      ColumnName: name,
      ColumnOrdinal: BigInt(i),
      ColumnType: type,
    }));
    expect(resultColumns(query).map(([name]) => name)).toEqual(Object.keys(answer[0] ?? {}));
    expect(readColumns(answer.toReversed(), {})).toEqual(made);
    expect(() => readColumns([{ ColumnName: "A", ColumnOrdinal: 0n, ColumnType: "new" }], {})).toThrow(/new/);
  });

  it("hides where rows come from, so that the table is asked for that alone", () => {
    const query = declared(originsQuery("My T", windowFilter({ from: 0n }), 5));
    expect(semanticErrors(query)).toEqual([]);
    expect(resultColumns(query)).toEqual([
      ["Extents", "dynamic"],
      ["LastIngested", "datetime"],
    ]);
    expect(readOrigins([{ Extents: '["a"]', LastIngested: null }])).toEqual({
      extents: ["a"],
      lastIngested: null,
    });
    expect(readOrigins([{ Extents: "[]", LastIngested: "2026-01-01T00:00:00Z" }]).extents).toEqual([]);
  });
});

describe("the projection of an export", () => {
  it("keeps names and order, and prints only dynamics in csv", () => {
    const csv = resultColumns(declared(`${quoteName("My T")} | ${exportProjection(columns, "csv")}`));
    expect(csv).toEqual(columns.map(({ name, type }) => [name, type === "dynamic" ? "string" : type]));
    const parquet = resultColumns(declared(`${quoteName("My T")} | ${exportProjection(columns, "parquet")}`));
    expect(parquet).toEqual(columns.map(({ name, type }) => [name, type]));
    expect(semanticErrors(declared(`${quoteName("My T")} | ${exportProjection(columns, "csv")}`))).toEqual(
      [],
    );
  });

  it.each(KUSTO_TYPES)("with a %s goes by parquet only where parquet gives it back exactly", (type) => {
    const exact = ["bool", "int", "long", "real", "string"].includes(type);
    expect(
      chooseFormat([
        { name: "a", type: "int" },
        { name: "b", type },
      ]),
    ).toBe(exact ? "parquet" : "csv");
  });
});

describe("the predicates of windows", () => {
  it("give each row to exactly one: bounds are half open, and rows without ingestion time are apart", () => {
    expect(windowFilter({ after: "1", upTo: "2", from: 0n, to: 10n })).toBe(
      " | where cursor_after('1') | where cursor_before_or_at('2') | where ingestion_time() >= datetime(0001-01-01T00:00:00.0000000Z) | where ingestion_time() < datetime(0001-01-01T00:00:00.0000010Z)",
    );
    expect(windowFilter({ upTo: "2" })).toBe(
      " | where cursor_before_or_at('2') | where isnotnull(ingestion_time())",
    );
    expect(windowFilter({ after: "", upTo: "2", nullIngestionTime: true })).toBe(
      " | where isnull(ingestion_time())",
    );
    expect(() => windowFilter({ nullIngestionTime: true, from: 1n })).toThrow();
  });

  it("of a table that cursors can't follow are none", () => {
    expect(windowFilter({})).toBe("");
  });
});

it("the cursor is asked for along with the cluster's clock", () => {
  expect(resultColumns(currentCursor())).toEqual([
    ["Cursor", "string"],
    ["Now", "datetime"],
  ]);
});
