import type { z } from "zod";
import { Terminal } from "../model/errors.ts";
import { isoFromTicks, ticksFromIso } from "../model/ticks.ts";
import { type JsonValue, jsonText, NumberToken } from "./losslessJson.ts";

/**
 * One row of an answer by column name. long: bigint; int and real: number (NaN and infinities too); decimal: the
 * text as Kusto prints it; datetime: ISO text in UTC with seven digits; timespan and guid: text; bool: boolean;
 * dynamic: JSON text where the value came as JSON, else the string as it came; null: null.
 */
export type KustoRow = Record<string, unknown>;

/** Rows of an answer held against a schema; what doesn't fit is an error that names the first field. */
export function rowsOf<T extends z.ZodType>(schema: T, rows: readonly KustoRow[]): z.infer<T>[] {
  return rows.map((row) => {
    const parsed = schema.safeParse(row);
    if (parsed.success) return parsed.data;
    const issue = parsed.error.issues[0];
    const field = issue?.path.join(".") ?? "";
    throw new Terminal(
      `Kusto's answer is not what was expected: ${field || "row"}: ${issue?.message ?? "unknown"}`,
      {},
      {
        advice: "Check that the cluster's version supports the command.",
      },
    );
  });
}

/** The single row of an answer that always has exactly one. */
export function singleRow<T extends z.ZodType>(schema: T, rows: readonly KustoRow[]): z.infer<T> {
  const [first, ...others] = rowsOf(schema, rows);
  if (first === undefined || others.length > 0)
    throw new Terminal(`Kusto answered ${rows.length} rows where one was expected.`);
  return first;
}

/**
 * A cell by the type of its column. The types have several spellings between v1 and v2 answers
 * (`kusto/api/rest/response.md`, `kusto/api/rest/response-v2.md`); NaN and infinities come as strings.
 */
export function cellValue(type: string, cell: JsonValue): unknown {
  if (cell === null) return null;
  switch (type.toLowerCase().replace(/^system\./, "")) {
    case "long":
    case "int64":
      return cell === "" ? null : toBigInt(cell);
    case "int":
    case "int32":
      return cell === "" ? null : Number(toBigInt(cell));
    case "real":
    case "double":
      return cell === "" ? null : toNumber(cell);
    case "bool":
    case "boolean":
    case "sbyte":
      return toBoolean(cell);
    case "datetime":
      return cell === "" ? null : isoFromTicks(ticksFromIso(text(cell)));
    default:
      return text(cell);
  }
}

function text(cell: JsonValue): string {
  return typeof cell === "string" ? cell : jsonText(cell);
}

function toBigInt(cell: JsonValue): bigint {
  const token = cell instanceof NumberToken ? cell.token : cell;
  if (typeof token !== "string" || !/^-?\d+$/.test(token)) throw unexpected("a whole number", cell);
  return BigInt(token);
}

function toNumber(cell: JsonValue): number {
  if (cell instanceof NumberToken) return Number(cell.token);
  switch (cell) {
    case "NaN":
      return Number.NaN;
    case "Infinity":
      return Number.POSITIVE_INFINITY;
    case "-Infinity":
      return Number.NEGATIVE_INFINITY;
  }
  if (typeof cell === "string" && cell.trim() !== "" && !Number.isNaN(Number(cell))) return Number(cell);
  throw unexpected("a number", cell);
}

function toBoolean(cell: JsonValue): boolean | null {
  if (typeof cell === "boolean") return cell;
  const token = cell instanceof NumberToken ? cell.token : cell;
  if (token === "1" || token === "true" || token === "True") return true;
  if (token === "0" || token === "false" || token === "False") return false;
  if (token === "") return null;
  throw unexpected("a bool", cell);
}

function unexpected(what: string, cell: JsonValue): Terminal {
  return new Terminal(`Kusto's answer holds ${jsonText(cell).slice(0, 60)} where ${what} was expected.`);
}
