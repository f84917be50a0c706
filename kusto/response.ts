import { type JsonValue, jsonText, parseJson } from "./losslessJson.ts";
import { cellValue, type KustoRow } from "./rows.ts";

/** A failure as Kusto describes it (OneApi error, `kusto/api/rest/response-v2.md`). */
export interface KustoFailure {
  readonly message: string;
  readonly code?: string;
  readonly type?: string;
  /** `@permanent`: whether the same request would fail again. */
  readonly permanent?: boolean;
}

export interface Answer {
  readonly rows: KustoRow[];
  /** What went wrong although the HTTP status was 200. */
  readonly failure?: KustoFailure;
}

/**
 * The primary result of a query. HTTP 200 can carry a failure: `HasErrors` and `OneApiErrors` in the last frame, or
 * an error in the place of a row; an answer without its last frame was cut off (`kusto/api/rest/response-v2.md`).
 */
export function readQueryAnswer(body: string): Answer {
  const frames = parseJson(body);
  if (!Array.isArray(frames)) return { rows: [], failure: readFailure(body) };
  let rows: KustoRow[] | undefined;
  let completion: Map<string, JsonValue> | undefined;
  for (const frame of frames) {
    if (!(frame instanceof Map)) continue;
    const kind = frame.get("FrameType");
    if (kind === "DataSetCompletion") completion = frame;
    if (kind === "DataTable" && frame.get("TableKind") === "PrimaryResult" && rows === undefined) {
      const table = readTable(frame);
      if (table.failure) return table;
      rows = table.rows;
    }
  }
  if (completion === undefined)
    return { rows: [], failure: { message: "The answer ends too early.", permanent: false } };
  if (completion.get("Cancelled") === true)
    return { rows: [], failure: { message: "The query was cancelled.", permanent: false } };
  if (completion.get("HasErrors") === true)
    return { rows: [], failure: firstError(completion.get("OneApiErrors")) };
  // Not the same as no row: a plan would take it for a table with nothing new, and move its cursor.
  if (rows === undefined)
    return { rows: [], failure: { message: "The answer holds no primary result.", permanent: false } };
  return { rows };
}

const ERROR_SEVERITY = 2;

/**
 * The result of a management command: the first table; a command with a pipe answers more of them, the last of which
 * says what the others are (`kusto/api/rest/response.md`).
 */
export function readCommandAnswer(body: string): Answer {
  const document = parseJson(body);
  const tables = document instanceof Map ? document.get("Tables") : undefined;
  if (!(document instanceof Map) || !Array.isArray(tables)) return { rows: [], failure: readFailure(body) };
  const exceptions = document.get("Exceptions");
  if (Array.isArray(exceptions) && exceptions.length > 0)
    return { rows: [], failure: exceptionFailure(exceptions) };
  const [first] = tables;
  if (!(first instanceof Map))
    return { rows: [], failure: { message: "The answer holds no table.", permanent: false } };
  const contents = tables.length > 2 ? tables.at(-1) : undefined;
  if (contents instanceof Map) {
    for (const entry of readTable(contents).rows) {
      const table = entry.Kind === "QueryStatus" ? tables[Number(entry.Ordinal)] : undefined;
      if (!(table instanceof Map)) continue;
      const bad = readTable(table).rows.find(
        (row) => typeof row.Severity === "number" && row.Severity <= ERROR_SEVERITY,
      );
      if (bad) return { rows: [], failure: { message: String(bad.StatusDescription) } };
    }
  }
  return readTable(first);
}

/** The failure in the body of an HTTP error, or its text where it is not a OneApi document. */
export function readFailure(body: string): KustoFailure {
  try {
    const document = parseJson(body);
    if (document instanceof Map && document.has("error")) return errorFailure(document.get("error"));
  } catch {
    // Not JSON: a gateway in between, or a failure without `Accept`.
  }
  return { message: body.trim().slice(0, 500) || "The answer has no content." };
}

function readTable(table: Map<string, JsonValue>): Answer {
  const columns = (asArray(table.get("Columns")) ?? []).map((column) => {
    const properties = column instanceof Map ? column : new Map<string, JsonValue>();
    const type = properties.get("ColumnType") ?? properties.get("DataType") ?? "string";
    return { name: String(properties.get("ColumnName") ?? ""), type: String(type) };
  });
  const rows: KustoRow[] = [];
  for (const row of asArray(table.get("Rows")) ?? []) {
    if (row instanceof Map) {
      const errors = row.get("OneApiErrors");
      const failure =
        errors === undefined ? exceptionFailure(asArray(row.get("Exceptions")) ?? [row]) : firstError(errors);
      return { rows: [], failure };
    }
    if (!Array.isArray(row) || row.length !== columns.length) {
      return {
        rows: [],
        failure: { message: "A row of the answer doesn't fit its columns.", permanent: false },
      };
    }
    rows.push(
      Object.fromEntries(
        columns.map((column, index) => [column.name, cellValue(column.type, row[index] ?? null)]),
      ),
    );
  }
  return { rows };
}

function firstError(errors: JsonValue | undefined): KustoFailure {
  const [first] = asArray(errors) ?? [];
  return errorFailure(first instanceof Map ? first.get("error") : undefined);
}

function errorFailure(error: JsonValue | undefined): KustoFailure {
  if (!(error instanceof Map)) return { message: "The answer reports errors without saying which." };
  const field = (name: string) => {
    const value = error.get(name);
    return typeof value === "string" && value !== "" ? value : undefined;
  };
  const code = field("code");
  const type = field("@type");
  const permanent = error.get("@permanent");
  return {
    message: field("@message") ?? field("message") ?? jsonText(error),
    ...(code === undefined ? {} : { code }),
    ...(type === undefined ? {} : { type }),
    ...(typeof permanent === "boolean" ? { permanent } : {}),
  };
}

function exceptionFailure(exceptions: readonly JsonValue[]): KustoFailure {
  const [first] = exceptions;
  return { message: typeof first === "string" ? first : jsonText(first ?? null) };
}

function asArray(value: JsonValue | undefined): JsonValue[] | undefined {
  return Array.isArray(value) ? value : undefined;
}
