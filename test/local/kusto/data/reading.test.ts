import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DuckDBConnection } from "@duckdb/node-api";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { KustoColumn, KustoType } from "../../../../local/kusto/catalog.ts";
import { csvParser } from "../../../../local/kusto/data/csvParser.ts";
import { parseMapping } from "../../../../local/kusto/data/mapping.ts";
import { type ReadRequest, readIntoRelation } from "../../../../local/kusto/data/read.ts";
import { type Cell, newConnection, noAccess, readRows } from "./rows.ts";

let connection: DuckDBConnection;
let folder: string;
let files = 0;

beforeAll(async () => {
  connection = await newConnection();
  folder = await mkdtemp(join(tmpdir(), "kusto-test-"));
});

afterAll(async () => {
  connection.closeSync();
  await rm(folder, { recursive: true, force: true });
});

async function read(
  name: string,
  content: string | Buffer,
  columns: readonly KustoColumn[],
  more: Partial<ReadRequest> = {},
): Promise<Cell[][]> {
  const file = join(folder, `${++files}-${name}`);
  await writeFile(file, content);
  const found = await readIntoRelation(connection, {
    sources: [file],
    columns,
    access: noAccess,
    usage: "NativeIngestion",
    ...more,
  });
  try {
    return await readRows(connection, found.relation);
  } finally {
    await found.release();
  }
}

const strings = (count: number): KustoColumn[] =>
  Array.from({ length: count }, (_, i) => ({ name: `s${i}`, type: "string" as const }));
const one = (type: KustoType): KustoColumn[] => [{ name: "x", type }];

describe("a field of a text file", () => {
  const cases: [KustoType, string, Cell][] = [
    ["bool", "TRUE", true],
    ["bool", "0", false],
    ["bool", "yes", null],
    ["int", "2147483647", 2147483647],
    ["int", "2147483648", null],
    ["int", "1.5", null],
    ["int", "1e3", null],
    ["int", "0x10", null],
    ["long", "9007199254740993", 9007199254740993n],
    ["long", "-9223372036854775808", -(2n ** 63n)],
    ["long", "9223372036854775808", null],
    ["long", " 7 ", 7n],
    ["real", "-0", -0],
    ["real", "NaN", Number.NaN],
    ["real", "-Infinity", Number.NEGATIVE_INFINITY],
    ["real", "5e-324", 5e-324],
    ["real", "abc", null],
    ["real", "0.1", 0.1],
    ["decimal", "1.2300", "1.23"],
    ["decimal", "1234567890123456789012345678901234", "1234567890123456789012345678901234"],
    ["decimal", "1e3", "1000"],
    ["decimal", "007", "7"],
    ["decimal", "x", null],
    ["datetime", "0001-01-01T00:00:00.0000000Z", 0n],
    ["datetime", "9999-12-31T23:59:59.9999999Z", 3_155_378_975_999_999_999n],
    ["datetime", "1969-12-31T23:59:59.9999999Z", 621_355_967_999_999_999n],
    ["datetime", "2020-02-30T00:00:00.0000000Z", null],
    ["datetime", "2020-01-01T24:00:00.0000000Z", null],
    ["datetime", "0000-01-01T00:00:00.0000000Z", null],
    ["datetime", "2014-11-08", 635_510_016_000_000_000n],
    ["datetime", "2014-11-08T01:00:00+01:00", 635_510_016_000_000_000n],
    ["datetime", "Sat, 8 Nov 14 00:00:00 GMT", 635_510_016_000_000_000n],
    ["timespan", "00:00:01", 10_000_000n],
    ["timespan", "-1.02:03:04.0000005", -937_840_000_005n],
    ["timespan", "-10675199.02:48:05.4775808", -(2n ** 63n)],
    ["timespan", "25:00:00", null],
    ["timespan", "1d", 864_000_000_000n],
    ["guid", "74BE27DE-1E4E-49D9-B579-FE0B331D3642", "74be27de-1e4e-49d9-b579-fe0b331d3642"],
    ["guid", "74be27de1e4e49d9b579fe0b331d3642", "74be27de-1e4e-49d9-b579-fe0b331d3642"],
    ["guid", "74be27de", null],
    ["dynamic", '{"a": 9007199254740993 , "a": 1.0}', '{"a":1.0}'],
    ["dynamic", "plain", '"plain"'],
    ["dynamic", "null", null],
    ["dynamic", '"21"', '"21"'],
    ["dynamic", "[1, null]", "[1,null]"],
    ["string", " padded ", " padded "],
  ];
  it.each(cases)("of type %s reads %s as %s", async (type, text, value) => {
    const field = `"${text.replaceAll('"', '""')}"`;
    const columns: KustoColumn[] = [
      { name: "x", type },
      { name: "y", type },
    ];
    expect(await read("x.csv", `${field},${field}\n`, columns)).toEqual([[value, value]]);
  });

  it("is null when empty, and the empty text in a string column", async () => {
    const types = [
      "string",
      "bool",
      "int",
      "long",
      "real",
      "decimal",
      "datetime",
      "timespan",
      "guid",
      "dynamic",
    ] as const;
    const columns = types.map((type) => ({ name: type, type }));
    const empty = ["", ...Array.from({ length: 9 }, () => null)];
    expect(await read("x.csv", `${",".repeat(9)}\n${'"",'.repeat(9)}""\n`, columns)).toEqual([empty, empty]);
  });

  it("is cut to a megabyte of UTF-8 without cutting a character, unless the column holds more", async () => {
    const long = `${"é".repeat(600_000)}`;
    const content = `${long},${long}\n`;
    const limits = new Map([["s1", 2 * 1024 * 1024]]);
    const [row] = await read("x.csv", content, strings(2), { limits });
    expect([Buffer.byteLength(String(row?.[0])), row?.[1] === long]).toEqual([1024 * 1024, true]);
    expect(String(row?.[0])).not.toContain("\ufffd");
  });

  it("is lost where a dynamic value is larger than its column holds", async () => {
    const big = `"${JSON.stringify("x".repeat(1024 * 1024)).replaceAll('"', '""')}"`;
    expect(
      await read("x.csv", `${big},1\n`, [
        { name: "d", type: "dynamic" },
        { name: "n", type: "long" },
      ]),
    ).toEqual([[null, 1n]]);
  });

  it("has U+FFFD where it was no UTF-8, and no byte order mark", async () => {
    const bytes = Buffer.concat([Buffer.from("\ufeffa,"), Buffer.from([0xff, 0x62]), Buffer.from(",é\n")]);
    expect(await read("x.csv", bytes, strings(3))).toEqual([["a", "\ufffdb", "é"]]);
  });

  it("makes the record fail that is larger than 64 MB", async () => {
    await expect(read("x.csv", `a,${"x".repeat(65 * 1024 * 1024)}\n`, strings(2))).rejects.toMatchObject({
      code: "Stream_InputStreamTooLarge",
    });
  });
});

describe("records of a text file", () => {
  it("lack columns that are then null, or have more, which are left out", async () => {
    const columns: KustoColumn[] = [
      { name: "a", type: "long" },
      { name: "b", type: "string" },
      { name: "c", type: "long" },
    ];
    expect(await read("x.csv", "1\n2,x\n3,y,4,5\n", columns)).toEqual([
      [1n, "", null],
      [2n, "x", null],
      [3n, "y", 4n],
    ]);
  });

  it("fail for their number of fields where the validation policy says so", async () => {
    await expect(read("x.csv", "1,2\n3\n", strings(2), { constantFields: true })).rejects.toMatchObject({
      code: "Stream_WrongNumberOfFields",
    });
  });

  it("begin after the first where it is to be ignored, line breaks in its quotes and all", async () => {
    expect(await read("x.csv", '"a\nb",c\n1,2\n', strings(2), { ignoreFirstRecord: true })).toEqual([
      ["1", "2"],
    ]);
    expect(await read("y.csv", "a,c\n1,2\n", strings(2), { ignoreFirstRecord: true })).toEqual([["1", "2"]]);
  });

  it("are split by the delimiter of their format", async () => {
    for (const [format, delimiter] of [
      ["tsv", "\t"],
      ["psv", "|"],
      ["scsv", ";"],
      ["sohsv", "\u0001"],
    ] as const)
      expect(await read("x", `a${delimiter}b,c\n`, strings(2), { format })).toEqual([["a", "b,c"]]);
    expect(await read("x.tsv", "a\\tb\tc\\nd\n", strings(2), { format: "tsve" })).toEqual([["a\tb", "c\nd"]]);
  });

  it("are lines of a txt file but for empty ones, and the whole of a raw one", async () => {
    expect(await read("x.txt", "a,b\n\nc\r\n", strings(1), { format: "txt" })).toEqual([["a,b"], ["c"]]);
    expect(await read("x.raw", "a,b\n\nc\n", strings(1), { format: "raw" })).toEqual([["a,b\n\nc\n"]]);
  });

  it("are mapped by ordinal, constants and the place they come from", async () => {
    const mapping = parseMapping(
      '[{"Column":"s0","Properties":{"Ordinal":"2"}},{"Column":"s1","Properties":{"ConstValue":"k"}},{"Column":"s2","Properties":{"Transform":"SourceLocation"}}]',
    );
    const [row] = await read("x.csv", "a,b,c\n", strings(4), { mapping });
    expect(row).toEqual(["c", "k", expect.stringMatching(/x\.csv$/), ""]);
  });

  it("are the same whether DuckDB's reader takes them or they are read one by one", {
    timeout: 120_000,
  }, async () => {
    const piece = fc.constantFrom(
      '"',
      '""',
      ",",
      "\n",
      "\r\n",
      "\r",
      " ",
      "a",
      "é",
      "#",
      "\\",
      '"x"',
      '"y\nz"',
      '"p\r\nq"',
      '"u""v"',
      "ab",
      "1",
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(piece, { minLength: 1, maxLength: 24 }),
        fc.integer({ min: 2, max: 3 }),
        async (pieces, width) => {
          const text = pieces.join("");
          const expected: string[][] = [];
          const open = { missing: false };
          const parser = csvParser(
            { delimiter: ",", backslash: false, emptyLines: false },
            (fields) => expected.push(Array.from({ length: width }, (_, i) => fields[i] ?? "")),
            () => {
              throw new Error("open quote");
            },
          );
          try {
            parser.write(text);
            parser.end();
          } catch {
            open.missing = true;
          }
          const found = await read("x.csv", text, strings(width)).catch((error: unknown) => error);
          if (open.missing) expect(found).toMatchObject({ code: "Stream_ClosingQuoteMissing" });
          else expect(found).toEqual(expected);
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe("bags", () => {
  it("change the order of their entries from ingestion to ingestion, arrays don't", async () => {
    const names = Array.from({ length: 12 }, (_, i) => `n${i}`);
    const bag = JSON.stringify(Object.fromEntries(names.map((name) => [name, names])));
    const orders = new Set<string>();
    for (let i = 0; i < 5; i++) {
      const [row] = await read("x.json", `{"x":${bag}}\n`, one("dynamic"));
      const text = String(row?.[0]);
      expect(JSON.parse(text)).toEqual(JSON.parse(bag));
      orders.add(text);
    }
    expect(orders.size).toBeGreaterThan(1);
  });
});

describe("JSON", () => {
  const columns: KustoColumn[] = [
    { name: "n", type: "long" },
    { name: "s", type: "string" },
    { name: "d", type: "dynamic" },
  ];

  it("is read by name, a document on each line", async () => {
    const text = '{"n":9007199254740993,"s":"a\\nb","d":"{}"}\r\n\n{"n":"5","s":{"k":[1]},"N":3}\n';
    expect(await read("x.json", text, columns)).toEqual([
      [9007199254740993n, "a\nb", '"{}"'],
      [5n, '{"k":[1]}', null],
    ]);
  });

  it("is read as an array or documents over several lines where it is multijson", async () => {
    expect(await read("x.multijson", '[{"n":1},\n{"n":2}]', columns)).toEqual([
      [1n, "", null],
      [2n, "", null],
    ]);
    expect(await read("y.multijson", '{"n":\n1} {"n":2}\n', columns)).toEqual([
      [1n, "", null],
      [2n, "", null],
    ]);
  });

  it("is refused where it is broken", async () => {
    await expect(read("x.json", '{"n":1\n', columns)).rejects.toMatchObject({
      code: "BadRequest_NoRecordsOrWrongFormat",
      permanent: true,
    });
  });

  it("turns numbers since 1970 into datetimes where the mapping says so", async () => {
    const mapping = parseMapping(
      '[{"Column":"x","Properties":{"Path":"$.t","Transform":"DateTimeFromUnixMilliseconds"}}]',
    );
    expect(await read("x.json", '{"t":1}\n{"t":-1}\n', one("datetime"), { mapping })).toEqual([
      [621_355_968_000_010_000n],
      [621_355_967_999_990_000n],
    ]);
  });
});

describe("Parquet", () => {
  async function parquet(
    select: string,
    columns: readonly KustoColumn[],
    more: Partial<ReadRequest> = {},
  ): Promise<Cell[][]> {
    const file = join(folder, `${++files}.parquet`);
    await connection.run(`COPY (${select}) TO '${file}' (FORMAT parquet)`);
    const found = await readIntoRelation(connection, {
      sources: [file],
      columns,
      access: noAccess,
      usage: "NativeIngestion",
      ...more,
    });
    const rows = await readRows(connection, found.relation);
    await found.release();
    return rows;
  }

  const cases: [string, KustoType, Cell][] = [
    ["5::BIGINT", "timespan", null],
    ["'74be27de-1e4e-49d9-b579-fe0b331d3642'", "guid", null],
    ["'74be27de-1e4e-49d9-b579-fe0b331d3642'::UUID", "guid", "74be27de-1e4e-49d9-b579-fe0b331d3642"],
    ["'2020-01-01'", "datetime", null],
    ["'true'", "bool", null],
    ["'5'", "long", 5n],
    ["'[1]'", "dynamic", "[1]"],
    ["[1, 2]", "dynamic", "[1,2]"],
    ["{'a': 1}", "dynamic", '{"a":1}'],
    ["5::INTEGER", "string", "5"],
    ["5::UBIGINT", "real", null],
    ["1.9::DOUBLE", "long", 1n],
    ["1.5::DECIMAL(38,2)", "int", null],
    ["1.5::DECIMAL(38,2)", "decimal", "1.5"],
    ["true", "decimal", "1"],
    ["true", "long", null],
    ["'1970-01-01 00:00:00.000001'::TIMESTAMP", "datetime", 621_355_968_000_000_010n],
    ["'1970-01-02'::DATE", "string", "1970-01-02T00:00:00.0000000Z"],
    ["'nan'::DOUBLE", "real", Number.NaN],
  ];
  it.each(cases)("turns %s into %s as documented: %s", async (sql, type, value) => {
    expect(await parquet(`SELECT ${sql} AS x`, one(type))).toEqual([[value]]);
  });

  it("is read by name, by paths and with transformations", async () => {
    const mapping = parseMapping(
      '[{"Column":"a","Properties":{"Path":"$.s.k"}},{"Column":"b","Properties":{"Field":"t","Transform":"DateTimeFromUnixSeconds"}},{"Column":"c","Properties":{"Path":"$"}}]',
    );
    const columns: KustoColumn[] = [
      { name: "a", type: "long" },
      { name: "b", type: "datetime" },
      { name: "c", type: "dynamic" },
    ];
    const [row] = await parquet("SELECT {'k': 7} AS s, 1 AS t", columns, { mapping });
    expect(row?.slice(0, 2)).toEqual([7n, 621_355_968_010_000_000n]);
    expect(JSON.parse(String(row?.[2]))).toEqual({ s: { k: 7 }, t: 1 });
  });

  it("is refused where it is something else", async () => {
    await expect(read("x.parquet", "a,b\n", one("string"))).rejects.toMatchObject({
      code: "BadRequest_NoRecordsOrWrongFormat",
    });
  });
});
