import { type Column, quoteName } from "../names.ts";

/**
 * The projection of an export, columns in the order of the files. In csv a dynamic value is written as the JSON that is
 * read back as the same value: a string alone would come without its quotes and be read as a number or a date where it
 * looks like one, so the value is printed as the one element of an array, without the brackets
 * (`kusto/query/pack-array-function.md`). Null is the empty field.
 */
export function exportProjection(columns: readonly Column[], format: "csv" | "parquet"): string {
  if (columns.length === 0) throw new Error("There are no columns to export.");
  const items = columns.map((column) => {
    const name = quoteName(column.name);
    return format === "csv" && column.type === "dynamic" ? `${name} = ${dynamicAsText(name)}` : name;
  });
  return `project ${items.join(", ")}`;
}

function dynamicAsText(name: string): string {
  const packed = `tostring(pack_array(${name}))`;
  return `iff(isnull(${name}), "", substring(${packed}, 1, strlen(${packed}) - 2))`;
}

/**
 * The types that parquet carries without loss both ways (`kusto/management/data-export/export-data-to-storage.md` and the
 * conversions of `kusto/management/parquet-mapping.md`):
 * - bool, int, long, real: the same type in the file. NaN and infinities are values of DOUBLE.
 * - string: UTF-8, and empty is not null in the file.
 *
 * Not: datetime (microseconds at best, a tick is a tenth), timespan (nothing converts to it), guid (written as a string,
 * which doesn't convert to guid), decimal (a fixed scale for the column, where each value has its own), dynamic (JSON
 * text, which gives a string alone back as what it looks like).
 */
const PARQUET_EXACT: ReadonlySet<string> = new Set(["bool", "int", "long", "real", "string"]);

/** The transport that carries every type of a table exactly: parquet where it can, else csv. */
export function chooseFormat(columns: readonly Column[]): "parquet" | "csv" {
  return columns.every((column) => PARQUET_EXACT.has(column.type)) ? "parquet" : "csv";
}
