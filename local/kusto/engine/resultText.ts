import { z } from "zod";
import type { CommandResult, Value } from "./result.ts";

const cell = z.union([z.null(), z.boolean(), z.number(), z.string(), z.object({ big: z.string() })]);

/** A command's result as it is kept between runs. */
export const encodedResultSchema = z.object({
  columns: z.array(
    z.object({
      name: z.string(),
      type: z.enum([
        "bool",
        "int",
        "long",
        "real",
        "decimal",
        "datetime",
        "timespan",
        "guid",
        "string",
        "dynamic",
      ]),
    }),
  ),
  rows: z.array(z.array(cell)),
});

export type EncodedResult = z.output<typeof encodedResultSchema>;

export function encodeResult(result: CommandResult): EncodedResult {
  return {
    columns: result.columns.map(({ name, type }) => ({ name, type })),
    rows: result.rows.map((row) =>
      row.map((value) => (typeof value === "bigint" ? { big: value.toString() } : value)),
    ),
  };
}

export function decodeResult(encoded: EncodedResult): CommandResult {
  const decode = (value: z.output<typeof cell>): Value =>
    typeof value === "object" && value !== null ? BigInt(value.big) : value;
  return { columns: encoded.columns, rows: encoded.rows.map((row) => row.map(decode)) };
}
