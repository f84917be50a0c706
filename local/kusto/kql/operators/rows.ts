import { notSupported, semanticError } from "../../kustoError.ts";
import { type Environment, newId, over } from "../context.ts";
import { convert } from "../conversions.ts";
import { expression, predicate } from "../expressions.ts";
import {
  computed,
  extended,
  filtered,
  hoistingRow,
  type OrderKey,
  orderBy,
  type Relation,
} from "../relation.ts";
import { list, maybe, type Node, part, text } from "../syntax.ts";
import { analyzed } from "./naming.ts";

/** `where`: rows of which the predicate is true (`query/where-operator.md`). */
export function where(node: Node, input: Relation, env: Environment): Relation {
  const { row, relation } = hoistingRow(env.context, input);
  const condition = predicate(part(node, "Condition"), over(env, row));
  return filtered(relation(), condition);
}

/** The constant number of rows of `take`, `top` and `sample`. */
function rowCount(node: Node, env: Environment): bigint {
  const value = convert(expression(node, over(env, undefined)), "long");
  if (value.literal === undefined || !/^\d+$/.test(value.literal)) {
    throw semanticError(`The number of rows must be a constant that isn't negative: '${text(node)}'`);
  }
  return BigInt(value.literal);
}

function limited(input: Relation, count: bigint, env: Environment, order: readonly OrderKey[]): Relation {
  if (input.partition === undefined) {
    return { ...input, from: `(SELECT * FROM ${input.from} ${orderBy(order)} LIMIT ${count})`, order };
  }
  const id = newId(env.context, "n");
  const numbered = extended(input, [
    { id, sql: `row_number() OVER (PARTITION BY ${input.partition} ${orderBy(order)})` },
  ]);
  return { ...filtered(numbered, `${id} <= ${count}`), order };
}

/** `take`, `limit` (`query/take-operator.md`). */
export function take(node: Node, input: Relation, env: Environment): Relation {
  return limited(input, rowCount(part(node, "Expression"), env), env, input.order);
}

/** `sample`: rows by chance (`query/sample-operator.md`). */
export function sample(node: Node, input: Relation, env: Environment): Relation {
  if (input.partition !== undefined) throw notSupported("sample inside mv-apply");
  const count = rowCount(part(node, "Expression"), env);
  return { ...input, from: `(SELECT * FROM ${input.from} ORDER BY random() LIMIT ${count})` };
}

/** The keys of an `order by`, computed as columns (`query/sort-operator.md`: descending, nulls last, by default). */
function sorted(
  nodes: readonly Node[],
  input: Relation,
  env: Environment,
): { relation: Relation; order: OrderKey[] } {
  const { row, relation } = hoistingRow(env.context, input);
  const added: { id: string; sql: string }[] = [];
  const order = nodes.flatMap((node): OrderKey[] => {
    const ordering = node.kind === "OrderedExpression" ? maybe(node, "Ordering") : undefined;
    const direction = ordering === undefined ? undefined : maybe(ordering, "AscOrDescKeyword");
    const descending = direction === undefined || !text(direction).toLowerCase().startsWith("asc");
    const nulls = ordering === undefined ? undefined : maybe(ordering, "NullsClause");
    const nullsFirst =
      nulls === undefined ? !descending : text(part(nulls, "FirstOrLastKeyword")).toLowerCase() === "first";
    const value = expression(
      node.kind === "OrderedExpression" ? part(node, "Expression") : node,
      over(env, row),
    );
    const key = (sql: string, nullKey = nullsFirst): OrderKey => {
      const id = newId(env.context, "k");
      added.push({ id, sql });
      return { id, descending, nullsFirst: nullKey };
    };
    switch (value.type) {
      case "dynamic":
        throw semanticError("order operator: key can't be of dynamic type");
      case "decimal":
        return [key(`kusto_decimal_key(${value.sql})`)];
      case "real": {
        // NaN stands with the nulls, next to the numbers.
        const held = row.hoist?.(value.sql) ?? value.sql;
        const group = newId(env.context, "k");
        added.push({
          id: group,
          sql: `CASE WHEN ${held} IS NULL THEN 2 WHEN isnan(${held}) THEN 1 ELSE 0 END`,
        });
        return [
          { id: group, descending: nullsFirst, nullsFirst: false },
          key(`CASE WHEN NOT isnan(${held}) THEN ${held} END`),
        ];
      }
      default:
        return [key(value.sql)];
    }
  });
  return { relation: extended(relation(), added), order };
}

/** `sort`, `order` (`query/sort-operator.md`). */
export function sort(node: Node, input: Relation, env: Environment): Relation {
  const { relation, order } = sorted(list(node, "Expressions"), input, env);
  return { ...relation, order };
}

/** `top` (`query/top-operator.md`). */
export function top(node: Node, input: Relation, env: Environment): Relation {
  const { relation, order } = sorted([part(node, "ByExpression")], input, env);
  return limited(relation, rowCount(part(node, "Expression"), env), env, order);
}

/** `count` (`query/count-operator.md`). */
export function count(node: Node, input: Relation, env: Environment): Relation {
  const id = newId(env.context);
  const name = analyzed(node)[0]?.name ?? "Count";
  const columns = [{ name, type: "long" as const, id }];
  if (input.partition === undefined)
    return computed(`(SELECT count(*) AS ${id} FROM ${input.from})`, columns);
  const grouped = `(SELECT ${input.partition}, count(*) AS ${id} FROM ${input.from} GROUP BY ${input.partition})`;
  return { ...computed(grouped, columns), partition: input.partition };
}
