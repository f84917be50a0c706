import type { KustoType } from "../catalog.ts";
import { notSupported, semanticError } from "../kustoError.ts";
import type { Environment } from "./context.ts";
import { convert, toElement } from "./conversions.ts";
import { expression, predicate } from "./expressions.ts";
import { orderBy } from "./relation.ts";
import { type Scalar, scalar, wrapLong } from "./sql.ts";
import { list, type Node, nameOf, part } from "./syntax.ts";

/** The call of an aggregation function over the rows of `env.row`. */
interface AggregateCall {
  readonly name: string;
  readonly nodes: readonly Node[];
  readonly env: Environment;
  /** `FILTER (WHERE …)` of the …if() forms, with what else has to hold. */
  readonly filter: (...conditions: readonly string[]) => string;
  readonly arg: (index: number, type?: KustoType) => Scalar;
}

type Aggregate = (call: AggregateCall) => Scalar;

function sum(call: AggregateCall): Scalar {
  const value = call.arg(0);
  switch (value.type) {
    case "int":
    case "long":
    case "timespan":
      return scalar(
        wrapLong(`COALESCE(sum(${value.sql}) ${call.filter()}, 0)`),
        value.type === "timespan" ? "timespan" : "long",
        false,
      );
    case "decimal":
      return scalar(
        `COALESCE(kusto_decimal_sum(list(${value.sql}) ${call.filter()}), '0')`,
        "decimal",
        false,
      );
    case "real":
    case "dynamic":
    case "bool":
      return scalar(
        `COALESCE(sum(${convert(value, "real").sql}) ${call.filter()}, 0)::DOUBLE`,
        "real",
        false,
      );
    default:
      throw semanticError(`sum() is not defined for ${value.type}`);
  }
}

/** NaN over no rows, as `query/summarize-operator.md` shows. */
function avg(call: AggregateCall): Scalar {
  const value = call.arg(0);
  switch (value.type) {
    case "decimal":
      return scalar(`kusto_decimal_avg(list(${value.sql}) ${call.filter()})`, "decimal");
    case "datetime":
    case "timespan":
      return scalar(
        `((sum(${value.sql}::HUGEINT) ${call.filter()} // count(${value.sql}) ${call.filter()})::BIGINT)`,
        value.type,
      );
    default:
      return scalar(
        `COALESCE(avg(${convert(value, "real").sql}) ${call.filter()}, 'nan'::DOUBLE)`,
        "real",
        false,
      );
  }
}

const extreme =
  (name: "min" | "max"): Aggregate =>
  (call) => {
    const value = call.arg(0);
    switch (value.type) {
      case "decimal":
        return scalar(
          `arg_${name}(${value.sql}, kusto_decimal_key(${value.sql})) ${call.filter()}`,
          "decimal",
        );
      case "string":
        return scalar(`COALESCE(${name}(${value.sql}) ${call.filter()}, '')`, "string");
      case "dynamic":
        throw notSupported(`${name}() of dynamic values`);
      default:
        return scalar(`${name}(${value.sql}) ${call.filter()}`, value.type);
    }
  };

/** Distinct values of a type whose equal values may have different texts are told apart by a canonical one. */
function distinctSql(value: Scalar): string {
  return value.type === "dynamic" ? `kusto_json_canonical(${value.sql})` : value.sql;
}

/** Exact, where Kusto estimates. */
function dcount(call: AggregateCall): Scalar {
  return scalar(`count(DISTINCT ${distinctSql(call.arg(0))}) ${call.filter()}`, "long", false);
}

const UNLIMITED = "1048576";

const listOf =
  (withNulls: boolean, limitAt: number): Aggregate =>
  (call) => {
    const value = call.arg(0);
    const order = orderBy(call.env.row?.relation.order ?? []);
    const limit = call.nodes.length > limitAt ? call.arg(limitAt, "long").sql : UNLIMITED;
    const filter = withNulls || !value.nullable ? call.filter() : call.filter(`${value.sql} IS NOT NULL`);
    const items = `list_slice(list(${toElement(value)} ${order}) ${filter}, 1, ${limit})`;
    return scalar(`('[' || COALESCE(array_to_string(${items}, ','), '') || ']')`, "dynamic", false);
  };

const setOf =
  (limitAt: number): Aggregate =>
  (call) => {
    const value = call.arg(0);
    const limit = call.nodes.length > limitAt ? call.arg(limitAt, "long").sql : UNLIMITED;
    const filter = value.nullable ? call.filter(`${value.sql} IS NOT NULL`) : call.filter();
    if (value.type === "dynamic") {
      return scalar(
        `COALESCE(kusto_make_set(list(${value.sql}) ${filter}, ${limit}), '[]')`,
        "dynamic",
        false,
      );
    }
    const items = `list_slice(list(DISTINCT ${toElement(value)}) ${filter}, 1, ${limit})`;
    return scalar(`('[' || COALESCE(array_to_string(${items}, ','), '') || ']')`, "dynamic", false);
  };

const bagOf: Aggregate = (call) => {
  const value = call.arg(0, "dynamic");
  return scalar(
    `COALESCE(kusto_bag_merge(list(${value.sql}) ${call.filter(`${value.sql} IS NOT NULL`)}), '{}')`,
    "dynamic",
    false,
  );
};

const spread =
  (name: string): Aggregate =>
  (call) =>
    scalar(`COALESCE(${name}(${call.arg(0, "real").sql}) ${call.filter()}, 0)::DOUBLE`, "real", false);

const bits =
  (name: string, empty: string): Aggregate =>
  (call) =>
    scalar(`COALESCE(${name}(${call.arg(0, "long").sql}) ${call.filter()}, ${empty})`, "long", false);

function takeAny(call: AggregateCall): Scalar {
  const value = call.arg(0);
  const any = `any_value(${value.sql}) ${call.filter()}`;
  return value.type === "string" ? scalar(`COALESCE(${any}, '')`, "string") : scalar(any, value.type);
}

/** Nearest rank, exact where Kusto estimates (`query/percentiles-aggregation-function.md`). */
export function percentileOf(value: Scalar, percent: number): Scalar {
  if (percent < 0 || percent > 100)
    throw semanticError("percentile(): the percentile must be between 0 and 100");
  if (value.type === "string" || value.type === "dynamic" || value.type === "decimal") {
    throw semanticError(`percentile() is not defined for ${value.type}`);
  }
  return scalar(`quantile_disc(${value.sql}, ${percent / 100})`, value.type === "int" ? "long" : value.type);
}

function percentNumber(call: AggregateCall, index: number): number {
  const value = call.arg(index);
  if (value.literal === undefined) throw semanticError(`${call.name}(): the percentile must be a constant`);
  return Number(value.literal);
}

const count: Aggregate = (call) => scalar(`count(*) ${call.filter()}`, "long", false);

const AGGREGATES: Readonly<Record<string, Aggregate>> = {
  count,
  countif: count,
  sum,
  sumif: sum,
  avg,
  avgif: avg,
  min: extreme("min"),
  minif: extreme("min"),
  max: extreme("max"),
  maxif: extreme("max"),
  dcount,
  dcountif: dcount,
  count_distinct: dcount,
  count_distinctif: dcount,
  make_list: listOf(false, 1),
  makelist: listOf(false, 1),
  make_list_if: listOf(false, 2),
  make_list_with_nulls: listOf(true, 1),
  make_set: setOf(1),
  makeset: setOf(1),
  make_set_if: setOf(2),
  make_bag: bagOf,
  make_bag_if: bagOf,
  make_dictionary: bagOf,
  take_any: takeAny,
  take_anyif: takeAny,
  any: takeAny,
  anyif: takeAny,
  stdev: spread("stddev_samp"),
  stdevif: spread("stddev_samp"),
  stdevp: spread("stddev_pop"),
  variance: spread("var_samp"),
  varianceif: spread("var_samp"),
  variancep: spread("var_pop"),
  variancepif: spread("var_pop"),
  binary_all_and: bits("bit_and", "-1"),
  binary_all_or: bits("bit_or", "0"),
  binary_all_xor: bits("bit_xor", "0"),
  percentile: (call) => percentileOf(call.arg(0), percentNumber(call, 1)),
};

/** Where the predicate stands among the arguments of the …if() forms. */
const CONDITIONS: Readonly<Record<string, number>> = {
  countif: 0,
  sumif: 1,
  avgif: 1,
  minif: 1,
  maxif: 1,
  dcountif: 1,
  count_distinctif: 1,
  make_list_if: 1,
  make_set_if: 1,
  make_bag_if: 1,
  take_anyif: 1,
  anyif: 1,
  stdevif: 1,
  varianceif: 1,
  variancepif: 1,
};

export function aggregateName(node: Node): string | undefined {
  return node.kind === "FunctionCallExpression" ? nameOf(part(node, "Name")) : undefined;
}

export function isAggregate(node: Node): boolean {
  const name = aggregateName(node);
  return name !== undefined && Object.hasOwn(AGGREGATES, name);
}

/** One aggregation function over the rows of `env`. */
export function aggregate(node: Node, env: Environment): Scalar {
  const name = aggregateName(node) ?? "";
  const compute = AGGREGATES[name];
  if (compute === undefined) throw notSupported(`The aggregation function '${name}()'`);
  const nodes = list(part(node, "ArgumentList"), "Expressions");
  const at = CONDITIONS[name];
  const condition = at === undefined ? undefined : nodes[at];
  const own = condition === undefined ? [] : [predicate(condition, env)];
  return compute({
    name,
    nodes,
    env,
    filter: (...conditions) => {
      const all = [...own, ...conditions];
      return all.length === 0 ? "" : `FILTER (WHERE ${all.join(" AND ")})`;
    },
    arg: (index, type) => {
      const argument = nodes[index];
      if (argument === undefined) throw semanticError(`The function '${name}' expects more arguments`);
      const value = expression(argument, env);
      const held =
        value.nullable && env.row?.hoist !== undefined ? { ...value, sql: env.row.hoist(value.sql) } : value;
      return type === undefined ? held : convert(held, type);
    },
  });
}
