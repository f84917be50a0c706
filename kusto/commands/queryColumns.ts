import { z } from "zod";
import { type ErrorContext, Terminal } from "../../model/errors.ts";
import { type Column, quoteName } from "../names.ts";
import { type KustoRow, rowsOf } from "../rows.ts";
import { columnType } from "./schema.ts";

/** Names and types of the columns that a table has when it is read through pipes (`kusto/query/getschema-operator.md`). */
export function queryColumns(table: string, pipes: string): string {
  return `${quoteName(table)}${pipes} | getschema | project ColumnName, ColumnOrdinal, ColumnType`;
}

const columnAnswer = z.object({
  ColumnName: z.string(),
  ColumnOrdinal: z.union([z.bigint(), z.number().transform(BigInt)]),
  ColumnType: z.string(),
});

/** The columns of the answer of `queryColumns`, in their order. */
export function readColumns(rows: readonly KustoRow[], context: ErrorContext): Column[] {
  return rowsOf(columnAnswer, rows)
    .toSorted((a, b) => Number(a.ColumnOrdinal - b.ColumnOrdinal))
    .map(({ ColumnName, ColumnType }) => {
      const type = columnType(ColumnType, undefined);
      if (type === undefined)
        throw new Terminal(`Column ${ColumnName} of the query has the unknown type ${ColumnType}`, context);
      return { name: ColumnName, type };
    });
}
