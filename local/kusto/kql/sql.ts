import type { KustoType } from "../catalog.ts";
import { physicalType } from "../physicalType.ts";

/** A scalar expression in DuckDB SQL, in the physical form of its Kusto type (see catalog.ts). */
export interface Scalar {
  readonly sql: string;
  readonly type: KustoType;
  /** False where the value can't be null: strings, counts, literals. */
  readonly nullable: boolean;
  /** The value of a literal, in the text that stands for it: strings themselves, numbers as digits. */
  readonly literal?: string | undefined;
}

/** A name as a DuckDB identifier. */
export function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** A string as a DuckDB literal. NUL can't stand in the text of a statement. */
export function quoted(value: string): string {
  if (!value.includes("\0")) return `'${value.replaceAll("'", "''")}'`;
  return `(${value
    .split("\0")
    .map((p) => `'${p.replaceAll("'", "''")}'`)
    .join(" || chr(0) || ")})`;
}

/** The null of a type; a string has none, so its empty value. */
export function nullOf(type: KustoType): Scalar {
  if (type === "string") return stringLiteral("");
  return { sql: `NULL::${physicalType(type)}`, type, nullable: true };
}

export function stringLiteral(value: string): Scalar {
  return { sql: quoted(value), type: "string", nullable: false, literal: value };
}

export function longLiteral(value: bigint | number): Scalar {
  return { sql: bigintSql(BigInt(value)), type: "long", nullable: false, literal: String(value) };
}

export function boolLiteral(value: boolean): Scalar {
  return { sql: value ? "true" : "false", type: "bool", nullable: false, literal: String(value) };
}

/** A 64-bit number; the smallest one can't be written as a negated literal. */
export function bigintSql(value: bigint): string {
  return value < 0n ? `((${value})::BIGINT)` : `${value}::BIGINT`;
}

export function scalar(sql: string, type: KustoType, nullable = true): Scalar {
  return { sql, type, nullable: type === "string" ? false : nullable };
}

/** A string expression that DuckDB may leave NULL, as the empty string that Kusto has there. */
export function stringOf(sql: string): Scalar {
  return { sql: `COALESCE(${sql}, '')`, type: "string", nullable: false };
}

/** Brings a 128-bit sum back into 64 bits the way two's complement does. */
export function wrapLong(sql: string): string {
  return `(((((${sql}) + 9223372036854775808::HUGEINT) & 18446744073709551615::HUGEINT) - 9223372036854775808::HUGEINT)::BIGINT)`;
}

export function call(name: string, ...args: readonly string[]): string {
  return `${name}(${args.join(", ")})`;
}
