import type { KustoType } from "../../catalog.ts";
import { semanticError } from "../../kustoError.ts";
import { type Environment, newId, over } from "../context.ts";
import { convert } from "../conversions.ts";
import { expression } from "../expressions.ts";
import {
  type Column,
  extended,
  filtered,
  hoistingRow,
  type OrderKey,
  orderBy,
  type Relation,
} from "../relation.ts";
import { typeOf } from "../scalars/call.ts";
import { scalar } from "../sql.ts";
import { list, maybe, type Node, nameOf, parameters, part, text } from "../syntax.ts";
import { pipeOperators } from "../tabular.ts";
import { givenName, uniqueName, unnamed } from "./naming.ts";

interface Expansion {
  readonly relation: Relation;
  /** Identifier of an element's place among those of its row. */
  readonly index: string;
  /** Columns that the expansion gives, with the index where one is asked for. */
  readonly made: readonly Column[];
}

/** Values of an element, by type: a cast, no conversion (`query/mv-expand-operator.md`). */
function castElement(id: string, type: KustoType): string {
  const element = scalar(id, "dynamic");
  switch (type) {
    case "dynamic":
      return id;
    case "long":
    case "int":
    case "real":
    case "decimal":
      return `CASE WHEN NOT starts_with(${id}, '"') THEN ${convert(element, type).sql} END`;
    default:
      return convert(element, type).sql;
  }
}

function rowLimit(node: Node, env: Environment): bigint | undefined {
  const clause = maybe(node, "RowLimitClause");
  if (clause === undefined) return undefined;
  const value = expression(part(clause, "RowLimit"), over(env, undefined));
  if (value.literal === undefined || !/^\d+$/.test(value.literal))
    throw semanticError("mv-expand: the row limit must be a constant");
  return BigInt(value.literal);
}

function expand(node: Node, input: Relation, env: Environment): Expansion {
  const options = parameters(node);
  const mode = options.get("kind") ?? options.get("bagexpansion");
  const pairs = mode !== undefined && text(mode).toLowerCase() === "array";
  const indexName = options.get("with_itemindex");
  const { row, relation } = hoistingRow(env.context, input);
  const items = list(node, "Expressions").map((item) => {
    const written = part(item, "Expression");
    const clause = maybe(item, "ToTypeOf");
    const type: KustoType = clause === undefined ? "dynamic" : typeOf(part(clause, "TypeOf"));
    const value = convert(expression(unnamed(written), over(env, row)), "dynamic");
    return {
      name: givenName(written),
      type,
      sql: `kusto_json_expand(${value.sql}, ${pairs})`,
      list: newId(env.context, "l"),
      id: newId(env.context, "e"),
    };
  });
  const lists = extended(
    relation(),
    items.map((i) => ({ id: i.list, sql: i.sql })),
  );
  const index = newId(env.context, "i");
  const length = `greatest(${items.map((i) => `len(${i.list})`).join(", ")})`;
  const steps = extended(lists, [{ id: index, sql: `unnest(range(${length}))` }]);
  const elements = extended(
    steps,
    items.map((i) => ({ id: i.id, sql: `${i.list}[${index} + 1]` })),
  );
  const used = new Set(input.columns.map((c) => c.name));
  const columns = items.map(
    (item): Column => ({
      name: item.name ?? uniqueName(used, "Column1"),
      type: item.type,
      id: newId(env.context),
    }),
  );
  const typed = extended(
    elements,
    columns.map((c, i) => ({ id: c.id, sql: castElement(items[i]?.id ?? "", c.type) })),
  );
  const limit = rowLimit(node, env);
  const bounded = limit === undefined ? typed : filtered(typed, `${index} < ${limit}`);
  const made =
    indexName === undefined
      ? columns
      : [...columns, { name: nameOf(indexName), type: "long" as const, id: index }];
  const order = input.order.length === 0 ? [] : [...input.order, ascending(index)];
  return { relation: { ...bounded, order }, made, index };
}

function ascending(id: string): OrderKey {
  return { id, descending: false, nullsFirst: true };
}

/** An expanded column takes the place of the one it names; others are appended. */
function placed(input: readonly Column[], made: readonly Column[]): Column[] {
  const replaced = input.map((c) => made.find((m) => m.name === c.name) ?? c);
  return [...replaced, ...made.filter((m) => !input.some((c) => c.name === m.name))];
}

/**
 * `mv-expand` (`query/mv-expand-operator.md`). It doesn't keep the ingestion time of the rows
 * (`management/materialized-views/materialized-views-limitations.md`).
 */
export function mvExpand(node: Node, input: Relation, env: Environment): Relation {
  const { relation, made } = expand(node, input, env);
  return { ...relation, columns: placed(input.columns, made), hidden: undefined, source: undefined };
}

/** `mv-apply` (`query/mv-apply-operator.md`): the subquery works on the elements of each row by themselves. */
export function mvApply(node: Node, input: Relation, env: Environment): Relation {
  const outerId = newId(env.context, "p");
  // Numbered once, or the two sides of the join could number the rows differently.
  const numbered = extended(input, [{ id: outerId, sql: `row_number() OVER (${orderBy(input.order)})` }]);
  const name = newId(env.context, "m");
  env.context.ctes.push({ name, sql: `SELECT * FROM ${numbered.from}` });
  const base: Relation = { ...input, from: name };
  const { relation, made, index } = expand(node, base, env);
  const inner: Relation = {
    ...relation,
    columns: placed(base.columns, made),
    partition: outerId,
    order: [ascending(index)],
    source: undefined,
  };
  const result = pipeOperators(part(part(node, "Subquery"), "Expression"), inner, env);
  if (result.partition !== outerId) throw semanticError("mv-apply: the subquery leaves its rows");
  // What the subquery still has of the outer columns is theirs; the rest is new.
  const replacing = new Set(made.map((c) => c.name));
  const kept = input.columns.filter(
    (c) => !replacing.has(c.name) || !result.columns.some((r) => r.name === c.name),
  );
  const added = result.columns.filter((c) => !kept.some((k) => k.name === c.name));
  const outer = kept.map((c) => ({ ...c, id: newId(env.context), from: `l.${c.id}` }));
  const own = added.map((c) => ({ ...c, id: newId(env.context), from: `r.${c.id}` }));
  const all = [...outer, ...own];
  const hidden = hiddenOf(input, env);
  // Rows come in the order of the outer rows, and within each in the order that the subquery leaves.
  const keys = [
    { ...ascending(outerId), from: `l.${outerId}` },
    ...result.order.map((k) => ({ ...k, from: `r.${k.id}` })),
  ];
  const order = keys.map((k) => ({ ...k, id: newId(env.context, "k") }));
  const selected = [...[...all, ...order].map((c) => `${c.from} AS ${c.id}`), ...hidden.sql];
  return {
    from: `(SELECT ${selected.join(", ")} FROM ${base.from} AS l JOIN ${result.from} AS r ON l.${outerId} = r.${outerId})`,
    columns: all.map(({ name: n, type, id }) => ({ name: n, type, id })),
    hidden: hidden.hidden,
    ingestionTimePolicy: input.ingestionTimePolicy,
    order: order.map(({ id, descending, nullsFirst }) => ({ id, descending, nullsFirst })),
    partition: undefined,
  };
}

function hiddenOf(input: Relation, env: Environment): { hidden: Relation["hidden"]; sql: string[] } {
  if (input.hidden === undefined) return { hidden: undefined, sql: [] };
  const hidden = {
    extent: newId(env.context, "x"),
    ingested: newId(env.context, "x"),
    cursor: newId(env.context, "x"),
  };
  return {
    hidden,
    sql: [
      `l.${input.hidden.extent} AS ${hidden.extent}`,
      `l.${input.hidden.ingested} AS ${hidden.ingested}`,
      `l.${input.hidden.cursor} AS ${hidden.cursor}`,
    ],
  };
}
