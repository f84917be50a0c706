import type { DuckDBConnection } from "@duckdb/node-api";
import type { TranslatedQuery } from "../catalog.ts";
import type { RequestContext } from "../engine/request.ts";
import { physicalValue } from "../engine/rows.ts";
import { KustoError } from "../kustoError.ts";
import { rowJson } from "./json.ts";

export interface Limits {
  readonly records: number;
  readonly bytes: number;
}

function numberOption(context: RequestContext, name: string): number | undefined {
  const value = context.options.get(name);
  const number =
    typeof value === "number"
      ? value
      : typeof value === "string" && /^\d+$/.test(value)
        ? Number(value)
        : undefined;
  return number;
}

function isOn(value: unknown): boolean {
  return value === true || value === 1 || value === "true" || value === "1";
}

/** `set name;` and `set name = value;` at the head of a query count as the request's own properties (`set-statement.md`). */
export function withSetStatements(context: RequestContext, text: string): RequestContext {
  const options = new Map(context.options);
  const pattern =
    /(?:\s|\/\/[^\n]*\n)*set\s+([A-Za-z_]\w*)\s*(?:=\s*("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[^;]*?))?\s*;/y;
  for (let match = pattern.exec(text); match !== null; match = pattern.exec(text)) {
    const value = match[2];
    options.set(
      (match[1] ?? "").toLowerCase(),
      value === undefined ? true : /^["']/.test(value) ? value.slice(1, -1) : value,
    );
  }
  return { ...context, options };
}

/** 500,000 records and 64 MB unless the request says otherwise (`kusto/concepts/result-truncation.md`). */
export function limitsOf(context: RequestContext): Limits {
  if (isOn(context.options.get("notruncation")))
    return { records: Number.POSITIVE_INFINITY, bytes: Number.POSITIVE_INFINITY };
  return {
    records: numberOption(context, "truncationmaxrecords") ?? 500_000,
    bytes: numberOption(context, "truncationmaxsize") ?? 67_108_864,
  };
}

export interface ReadRows {
  /** JSON texts of the rows. */
  readonly rows: readonly string[];
  /** Set where the result was cut. */
  readonly failure: KustoError | undefined;
}

/** Reads a query's rows as JSON, chunk by chunk, up to the limits. */
export async function readRows(
  connection: DuckDBConnection,
  query: TranslatedQuery,
  limits: Limits,
): Promise<ReadRows> {
  const result = await connection.stream(query.sql);
  const rows: string[] = [];
  let bytes = 0;
  for (;;) {
    const chunk = await result.fetchChunk();
    if (chunk === null || chunk.rowCount === 0) return { rows, failure: undefined };
    for (const raw of chunk.getRows()) {
      const values = query.columns.map((column, index) => physicalValue(raw[index], column.type));
      const text = rowJson(values, query.columns);
      bytes += text.length;
      const exceeded =
        rows.length >= limits.records
          ? `${limits.records} records`
          : bytes > limits.bytes
            ? `${limits.bytes} bytes`
            : undefined;
      if (exceeded !== undefined) return { rows, failure: truncated(exceeded) };
      rows.push(text);
    }
  }
}

function truncated(limit: string): KustoError {
  return new KustoError(
    400,
    "LimitsExceeded",
    "Kusto.Data.Exceptions.KustoServicePartialQueryFailureLimitsExceededException",
    `Query execution has exceeded the allowed limits (80DA0003): The results of this query exceed the set limit of ${limit}, so not all records were returned (E_QUERY_RESULT_SET_TOO_LARGE, 0x80DA0003). See https://aka.ms/kustoquerylimits for more information and possible solutions.`,
    true,
  );
}
