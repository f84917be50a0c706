import { semanticError } from "../kustoError.ts";
import type { Environment } from "./context.ts";
import { convert } from "./conversions.ts";
import { expression } from "./expressions.ts";
import { commonType } from "./operatorsBinary.ts";
import { columnScalar, orderBy } from "./relation.ts";
import { type Scalar, scalar } from "./sql.ts";
import { analyzedColumns, type Node, part } from "./syntax.ts";
import { tabular } from "./tabular.ts";

/** `toscalar(…)`: the first column of the first row (`query/toscalar-function.md`). */
export function toScalarSubquery(node: Node, env: Environment): Scalar {
  const inner = part(node, "Expression");
  if (analyzedColumns(inner) === undefined) return expression(inner, { ...env, row: undefined });
  const relation = tabular(inner, { ...env, row: undefined });
  const first = relation.columns[0];
  if (first === undefined) throw semanticError("toscalar(): the expression has no columns");
  const query = `(SELECT ${first.id} FROM ${relation.from} ${orderBy(relation.order)} LIMIT 1)`;
  return first.type === "string" ? scalar(`COALESCE(${query}, '')`, "string") : scalar(query, first.type);
}

/** `in (T | …)`: membership in the first column. */
export function inSubquery(value: Scalar, node: Node, ignoreCase: boolean, env: Environment): Scalar {
  const relation = tabular(node, { ...env, row: undefined });
  const first = relation.columns[0];
  if (first === undefined) throw semanticError("in: the expression has no columns");
  const type = commonType(value.type, first.type);
  if (type === undefined) {
    throw semanticError(
      `The operator 'in' is not defined for the operand types ${value.type} and ${first.type}`,
    );
  }
  const member = convert(columnScalar(first), type).sql;
  const list = `SELECT ${ignoreCase ? `lower(${member})` : member} FROM ${relation.from} WHERE ${first.id} IS NOT NULL`;
  return scalar(`COALESCE(${convert(value, type).sql} IN (${list}), false)`, "bool", false);
}
