import { z } from "zod";
import type { KustoColumn, KustoType } from "../catalog.ts";
import { ingestionError } from "./ingestionError.ts";

const element = z.record(z.string(), z.unknown());
const scalar = z.union([z.string(), z.number(), z.boolean()]).transform(String);

/** Transformations that a mapping may ask for, of those documented in `kusto/management/mappings.md`. */
export const TRANSFORMS = [
  "SourceLocation",
  "SourceLineNumber",
  "DateTimeFromUnixSeconds",
  "DateTimeFromUnixMilliseconds",
  "DateTimeFromUnixMicroseconds",
  "DateTimeFromUnixNanoseconds",
] as const;
export type Transform = (typeof TRANSFORMS)[number];

/** Where the content of one column comes from. */
export interface MappedColumn {
  readonly column: string;
  readonly type?: KustoType;
  readonly ordinal?: number;
  /** Names and array positions from the record down; empty for the record itself. */
  readonly path?: readonly (string | number)[];
  readonly constant?: string;
  readonly transform?: Transform;
}

function badMapping(reason: string): never {
  throw ingestionError("BadRequest_InvalidMapping", `Failed to parse ingestion mapping: ${reason}`);
}

/** Steps of a JSON path such as `$.a['b c'][0]` (`kusto/query/jsonpath.md`). */
export function parsePath(path: string): (string | number)[] {
  const steps: (string | number)[] = [];
  const step = /\.?\[\\?['"]((?:[^'"\\]|\\.)*?)\\?['"]\]|\[(\d+)\]|\.([^.[\]]+)/y;
  let at = 1;
  while (at < path.length) {
    step.lastIndex = at;
    const match = step.exec(path);
    if (match === null) badMapping(`the path '${path}' is not supported.`);
    if (match[2] !== undefined) steps.push(Number(match[2]));
    else steps.push((match[1] ?? match[3] ?? "").replace(/\\(.)/g, "$1"));
    at = step.lastIndex;
  }
  return steps;
}

const lowered = (bag: Record<string, unknown>): Map<string, unknown> =>
  new Map(Object.entries(bag).map(([name, value]) => [name.toLowerCase(), value]));

function textOf(values: ReadonlyMap<string, unknown>, name: string): string | undefined {
  const value = values.get(name);
  if (value === undefined || value === null) return undefined;
  const parsed = scalar.safeParse(value);
  return parsed.success ? parsed.data : badMapping(`'${name}' is not a plain value.`);
}

const TYPES = new Map<string, KustoType>([
  ["bool", "bool"],
  ["boolean", "bool"],
  ["int", "int"],
  ["int32", "int"],
  ["long", "long"],
  ["int64", "long"],
  ["real", "real"],
  ["double", "real"],
  ["decimal", "decimal"],
  ["datetime", "datetime"],
  ["date", "datetime"],
  ["timespan", "timespan"],
  ["time", "timespan"],
  ["guid", "guid"],
  ["uuid", "guid"],
  ["string", "string"],
  ["dynamic", "dynamic"],
]);

function mapped(raw: unknown): MappedColumn {
  const parsed = element.safeParse(raw);
  if (!parsed.success) badMapping("an element is not an object.");
  const outer = lowered(parsed.data);
  const properties = element.safeParse(outer.get("properties") ?? {});
  if (!properties.success) badMapping("'Properties' is not an object.");
  const values = new Map([...outer, ...lowered(properties.data)]);
  const column =
    textOf(values, "column") ?? textOf(values, "name") ?? badMapping("an element names no column.");
  const typeName = textOf(values, "datatype")
    ?.replace(/^System\.|^Newtonsoft\.Json\.Linq\./, "")
    .toLowerCase();
  const type =
    typeName === undefined || typeName === ""
      ? undefined
      : (TYPES.get(typeName) ?? badMapping(`the data type '${typeName}' is not known.`));
  const ordinal = textOf(values, "ordinal");
  const path = textOf(values, "path");
  const field = textOf(values, "field");
  const name = textOf(values, "transform");
  const transform = TRANSFORMS.find((known) => known === name);
  if (name !== undefined && name !== "" && name !== "None" && transform === undefined)
    badMapping(`the transformation '${name}' is not supported by the local Kusto.`);
  if (field !== undefined && path !== undefined) badMapping("Field and Path are mutually exclusive.");
  const constant =
    textOf(values, "constvalue") ?? (path !== undefined && !path.startsWith("$") ? path : undefined);
  return {
    column,
    ...(type === undefined ? {} : { type }),
    ...(ordinal === undefined || ordinal === "" ? {} : { ordinal: Number(ordinal) }),
    ...(path?.startsWith("$") ? { path: parsePath(path) } : field === undefined ? {} : { path: [field] }),
    ...(constant === undefined ? {} : { constant }),
    ...(transform === undefined ? {} : { transform }),
  };
}

/** Reads an ingestion mapping's JSON text (`kusto/management/csv-mapping.md`, `json-mapping.md`, `parquet-mapping.md`). */
export function parseMapping(text: string): MappedColumn[] {
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch {
    badMapping("it is not JSON.");
  }
  const list = z.array(z.unknown()).safeParse(raw);
  if (!list.success) badMapping("it is not an array.");
  const columns = list.data.map(mapped);
  const names = new Set<string>();
  for (const { column } of columns) {
    if (names.has(column)) badMapping("two or more mapping elements point to the same column.");
    names.add(column);
  }
  return columns;
}

/** For each column of a table where its content comes from: by the mapping, else by place or name. */
export function resolveMapping(
  columns: readonly KustoColumn[],
  mapping: readonly MappedColumn[] | undefined,
): (MappedColumn | undefined)[] {
  if (mapping === undefined)
    return columns.map((column, ordinal) => ({ column: column.name, ordinal, path: [column.name] }));
  const byName = new Map(mapping.map((one) => [one.column, one]));
  for (const name of byName.keys()) {
    if (!columns.some((column) => column.name === name))
      throw ingestionError(
        "BadRequest_InconsistentMapping",
        `The mapping names the column '${name}', which the table doesn't have.`,
      );
  }
  return columns.map((column) => byName.get(column.name));
}
