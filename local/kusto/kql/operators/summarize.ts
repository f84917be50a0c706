import { notSupported, semanticError } from "../../kustoError.ts";
import { aggregate, aggregateName, isAggregate, percentileOf } from "../aggregates.ts";
import { type Environment, newId, over } from "../context.ts";
import { convert } from "../conversions.ts";
import { expression } from "../expressions.ts";
import { type Column, columnScalar, hoistingRow, type Relation } from "../relation.ts";
import { nullOf, type Scalar } from "../sql.ts";
import { list, maybe, type Node, nameOf, part } from "../syntax.ts";
import { computeColumns } from "./columns.ts";
import { analyzed, givenName, uniqueName, unnamed } from "./naming.ts";

interface Output {
  /** The name that the text gives, or undefined for the generated one. */
  readonly name: string | undefined;
  /** Reads the value from the aggregated row. */
  readonly value: (aggregated: Relation) => Scalar;
}

interface Aggregation {
  readonly env: Environment;
  readonly input: Relation;
  readonly added: { id: string; sql: string }[];
  readonly keys: readonly Column[];
}

function names(node: Node): (string | undefined)[] {
  if (node.kind === "CompoundNamedExpression") return list(part(node, "Names"), "Names").map(nameOf);
  const given = node.kind === "SimpleNamedExpression" ? nameOf(part(node, "Name")) : undefined;
  return given === undefined ? [] : [given];
}

function inner(node: Node): Node {
  return node.kind === "CompoundNamedExpression" ? part(node, "Expression") : unnamed(node);
}

const ROW_FUNCTIONS = new Set(["arg_max", "arg_min", "argmax", "argmin"]);
const ANY_FUNCTIONS = new Set(["take_any", "any"]);

/** Values of one row, packed, so that they come from the same row. */
function wholeRow(
  values: readonly Scalar[],
  pick: (packed: string) => string,
  state: Aggregation,
): ((i: number) => Scalar)[] {
  const fields = values.map((v, i) => `f${i} := ${v.sql}`);
  const id = newId(state.env.context, "a");
  state.added.push({ id, sql: pick(`struct_pack(${fields.join(", ")})`) });
  return values.map((v, i) => () => {
    const sql = `(${id}).f${i}`;
    return v.type === "string"
      ? { sql: `COALESCE(${sql}, '')`, type: v.type, nullable: false }
      : { sql, type: v.type, nullable: true };
  });
}

function outputs(
  values: readonly Scalar[],
  wanted: readonly (string | undefined)[],
  pick: (packed: string) => string,
  state: Aggregation,
): Output[] {
  const reads = wholeRow(values, pick, state);
  return reads.map((read, i) => ({ name: wanted[i], value: () => read(i) }));
}

/** Arguments with `*` spelt out: all columns but the keys and those that are named otherwise. */
function expandedArguments(
  nodes: readonly Node[],
  state: Aggregation,
  without: readonly string[],
): { value: Scalar; name: string | undefined }[] {
  return nodes.flatMap((node) => {
    if (node.kind !== "StarExpression") {
      return [{ value: expression(unnamed(node), state.env), name: givenName(node) }];
    }
    const left = state.input.columns.filter(
      (c) => !without.includes(c.id) && !state.keys.some((k) => k.id === c.id),
    );
    return left.map((c) => ({ value: columnScalar(c), name: c.name }));
  });
}

/** `arg_max`, `arg_min`: rows where the value is null count only if all are (`query/arg-max-aggregation-function.md`). */
function argExtreme(
  node: Node,
  given: readonly (string | undefined)[],
  name: "arg_max" | "arg_min",
  state: Aggregation,
): Output[] {
  const [first, ...rest] = list(part(node, "ArgumentList"), "Expressions");
  if (first === undefined) throw semanticError(`${name}(): the function expects arguments`);
  const value = expression(unnamed(first), state.env);
  const others = expandedArguments(rest, state, [value.sql]);
  const key = value.type === "decimal" ? `kusto_decimal_key(${value.sql})` : value.sql;
  const wanted = [
    given[0] ?? givenName(first) ?? state.input.columns.find((c) => c.id === value.sql)?.name,
    ...others.map((o, i) => given[i + 1] ?? o.name),
  ];
  return outputs(
    [value, ...others.map((o) => o.value)],
    wanted,
    (packed) => `COALESCE(${name}(${packed}, ${key}), first(${packed}))`,
    state,
  );
}

function takeAnyRow(node: Node, given: readonly (string | undefined)[], state: Aggregation): Output[] {
  const others = expandedArguments(list(part(node, "ArgumentList"), "Expressions"), state, []);
  return outputs(
    others.map((o) => o.value),
    others.map((o, i) => given[i] ?? o.name),
    (packed) => `first(${packed})`,
    state,
  );
}

function percentiles(node: Node, given: readonly (string | undefined)[], state: Aggregation): Output[] {
  const [value, ...percents] = list(part(node, "ArgumentList"), "Expressions");
  if (value === undefined) throw semanticError("percentiles(): the function expects arguments");
  const argument = expression(value, state.env);
  return percents.map((percent, i) => {
    const number = expression(percent, over(state.env, undefined)).literal;
    if (number === undefined) throw semanticError("percentiles(): the percentiles must be constants");
    const result = percentileOf(argument, Number(number));
    const id = newId(state.env.context, "a");
    state.added.push({ id, sql: result.sql });
    return { name: given[i], value: () => ({ ...result, sql: id }) };
  });
}

function outputsOf(node: Node, state: Aggregation): Output[] {
  const value = inner(node);
  const name = aggregateName(value);
  const given = names(node);
  if (name !== undefined) {
    if (ROW_FUNCTIONS.has(name))
      return argExtreme(value, given, name.endsWith("max") ? "arg_max" : "arg_min", state);
    if (name === "percentiles") return percentiles(value, given, state);
    const args = list(part(value, "ArgumentList"), "Expressions");
    if (ANY_FUNCTIONS.has(name) && (args.length > 1 || args[0]?.kind === "StarExpression"))
      return takeAnyRow(value, given, state);
  }
  if (given.length > 1) throw notSupported("Several names for one aggregation");
  const collected = new Map<Node, Scalar>();
  const collect = (candidate: Node): void => {
    if (isAggregate(candidate)) {
      const result = aggregate(candidate, state.env);
      const id = newId(state.env.context, "a");
      state.added.push({ id, sql: result.sql });
      collected.set(candidate, { ...result, sql: id });
    }
  };
  walk(value, collect);
  const read = (aggregated: Relation) =>
    expression(value, over(state.env, { relation: aggregated, aggregate: (n) => collected.get(n) }));
  return [{ name: given[0], value: read }];
}

function walk(node: Node, visit: (node: Node) => void): void {
  if (isAggregate(node)) {
    visit(node);
    return;
  }
  for (let i = 0; i < node.raw.ChildCount; i++) {
    const name = node.raw.GetName(i);
    const child = name === null || name === undefined || name === "" ? undefined : maybe(node, name);
    if (child === undefined) continue;
    if (child.kind === "List") for (const item of list(node, name ?? "")) walk(item, visit);
    else walk(child, visit);
  }
}

/** `summarize` (`query/summarize-operator.md`). */
export function summarize(node: Node, input: Relation, env: Environment): Relation {
  const result = analyzed(node);
  const byClause = maybe(node, "ByClause");
  const keyNodes = byClause === undefined ? [] : list(byClause, "Expressions");
  const keyed = computeColumns(
    input,
    keyNodes,
    keyNodes.map((_, i) => result[i]?.type),
    env,
  );
  const keys = keyed.columns.map((c, i) => ({ ...c, name: result[i]?.name ?? "" }));
  for (const key of keys) {
    if (key.type === "dynamic")
      throw semanticError(
        `Summarize group key '${key.name}' is of a 'dynamic' type. Please use an explicit cast (for example, 'summarize ... by tostring(${key.name})')`,
      );
  }
  const { row, relation: hoisted } = hoistingRow(env.context, { ...keyed.relation, columns: input.columns });
  const state: Aggregation = { env: over(env, row), input, added: [], keys };
  const made = list(node, "Aggregates").flatMap((n) => outputsOf(n, state));
  const source = hoisted();
  const outer = keys.map((k) => ({ ...k, id: newId(env.context), from: k.id }));
  const partition = input.partition === undefined ? [] : [{ from: input.partition, id: input.partition }];
  const groups = [...partition, ...outer];
  const selected = [
    ...groups.map((g) => `${g.from} AS ${g.id}`),
    ...state.added.map((a) => `${a.sql} AS ${a.id}`),
  ];
  const grouping = groups.length === 0 ? "" : `GROUP BY ${groups.map((_, i) => i + 1).join(", ")}`;
  const aggregated: Relation = {
    from: `(SELECT ${selected.join(", ") || "1 AS one"} FROM ${source.from} ${grouping})`,
    columns: outer.map(({ name, type, id }) => ({ name, type, id })),
    hidden: undefined,
    ingestionTimePolicy: false,
    order: [],
    partition: input.partition,
  };
  return withOutputs(aggregated, made, result, env);
}

function withOutputs(
  aggregated: Relation,
  made: readonly Output[],
  result: ReturnType<typeof analyzed>,
  env: Environment,
): Relation {
  const used = new Set(aggregated.columns.map((c) => c.name));
  const added: string[] = [];
  const columns = made.map((output, i): Column => {
    const analysis = result[aggregated.columns.length + i];
    const computed = output.value(aggregated);
    const value =
      analysis?.type === undefined || result.length !== aggregated.columns.length + made.length
        ? computed
        : fitted(computed, analysis.type);
    const id = newId(env.context);
    added.push(`${value.sql} AS ${id}`);
    return {
      name: uniqueName(used, output.name ?? analysis?.name ?? `Column${i + 1}`),
      type: value.type,
      id,
    };
  });
  if (columns.length === 0) return aggregated;
  return {
    ...aggregated,
    from: `(SELECT *, ${added.join(", ")} FROM ${aggregated.from})`,
    columns: [...aggregated.columns, ...columns],
  };
}

/** The value in the type that the analysis gives the column. */
function fitted(value: Scalar, type: Column["type"]): Scalar {
  if (value.type === type) return value;
  return value.sql.startsWith("NULL::") ? nullOf(type) : convert(value, type);
}
