import type { KustoColumn } from "../catalog.ts";
import { physicalType } from "../physicalType.ts";
import type { MappedColumn } from "./mapping.ts";
import type { LocalSource } from "./read.ts";
import { quoteLiteral } from "./sqlText.ts";
import { DEFAULT_MAX_VALUE_SIZE, unixTimeSql, valueSql } from "./textColumn.ts";

/** The largest value that a column of this request holds. */
export function limitOf(local: LocalSource, column: KustoColumn): number {
  return local.request.limits?.get(column.name) ?? DEFAULT_MAX_VALUE_SIZE;
}

/** SQL for a column of which the data has nothing. */
export function emptySql(column: KustoColumn): string {
  return column.type === "string" ? "''" : `NULL::${physicalType(column.type)}`;
}

/** SQL for a column that a mapping gives a constant or a fact about the source; undefined where it comes from the data. */
export function givenSql(local: LocalSource, column: KustoColumn, mapped: MappedColumn): string | undefined {
  const text = (sql: string): string => valueSql(column, sql, limitOf(local, column), local.seed);
  if (mapped.transform === "SourceLocation") return text(quoteLiteral(local.printable));
  if (mapped.transform === "SourceLineNumber") return text("(row_number() OVER ())::VARCHAR");
  return mapped.constant === undefined ? undefined : text(quoteLiteral(mapped.constant));
}

/** The select list that turns text fields into a table's columns; `field` names the SQL of the field at a place. */
export function columnSelect(local: LocalSource, field: (ordinal: number) => string | undefined): string {
  return local.columns
    .map((column, i) => {
      const mapped = local.mapped[i];
      if (mapped === undefined) return emptySql(column);
      const given = givenSql(local, column, mapped);
      if (given !== undefined) return given;
      const sql = mapped.ordinal === undefined ? undefined : field(mapped.ordinal);
      if (sql === undefined) return emptySql(column);
      const time = mapped.transform === undefined ? undefined : unixTimeSql(mapped.transform, sql);
      return time ?? valueSql(column, sql, limitOf(local, column), local.seed);
    })
    .join(", ");
}
