import type { KustoType } from "../catalog.ts";
import { semanticError } from "../kustoError.ts";
import { type Context, newId, type Row } from "./context.ts";
import { nullOf, type Scalar } from "./sql.ts";

/** A column: its Kusto name, and the identifier it has inside the statement. */
export interface Column {
  readonly name: string;
  readonly type: KustoType;
  readonly id: string;
}

export interface OrderKey {
  readonly id: string;
  readonly descending: boolean;
  readonly nullsFirst: boolean;
}

/** Columns of the storage behind a row; they flow with it until rows are put together. */
export interface Hidden {
  readonly extent: string;
  readonly ingested: string;
  readonly cursor: string;
}

/** A tabular expression in DuckDB SQL. */
export interface Relation {
  /** What can stand after FROM. It yields every identifier below. */
  readonly from: string;
  readonly columns: readonly Column[];
  readonly hidden: Hidden | undefined;
  /** Whether rows come from tables with the IngestionTime policy, so that cursor functions may be used. */
  readonly ingestionTimePolicy: boolean;
  /** The order that `sort` and `top` gave: kept as keys, applied where it shows. */
  readonly order: readonly OrderKey[];
  /** The table's name, where the expression is one. */
  readonly source?: string | undefined;
  /** Identifier of the outer row inside `mv-apply`: operators work within each of its values. */
  readonly partition?: string | undefined;
}

export function orderBy(order: readonly OrderKey[]): string {
  if (order.length === 0) return "";
  const keys = order.map(
    (key) => `${key.id} ${key.descending ? "DESC" : "ASC"} NULLS ${key.nullsFirst ? "FIRST" : "LAST"}`,
  );
  return `ORDER BY ${keys.join(", ")}`;
}

/** The relation with further columns computed from its rows, under identifiers of their own. */
export function extended(
  relation: Relation,
  added: readonly { readonly id: string; readonly sql: string }[],
): Relation {
  if (added.length === 0) return relation;
  const columns = added.map(({ id, sql }) => `${sql} AS ${id}`).join(", ");
  return { ...relation, from: `(SELECT *, ${columns} FROM ${relation.from})` };
}

export function filtered(relation: Relation, condition: string): Relation {
  return { ...relation, from: `(SELECT * FROM ${relation.from} WHERE ${condition})` };
}

export function column(relation: Relation, name: string): Column | undefined {
  return relation.columns.find((c) => c.name === name);
}

export function requiredColumn(relation: Relation, name: string): Column {
  const found = column(relation, name);
  if (found === undefined)
    throw semanticError(`Failed to resolve column or scalar expression named '${name}'`);
  return found;
}

export function columnScalar(c: Column): Scalar {
  return { sql: c.id, type: c.type, nullable: c.type !== "string" };
}

/** Long expressions that are needed more than once go into columns of their own. */
const LONG = 160;

/** A row over a relation that collects hoisted columns; `relation()` is the relation with them. */
export function hoistingRow(
  context: Context,
  relation: Relation,
  more: Partial<Row> = {},
): { row: Row; relation: () => Relation } {
  let current = relation;
  const row: Row = {
    ...more,
    relation,
    hoist: (sql) => {
      if (sql.length < LONG) return sql;
      const id = newId(context, "h");
      current = extended(current, [{ id, sql }]);
      return id;
    },
  };
  return { row, relation: () => current };
}

/** A relation with rows of its own, nothing of a table behind it. */
export function computed(
  from: string,
  columns: readonly Column[],
  order: readonly OrderKey[] = [],
): Relation {
  return { from, columns, hidden: undefined, ingestionTimePolicy: false, order };
}

/** Columns for the analysed names, in order, where a list of scalars is selected anew. */
export function emptyRelation(
  context: Context,
  columns: readonly { name: string; type: KustoType }[],
): Relation {
  const selected = columns.map((c) => ({ ...c, id: newId(context) }));
  const list = selected.map((c) => `${nullOf(c.type).sql} AS ${c.id}`).join(", ");
  return computed(`(SELECT ${list || "1 AS one"} WHERE false)`, selected);
}
