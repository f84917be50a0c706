import { createServer } from "node:http";
import { type DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import { afterAll, beforeAll, expect, test } from "vitest";
import { loadTables } from "../../../local/stack/samples.ts";
import { flights3m, type SampleTable, sampleTables } from "../../../local/stack/sampleTables.ts";

let connection: DuckDBConnection;

beforeAll(async () => {
  connection = await (await DuckDBInstance.create(":memory:", { threads: "1" })).connect();
});
afterAll(() => connection.closeSync());

const physical: Readonly<Record<string, string>> = {
  bool: "BOOLEAN",
  int: "INTEGER",
  long: "BIGINT",
  real: "DOUBLE",
  decimal: "VARCHAR",
  datetime: "BIGINT",
  string: "VARCHAR",
  dynamic: "VARCHAR",
};

const expected: readonly (readonly [string, number])[] = [
  ["airports", 3376],
  ["earthquakes", 1707],
  ["movies", 3201],
  ["seattle-weather", 1461],
  ["flights-10k", 10_000],
];

function named(name: string): SampleTable {
  const table = sampleTables.find((candidate) => candidate.name === name);
  if (table === undefined) throw new Error(`No table ${name}`);
  return table;
}

async function count(sql: string): Promise<number> {
  const [row] = (await connection.runAndReadAll(sql)).getRowsJson();
  return Number(row?.[0]);
}

test("the sample tables are those that are named", () => {
  expect(sampleTables.map(({ name }) => name)).toEqual(expected.map(([name]) => name));
});

test.each(expected)(
  "the parts of %s hold all its rows, each once, in the physical form of its columns",
  async (name, rows) => {
    const table = named(name);
    expect(table.parts.length).toBeGreaterThan(1);
    let total = 0;
    for (const part of table.parts) {
      const result = await connection.runAndReadAll(part);
      expect(result.columnTypes().map(String)).toEqual(table.columns.map(([, type]) => physical[type]));
      expect(result.currentRowCount).toBeGreaterThan(0);
      total += result.currentRowCount;
      for (const [index, [, type]] of table.columns.entries()) {
        if (type === "string") expect(result.getColumns()[index]?.includes(null)).toBe(false);
      }
    }
    expect(total).toBe(rows);
    const together = table.parts.map((part) => `(${part})`).join(" UNION ALL ");
    const whole = `(SELECT DISTINCT * FROM (${together}))`;
    // Flights repeat; what else is there is a row of its own.
    if (name !== "flights-10k") expect(await count(`SELECT count(*) FROM ${whole}`)).toBe(rows);
  },
);

test("datetimes are ticks since year 1", async () => {
  const first = await connection.runAndReadAll(named("seattle-weather").parts[0] ?? "");
  expect(first.getRows()[0]?.[0]).toBe(634_609_728_000_000_000n); // 2012-01-01
});

test("the three million flights come in any number of parts", async () => {
  const parts = flights3m(7).parts.map((part) => `(SELECT count(*) AS n FROM (${part}))`);
  expect(parts).toHaveLength(7);
  expect(await count(`SELECT sum(n)::BIGINT FROM (${parts.join(" UNION ALL ")})`)).toBe(3_000_000);
});

test("each part is loaded as if it had been ingested at a time of its own, the newest last", async () => {
  const calls: { url: string; body: Record<string, string> }[] = [];
  const server = createServer(async (request, response) => {
    let text = "";
    for await (const chunk of request) text += chunk;
    calls.push({ url: request.url ?? "", body: JSON.parse(text) as Record<string, string> });
    response.end("{}");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const url = `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`;
  const newest = new Date("2026-01-03T00:00:00Z");
  const table: SampleTable = {
    name: "it's",
    columns: [["a b", "long"]],
    parts: ["SELECT 1::BIGINT", "SELECT 2::BIGINT"],
  };
  await loadTables(url, "Samples", [table], { newest, apartMilliseconds: 86_400_000 });
  server.close();
  expect(calls).toEqual([
    { url: "/v1/rest/mgmt", body: { db: "Samples", csl: ".create table ['it\\'s'] (['a b']:long)" } },
    {
      url: "/local/load",
      body: {
        database: "Samples",
        table: "it's",
        sql: "SELECT 1::BIGINT",
        ingestedAt: "2026-01-02T00:00:00.000Z",
        createdOn: "2026-01-02T00:00:00.000Z",
      },
    },
    {
      url: "/local/load",
      body: {
        database: "Samples",
        table: "it's",
        sql: "SELECT 2::BIGINT",
        ingestedAt: "2026-01-03T00:00:00.000Z",
        createdOn: "2026-01-03T00:00:00.000Z",
      },
    },
  ]);
});
