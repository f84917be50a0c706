import { DuckDBInstance, type DuckDBValue } from "@duckdb/node-api";
import type {
  Catalog,
  ExternalData,
  KustoFunction,
  KustoRelation,
  KustoType,
} from "../../../../local/kusto/catalog.ts";
import { registerFunctions } from "../../../../local/kusto/kql/register.ts";
import { type TranslateOptions, translate } from "../../../../local/kusto/kql/translate.ts";
import { datetimeText, datetimeTicks, realText, timespanText } from "../../../../local/kusto/kql/values.ts";
import { semanticError } from "../../../../local/kusto/kustoError.ts";

export const instance = await DuckDBInstance.create(":memory:");
export const connection = await instance.connect();
registerFunctions(connection);

export function ticks(text: string): bigint {
  const value = datetimeTicks(text);
  if (value === undefined) throw new Error(`No datetime: ${text}`);
  return value;
}

export function relation(
  name: string,
  from: string,
  columns: readonly (readonly [string, KustoType])[],
  policy: boolean | undefined = undefined,
): KustoRelation {
  return {
    name,
    from,
    columns: columns.map(([n, type]) => ({ name: n, type })),
    hidden: policy !== undefined,
    ingestionTimePolicy: policy ?? false,
  };
}

export function catalogOf(
  relations: readonly KustoRelation[],
  functions: readonly KustoFunction[] = [],
  more: Partial<Catalog> = {},
): Catalog {
  return {
    database: "Samples",
    principal: "aaduser=someone;local",
    cluster: "http://127.0.0.1:8080",
    relations: new Map(relations.map((r) => [r.name, r])),
    functions: new Map(functions.map((f) => [f.name, f])),
    now: ticks("2026-05-01T12:00:00.0000001Z"),
    cursor: "638000000000000007",
    cursorBound: (text) => {
      if (text !== "" && !/^\d+$/.test(text)) throw semanticError(`'${text}' is no database cursor`);
      return text === "" ? 0n : BigInt(text);
    },
    extentTags: "(SELECT ''::VARCHAR AS extent, '[]'::VARCHAR AS tags)",
    external: async (_: ExternalData) => {
      throw new Error("No external data here");
    },
    sibling: () => undefined,
    ...more,
  };
}

export const EMPTY = catalogOf([]);

/** A value as a person reads it, nulls told from empty strings. */
function shown(value: DuckDBValue, type: KustoType): string {
  if (value === null) return "null";
  if (type === "datetime" && typeof value === "bigint") return datetimeText(value);
  if (type === "timespan" && typeof value === "bigint") return timespanText(value);
  if (type === "real" && typeof value === "number") return realText(value);
  return String(value);
}

export interface Answer {
  readonly names: readonly string[];
  readonly types: readonly KustoType[];
  readonly rows: readonly (readonly string[])[];
}

export async function answer(
  text: string,
  catalog: Catalog = EMPTY,
  options: TranslateOptions = {},
): Promise<Answer> {
  const translated = await translate(text, catalog, options);
  const result = await connection.runAndReadAll(translated.sql);
  const types = translated.columns.map((c) => c.type);
  return {
    names: translated.columns.map((c) => c.name),
    types,
    rows: result.getRows().map((row) => row.map((value, i) => shown(value, types[i] ?? "string"))),
  };
}

export async function rows(text: string, catalog: Catalog = EMPTY): Promise<readonly (readonly string[])[]> {
  return (await answer(text, catalog)).rows;
}

/** The single value of `print …`. */
export async function value(expression: string): Promise<string> {
  const result = await rows(`print value = ${expression}`);
  return result[0]?.[0] ?? "no row";
}
