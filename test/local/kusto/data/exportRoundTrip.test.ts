import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DuckDBConnection } from "@duckdb/node-api";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { KustoColumn } from "../../../../local/kusto/catalog.ts";
import { type ExportRequest, exportRelation } from "../../../../local/kusto/data/export.ts";
import { readIntoRelation } from "../../../../local/kusto/data/read.ts";
import { canonicalDecimal, canonicalJson, parseJson } from "../../../../local/kusto/kql/values.ts";
import { type Cell, cellOf, columns, createRows, newConnection, noAccess, readRows, row } from "./rows.ts";

let connection: DuckDBConnection;
let folder: string;

beforeAll(async () => {
  connection = await newConnection();
  folder = await mkdtemp(join(tmpdir(), "kusto-test-"));
});

afterAll(async () => {
  connection.closeSync();
  await rm(folder, { recursive: true, force: true });
});

async function through(
  given: readonly KustoColumn[],
  rows: readonly Cell[][],
  how: Partial<ExportRequest>,
): Promise<Cell[][]> {
  await createRows(connection, "given", given, rows);
  const artifacts = await exportRelation(connection, {
    sql: "SELECT * FROM given",
    columns: given,
    format: "csv",
    compressed: true,
    targets: [folder],
    access: noAccess,
    ...how,
  });
  expect(artifacts.reduce((sum, one) => sum + one.numRecords, 0)).toBe(rows.length);
  if (artifacts.length === 0) return [];
  const read = await readIntoRelation(connection, {
    sources: artifacts.map((one) => one.path),
    columns: given,
    access: noAccess,
    usage: "NativeIngestion",
  });
  try {
    return await readRows(connection, read.relation);
  } finally {
    await read.release();
    for (const one of artifacts) await rm(one.path);
  }
}

/** Bags in any order are equal; JSON's null is null. */
function comparable(given: readonly KustoColumn[], rows: readonly Cell[][]): Cell[][] {
  return rows.map((cells) =>
    cells.map((cell, i) => {
      if (given[i]?.type !== "dynamic" || typeof cell !== "string") return cell;
      const value = parseJson(cell);
      return value === undefined ? cell : canonicalJson(value);
    }),
  );
}

describe("what an export writes and an ingestion reads", () => {
  for (const format of ["csv", "tsv", "json"] as const) {
    it(`is the same row, of every type, through ${format}`, { timeout: 120_000 }, async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 20 }), async (rows) => {
          expect(comparable(columns, await through(columns, rows, { format }))).toEqual(
            comparable(columns, rows),
          );
        }),
        { numRuns: 60 },
      );
    });
  }

  for (const type of ["string", "long", "dynamic"] as const) {
    it(`is the same in a table of one ${type} column, nothing left out`, async () => {
      const one = [{ name: "x", type }];
      await fc.assert(
        fc.asyncProperty(fc.array(fc.tuple(cellOf(type)), { minLength: 1, maxLength: 12 }), async (rows) => {
          expect(comparable(one, await through(one, rows, {}))).toEqual(comparable(one, rows));
        }),
        { numRuns: 60 },
      );
    });
  }

  it("loses in parquet what the documentation says, and nothing else", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(row, { minLength: 1, maxLength: 20 }),
        fc.constantFrom("millisecond" as const, "microsecond" as const),
        async (rows, precision) => {
          const unit = precision === "millisecond" ? 10_000n : 10n;
          const expected = rows.map((cells) =>
            cells.map((cell, i): Cell => {
              const type = columns[i]?.type;
              if (type === "timespan" || type === "guid") return null;
              if (type === "bool") return cell;
              if (type === "datetime" && typeof cell === "bigint") return cell - (cell % unit);
              if (type === "decimal" && typeof cell === "string") return withinScale(cell);
              return cell;
            }),
          );
          const found = await through(columns, rows, {
            format: "parquet",
            parquetDatetimePrecision: precision,
          });
          expect(comparable(columns, found)).toEqual(comparable(columns, expected));
        },
      ),
      { numRuns: 60 },
    );
  });

  for (const compressionType of ["gzip", "snappy", "zstd", "brotli", "lz4_raw"] as const) {
    it(`is read back from parquet compressed with ${compressionType}`, async () => {
      const one = [{ name: "x", type: "long" as const }];
      expect(await through(one, [[1n], [null]], { format: "parquet", compressionType })).toEqual([
        [1n],
        [null],
      ]);
    });
  }
});

/** Parquet decimals have one scale: 17 digits after the point, 17 before it. */
function withinScale(decimal: string): string | null {
  const [whole = "", fraction = ""] = decimal.replace("-", "").split(".");
  if (whole.length > 17) return null;
  return fraction.length <= 17 ? decimal : (canonicalDecimal(decimal) ?? null);
}

describe("an export's artifacts", () => {
  const one = [{ name: "x", type: "long" as const }];
  const request: ExportRequest = {
    sql: "SELECT 1::BIGINT AS x",
    columns: one,
    format: "csv",
    compressed: true,
    targets: [],
    access: noAccess,
  };

  it("are one for each shard that has rows, named by prefix and number", async () => {
    const pieces = [
      "SELECT 1::BIGINT AS x",
      "SELECT 1::BIGINT AS x WHERE false",
      "SELECT range AS x FROM range(3)",
    ];
    const found = await exportRelation(connection, {
      ...request,
      targets: [folder],
      pieces,
      namePrefix: "part",
    });
    expect(found.map((artifact) => artifact.numRecords)).toEqual([1, 3]);
    expect(found[0]?.path).toMatch(/\/part_1_[0-9a-f]{32}\.csv\.gz$/);
    expect(found[1]?.path).toMatch(/\/part_2_[0-9a-f]{32}\.csv\.gz$/);
  });

  it("are spread over the targets in turn", async () => {
    const [first, second] = [await mkdtemp(join(folder, "a")), await mkdtemp(join(folder, "b"))];
    const found = await exportRelation(connection, {
      ...request,
      targets: [first, second],
      pieces: [request.sql, request.sql, request.sql],
    });
    expect(found.map((artifact) => artifact.path.startsWith(first))).toEqual([true, false, true]);
  });

  it("are split at the size limit, each row in exactly one", async () => {
    const columns2 = [
      { name: "x", type: "long" as const },
      { name: "s", type: "string" as const },
    ];
    const sql = "SELECT range AS x, repeat('abcdefghij', 5000) AS s FROM range(4500)";
    const found = await exportRelation(connection, {
      ...request,
      columns: columns2,
      sql,
      targets: [folder],
      sizeLimit: 100_000_000,
    });
    expect(found.map((artifact) => artifact.numRecords).reduce((a, b) => a + b)).toBe(4500);
    expect(found.length).toBe(3);
    const read = await readIntoRelation(connection, {
      sources: found.map((artifact) => artifact.path),
      columns: columns2,
      access: noAccess,
      usage: "NativeIngestion",
    });
    expect(
      await readRows(
        connection,
        `(SELECT count(*), count(DISTINCT x), sum(x)::BIGINT FROM ${read.relation})`,
      ),
    ).toEqual([[4500n, 4500n, 10_122_750n]]);
    await read.release();
  });

  it("are more where a fault asks for it, each row in exactly one", async () => {
    const sql = "SELECT range AS x, 'row ' || range AS s FROM range(100)";
    const found = await exportRelation(connection, {
      ...request,
      columns: [
        { name: "x", type: "long" as const },
        { name: "s", type: "string" as const },
      ],
      sql,
      targets: [folder],
      files: 3,
    });
    expect(found.length).toBe(3);
    expect(found.map((artifact) => artifact.numRecords).reduce((a, b) => a + b)).toBe(100);
  });

  it("are refused a size limit outside the documented range", async () => {
    await expect(
      exportRelation(connection, { ...request, targets: [folder], sizeLimit: 1000 }),
    ).rejects.toThrow(/sizeLimit/);
  });
});
