import { type DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import fc from "fast-check";
import type { KustoColumn, KustoType } from "../../../../local/kusto/catalog.ts";
import type { StorageAccess } from "../../../../local/kusto/data/blobs.ts";
import { prepareConnection } from "../../../../local/kusto/data/functions.ts";
import { canonicalDecimal } from "../../../../local/kusto/kql/values.ts";
import { physicalType } from "../../../../local/kusto/physicalType.ts";

export type Cell = string | number | bigint | boolean | null;

export const noAccess: StorageAccess = { keys: new Map(), allowsManagedIdentity: () => false };

export async function newConnection(): Promise<DuckDBConnection> {
  const instance = await DuckDBInstance.create(":memory:", { threads: "2" });
  const connection = await instance.connect();
  await prepareConnection(connection);
  return connection;
}

/** One column of each type. */
export const columns: readonly KustoColumn[] = (
  ["bool", "int", "long", "real", "decimal", "datetime", "timespan", "guid", "string", "dynamic"] as const
).map((type) => ({ name: `a ${type}`, type }));

export const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** SQL literal of a value in physical form. */
export function literal(type: KustoType, cell: Cell): string {
  if (cell === null) return `NULL::${physicalType(type)}`;
  if (typeof cell === "string") {
    // A text literal can't hold U+0000.
    const parts = cell.split("\0").map((part) => `'${part.replaceAll("'", "''")}'`);
    return `(${parts.join(" || chr(0) || ")})`;
  }
  if (typeof cell !== "number") return `(${String(cell)})::${physicalType(type)}`;
  return type === "real"
    ? `'${Object.is(cell, -0) ? "-0" : String(cell)}'::DOUBLE`
    : `(${cell})::${physicalType(type)}`;
}

export async function createRows(
  connection: DuckDBConnection,
  table: string,
  given: readonly KustoColumn[],
  rows: readonly (readonly Cell[])[],
): Promise<void> {
  await connection.run(
    `CREATE OR REPLACE TABLE ${table} (${given.map((column) => `${quoted(column.name)} ${physicalType(column.type)}`).join(", ")})`,
  );
  if (rows.length === 0) return;
  await connection.run(
    `INSERT INTO ${table} VALUES ${rows.map((row) => `(${given.map((column, i) => literal(column.type, row[i] ?? null)).join(", ")})`).join(", ")}`,
  );
}

export async function readRows(connection: DuckDBConnection, relation: string): Promise<Cell[][]> {
  const rows = (await connection.runAndReadAll(`SELECT * FROM ${relation}`)).getRows();
  return rows.map((row) =>
    row.map((cell) => {
      if (
        cell === null ||
        typeof cell === "string" ||
        typeof cell === "number" ||
        typeof cell === "bigint" ||
        typeof cell === "boolean"
      )
        return cell;
      throw new Error(`unexpected value ${String(cell)}`);
    }),
  );
}

const awkward = fc.constantFrom(
  '"',
  ",",
  "\n",
  "\r",
  "\r\n",
  "\t",
  "'",
  "\\",
  ";",
  "|",
  " ",
  "",
  "a",
  "é",
  "漢",
  "😀",
  "\0",
  "\u0001",
  "\u2028",
  '""',
  "NULL",
  "null",
  "NaN",
  "#",
  "0",
);
const text = fc
  .oneof(
    fc.array(awkward, { maxLength: 8 }).map((parts) => parts.join("")),
    fc.string({ unit: "binary", maxLength: 12 }),
  )
  .map((value) => value.replace(/\p{Surrogate}/gu, "\ufffd"));

const digits = (least: number, most: number): fc.Arbitrary<string> =>
  fc
    .array(fc.integer({ min: 0, max: 9 }), { minLength: least, maxLength: most })
    .map((list) => list.join(""));
const decimal = fc
  .tuple(fc.boolean(), digits(1, 20), digits(0, 14))
  .map(([minus, whole, fraction]) => canonicalDecimal(`${minus ? "-" : ""}${whole}.${fraction}`) ?? "0");

const json: fc.Arbitrary<string> = fc
  .jsonValue({ maxDepth: 4, stringUnit: "grapheme" })
  .filter((value) => value !== null)
  .map((value) => JSON.stringify(value));
const bigNumbers = fc.constantFrom(
  "9223372036854775807",
  "12345678901234567890123",
  "[1.0,1e400,-0,0.10]",
  '{"n":9007199254740993}',
  '"2020-01-01"',
  '"12"',
  "true",
  "[]",
  "{}",
  '""',
  '{"":null}',
);

const real = fc.oneof(
  fc.double(),
  fc.constantFrom(
    0,
    -0,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    Number.MIN_VALUE,
    Number.MAX_VALUE,
    1e15,
    1e16,
    123456789012345680,
    1e21,
    0.1,
    1e-7,
  ),
);

const VALUES: Readonly<Record<KustoType, fc.Arbitrary<Cell>>> = {
  bool: fc.boolean(),
  int: fc.integer(),
  long: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  real,
  decimal,
  datetime: fc.oneof(
    fc.bigInt({ min: 0n, max: 3_155_378_975_999_999_999n }),
    fc.constantFrom(0n, 3_155_378_975_999_999_999n, 621_355_967_999_999_999n),
  ),
  timespan: fc.oneof(
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    fc.constantFrom(0n, 1n, -1n, 10_000_000n, 864_000_000_000n, -(2n ** 63n)),
  ),
  guid: fc.uuid(),
  string: text,
  dynamic: fc.oneof(json, bigNumbers),
};

export function cellOf(type: KustoType): fc.Arbitrary<Cell> {
  return type === "string" ? VALUES.string : fc.option(VALUES[type], { freq: 6, nil: null });
}

export const row: fc.Arbitrary<Cell[]> = fc.tuple(...columns.map((column) => cellOf(column.type)));
