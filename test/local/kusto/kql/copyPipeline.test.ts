import { beforeAll, describe, expect, it } from "vitest";
import type { ExternalData } from "../../../../local/kusto/catalog.ts";
import { answer, catalogOf, connection, relation, rows, ticks } from "./harness.ts";

const E1 = "10000000-0000-0000-0000-000000000001";
const E2 = "10000000-0000-0000-0000-000000000002";
const columns = [
  ["id", "long"],
  ["name", "string"],
  ['odd ] "name".x', "long"],
  ["value", "real"],
] as const;
const reads: ExternalData[] = [];
const tables = [
  relation("Events", "pipeline_events", columns, true),
  relation("T 2", "pipeline_events", columns, true),
  relation("['quoted'] \"x\"", "pipeline_events", columns, true),
  relation("NoPolicy", "pipeline_events", columns, false),
  relation("Plain", "(SELECT 1::BIGINT AS id)", [["id", "long"]]),
];
const functions = [
  {
    name: "Above",
    parameters: "(low: long, label: string = 'none')",
    body: "{ Events | where id > low | extend label }",
  },
  { name: "Twice", parameters: "(x: long)", body: "{ x * 2 }" },
  { name: "Cursored", parameters: "()", body: "{ Events | where cursor_after('1') }" },
  {
    name: "KC_Status",
    parameters: "()",
    body: '{ externaldata(state: string, n: long) [h@"https://lake/status.csv;impersonate"] with (format="csv", ignoreFirstRecord=true) | where n > 1 }',
  },
];
const catalog = catalogOf(tables, functions, {
  extentTags: "pipeline_tags",
  external: async (data) => {
    reads.push(data);
    return "(SELECT 'ok' AS state, 2::BIGINT AS n UNION ALL SELECT 'old', 1)";
  },
  sibling: (name) =>
    name === "Other db"
      ? catalogOf([relation("There", "(SELECT 7::BIGINT AS n)", [["n", "long"]])], [], {
          database: "Other db",
        })
      : undefined,
});

beforeAll(async () => {
  const at = ticks("2026-01-01T00:00:00.0000001Z");
  await connection.run(
    `CREATE OR REPLACE TABLE pipeline_events (id BIGINT, name VARCHAR, "odd ] ""name"".x" BIGINT, value DOUBLE, "$extent" VARCHAR, "$ingested" BIGINT, "$cursor" BIGINT)`,
  );
  await connection.run(`INSERT INTO pipeline_events VALUES
    (1, 'a', 10, 1.5, '${E1}', ${at}, 5), (2, 'b', 20, '-0.0', '${E1}', ${at + 36_000_000_000n}, 6),
    (3, '', NULL, NULL, '${E2}', NULL, NULL), (4, 'é', 40, 'nan', '${E2}', ${at + 1n}, 7)`);
  await connection.run(
    `CREATE OR REPLACE TABLE pipeline_tags AS SELECT '${E1}' AS extent, '["kc:run/1","x"]' AS tags`,
  );
});

describe("windows of a table", () => {
  it("cursors bound a window, and rows without a cursor value are in none", async () => {
    expect(
      await rows("Events | where cursor_after('5') and cursor_before_or_at('7') | project id", catalog),
    ).toEqual([["2"], ["4"]]);
    expect(await rows("Events | where cursor_after('') | count", catalog)).toEqual([["3"]]);
    expect(await rows("Events | where not(cursor_after('')) | project id", catalog)).toEqual([["3"]]);
  });

  it("a query that uses cursors says so, so that the answer carries the database's cursor", async () => {
    const { translate } = await import("../../../../local/kusto/kql/translate.ts");
    expect((await translate("Events | where cursor_after('')", catalog)).usesCursor).toBe(true);
    expect((await translate("Events", catalog)).usesCursor).toBe(false);
    expect(await rows("print cursor_current()", catalog)).toEqual([["638000000000000007"]]);
  });

  it.each([
    "NoPolicy | where cursor_after('')",
    "Plain | where cursor_after('')",
    "Events | summarize n = count() | where cursor_after('')",
    "Events | where cursor_after('no cursor')",
  ])("refuses cursors in: %s", async (query) => {
    await expect(rows(query, catalog)).rejects.toMatchObject({ name: "KustoError", permanent: true });
  });

  it("ingestion times bound a window to the tick", async () => {
    const window =
      "Events | where ingestion_time() >= datetime(2026-01-01T00:00:00.0000001Z) and ingestion_time() < datetime(2026-01-01T00:00:00.0000002Z) | project id";
    expect(await rows(window, catalog)).toEqual([["1"]]);
    expect(await rows("Events | where isnull(ingestion_time()) | project id", catalog)).toEqual([["3"]]);
    expect(await rows("Events | where isnotnull(ingestion_time()) | count", catalog)).toEqual([["3"]]);
  });

  it("ingestion time is lost by mv-expand (materialized-views-limitations.md)", async () => {
    const query = "Events | mv-expand x = dynamic([1]) | where isnotnull(ingestion_time()) | count";
    expect(await rows(query, catalog)).toEqual([["0"]]);
  });

  it("ingestion time, extent and tags stay with the row through project, sort, take and union", async () => {
    const query =
      "Events | project name | sort by name asc | take 3 | union (['T 2'] | where id == 4 | project name) | where isnotnull(ingestion_time()) | extend e = extent_id() | project name, e";
    expect(await rows(query, catalog)).toEqual([
      ["a", E1],
      ["b", E1],
      ["é", E2],
    ]);
    expect(
      await rows(
        "Events | extend tags = extent_tags() | where tags has 'kc:run/1' and set_has_element(tags, 'x') | count",
        catalog,
      ),
    ).toEqual([["2"]]);
    expect(await rows(`Events | where extent_id() in (guid(${E2})) | count`, catalog)).toEqual([["2"]]);
  });

  it("counts rows by hour and extent in one query", async () => {
    const query =
      "Events | summarize Rows=count(), First=min(ingestion_time()), Ids=make_set(id, 1000) by Bin=bin(ingestion_time(), 1h), X=extent_id() | sort by Bin asc, X asc";
    expect(await rows(query, catalog)).toEqual([
      ["null", E2, "1", "null", "[3]"],
      ["2026-01-01T00:00:00.0000000Z", E1, "1", "2026-01-01T00:00:00.0000001Z", "[1]"],
      ["2026-01-01T00:00:00.0000000Z", E2, "1", "2026-01-01T00:00:00.0000002Z", "[4]"],
      ["2026-01-01T01:00:00.0000000Z", E1, "1", "2026-01-01T01:00:00.0000001Z", "[2]"],
    ]);
  });

  it("counts many tables in one query", async () => {
    const query =
      'union (Events | where cursor_after("5") | summarize Rows=count() | extend Table="Events"), ([\'T 2\'] | where id > 100 | summarize Rows=count() | extend Table="T 2") | sort by Table asc';
    expect(await rows(query, catalog)).toEqual([
      ["2", "Events"],
      ["0", "T 2"],
    ]);
    expect(
      await rows(
        "union withsource=Name Events, ['T 2'] | summarize n=count() by Name | sort by Name asc",
        catalog,
      ),
    ).toEqual([
      ["Events", "4"],
      ["T 2", "4"],
    ]);
    expect(await rows("union isfuzzy=true Events, Missing | count", catalog)).toEqual([["4"]]);
  });

  it("an aggregation over nothing has one row without keys, none with them", async () => {
    expect(
      await rows(
        "Events | where id > 99 | summarize count(), sum(id), max(name), min(ingestion_time()), avg(value), make_list(id)",
        catalog,
      ),
    ).toEqual([["0", "0", "", "null", "NaN", "[]"]]);
    expect(await rows("Events | where id > 99 | summarize count() by name", catalog)).toEqual([]);
  });
});

describe("a content hash", () => {
  it("is made of native SQL for plain columns", async () => {
    const { translate } = await import("../../../../local/kusto/kql/translate.ts");
    const { sql } = await translate(
      `Events | extend h = hash_md5(strcat_delim(";", tostring(id), isnull(id), name, 1.0 / value, value - todouble(tostring(value)), ingestion_time(), ingestion_time() - datetime(2026-01-01), extent_id()))
       | summarize count(), sum(tolong(strcat("0x", substring(h, 0, 8)))), sum(tolong(strcat("0x", substring(h, 8, 8))))`,
      catalog,
    );
    expect(sql).not.toContain("kusto_");
    await connection.runAndReadAll(sql);
  });

  it("tells -0.0 from 0.0, NaN and null apart by what a query can see", async () => {
    expect(
      await rows("Events | project id, inverse = tostring(1.0 / value), value | sort by id asc", catalog),
    ).toEqual([
      ["1", "0.6666666666666666", "1.5"],
      ["2", "-Infinity", "-0.0"],
      ["3", "", "null"],
      ["4", "NaN", "NaN"],
    ]);
  });

  it("doesn't lose a sum of many hash parts", async () => {
    const query =
      "range i from 1 to 1000 step 1 | extend h = hash_md5(tostring(i)) | summarize total = sum(tolong(strcat('0x', substring(h, 0, 8))))";
    const result = await rows(query);
    expect(BigInt(result[0]?.[0] ?? 0)).toBeGreaterThan(2n ** 40n);
  });

  it("sums the elements of each row's value without regard to their order", async () => {
    const query = `datatable(id: long, d: dynamic) [1, dynamic({"a":1,"b":[2,3]}), 2, dynamic({"b":[2,3],"a":1}), 3, dynamic(null)]
      | mv-apply path = treepath(d) to typeof(string) on (summarize h = sum(hash_xxhash64(strcat(path, extract_json(strcat("$", path), tostring(d))))))
      | project id, h`;
    const result = await rows(query);
    expect(result[0]?.[1]).toBe(result[1]?.[1]);
    expect(result[2]?.[1]).not.toBe(result[0]?.[1]);
  });
});

describe("names", () => {
  it("holds columns and tables whose names need quoting", async () => {
    const query = `['[\\'quoted\\'] "x"'] | where ['odd ] "name".x'] > 10 | summarize ['select'] = sum(['odd ] "name".x']) by ["from"] = name | sort by ["from"] asc`;
    expect(await answer(query, catalog)).toMatchObject({
      names: ["from", "select"],
      rows: [
        ["b", "20"],
        ["é", "40"],
      ],
    });
  });

  it("keeps columns apart that differ in case only", async () => {
    expect(await answer("print a = 1, A = 2 | extend b = a + A | where a < A")).toMatchObject({
      names: ["a", "A", "b"],
      rows: [["1", "2", "3"]],
    });
  });

  it("keeps text that would be SQL as text", async () => {
    expect(await rows("print x = \"'; DROP TABLE t; --\", y = 'a\\nb\\t\"'")).toEqual([
      ["'; DROP TABLE t; --", 'a\nb\t"'],
    ]);
  });
});

describe("functions and other databases", () => {
  it("calls stored functions, tabular and scalar, with their defaults", async () => {
    expect(await answer("Above(1) | project id, label", catalog)).toMatchObject({
      rows: [
        ["2", "none"],
        ["3", "none"],
        ["4", "none"],
      ],
    });
    expect(await rows("Above(low = 3, label = 'x') | project label", catalog)).toEqual([["x"]]);
    expect(await rows("Events | where id == 2 | project Twice(id)", catalog)).toEqual([["4"]]);
    expect(await rows("Cursored | count", catalog)).toEqual([["3"]]);
  });

  it("reads external data through the catalog, credentials and all, in a function too", async () => {
    expect(await rows("KC_Status", catalog)).toEqual([["ok", "2"]]);
    expect(reads.at(-1)).toEqual({
      columns: [
        { name: "state", type: "string" },
        { name: "n", type: "long" },
      ],
      sources: ["https://lake/status.csv;impersonate"],
      properties: { format: "csv", ignoreFirstRecord: "true" },
    });
  });

  it("reads tables of another database of the cluster", async () => {
    expect(await rows("database('Other db').There | project n", catalog)).toEqual([["7"]]);
    expect(await rows("cluster('127.0.0.1:8080').database('Other db').There | count", catalog)).toEqual([
      ["1"],
    ]);
    await expect(rows("database('Nowhere').There", catalog)).rejects.toMatchObject({ name: "KustoError" });
  });

  it("takes let functions, views, parameters and set statements", async () => {
    expect(
      await rows(
        "set notruncation; let low = 2; let f = (t: (id: long), n: long) { t | where id > n }; f(Events, low) | count",
        catalog,
      ),
    ).toEqual([["2"]]);
    expect(
      await rows(
        "let f = (t: (id: long), n: long = 3) { t | where id > n }; Events | invoke f() | project id",
        catalog,
      ),
    ).toEqual([["4"]]);
    const declared =
      "declare query_parameters(n: long, s: string = 'q'); Events | where id > n | project id, s";
    expect((await answer(declared, catalog, { parameters: { n: "3" } })).rows).toEqual([["4", "q"]]);
    await expect(answer(declared, catalog)).rejects.toMatchObject({ name: "KustoError" });
  });
});
