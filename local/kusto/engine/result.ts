import type { KustoColumn, KustoType } from "../catalog.ts";

/** A value in physical form (see catalog.ts). */
export type Value = null | boolean | number | bigint | string;

/** What a command answers: rows in physical form. */
export interface CommandResult {
  readonly columns: readonly KustoColumn[];
  readonly rows: readonly (readonly Value[])[];
}

/** Columns written as `Name:type`, one text each. */
export function result(columns: readonly string[], rows: readonly (readonly Value[])[]): CommandResult {
  return { columns: columns.map(column), rows };
}

function column(text: string): KustoColumn {
  const at = text.indexOf(":");
  return { name: text.slice(0, at), type: asType(text.slice(at + 1)) };
}

const TYPES: ReadonlySet<string> = new Set<KustoType>([
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
]);

function asType(text: string): KustoType {
  const isType = (value: string): value is KustoType => TYPES.has(value);
  if (!isType(text)) throw new Error(`no Kusto type: ${text}`);
  return text;
}
