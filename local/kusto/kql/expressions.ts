import { notSupported, semanticError } from "../kustoError.ts";
import { type Environment, find } from "./context.ts";
import { convert } from "./conversions.ts";
import { dynamicPath } from "./dynamicPath.ts";
import { callFunction } from "./functions.ts";
import { literal } from "./literals.ts";
import {
  type Arithmetic,
  arithmetic,
  type Comparison,
  compare,
  equal,
  type Hoist,
  isIn,
  notEqual,
  textMatch,
} from "./operatorsBinary.ts";
import { column, columnScalar } from "./relation.ts";
import { type Scalar, scalar } from "./sql.ts";
import { inSubquery, toScalarSubquery } from "./subqueries.ts";
import { analyzedColumns, list, type Node, nameOf, part, text } from "./syntax.ts";
import { callUserFunction } from "./userFunctions.ts";

const ARITHMETIC: Readonly<Record<string, Arithmetic>> = {
  AddExpression: "+",
  SubtractExpression: "-",
  MultiplyExpression: "*",
  DivideExpression: "/",
  ModuloExpression: "%",
};

const COMPARISON: Readonly<Record<string, Comparison>> = {
  LessThanExpression: "<",
  LessThanOrEqualExpression: "<=",
  GreaterThanExpression: ">",
  GreaterThanOrEqualExpression: ">=",
};

/** String operators by node; the ones with `Not` in the name are their negations. */
const TEXT_MATCH: Readonly<Record<string, string>> = {
  HasExpression: "has",
  HasCsExpression: "has_cs",
  HasPrefixExpression: "hasprefix",
  HasPrefixCsExpression: "hasprefix_cs",
  HasSuffixExpression: "hassuffix",
  HasSuffixCsExpression: "hassuffix_cs",
  ContainsExpression: "contains",
  ContainsCsExpression: "contains_cs",
  StartsWithExpression: "startswith",
  StartsWithCsExpression: "startswith_cs",
  EndsWithExpression: "endswith",
  EndsWithCsExpression: "endswith_cs",
};

export function hoisting(environment: Environment): Hoist {
  const hoist = environment.row?.hoist;
  return hoist === undefined ? (s) => s : (s) => ({ ...s, sql: hoist(s.sql) });
}

/** A scalar expression as SQL. */
export function expression(node: Node, env: Environment): Scalar {
  const aggregated = env.row?.aggregate?.(node);
  if (aggregated !== undefined) return aggregated;
  const constant = literal(node, env.catalog.now);
  if (constant !== undefined) return constant;
  const operator = ARITHMETIC[node.kind];
  if (operator !== undefined)
    return arithmetic(side(node, "Left", env), side(node, "Right", env), operator, hoisting(env));
  const comparison = COMPARISON[node.kind];
  if (comparison !== undefined) return compare(side(node, "Left", env), side(node, "Right", env), comparison);
  const positive = node.kind.startsWith("Not") ? node.kind.slice(3) : node.kind;
  const match = TEXT_MATCH[positive];
  if (match !== undefined) {
    const found = textMatch(match, operand(part(node, "Left"), env), side(node, "Right", env));
    return positive === node.kind ? found : scalar(`(NOT ${found.sql})`, "bool", false);
  }
  switch (node.kind) {
    case "ParenthesizedExpression":
      return expression(part(node, "Expression"), env);
    case "SimpleNamedExpression":
      return expression(part(node, "Expression"), env);
    case "NameReference":
      return reference(node, env);
    case "UnaryMinusExpression":
    case "UnaryPlusExpression":
      return signed(node, env);
    case "AndExpression":
    case "OrExpression": {
      const word = node.kind === "AndExpression" ? "AND" : "OR";
      const a = convert(side(node, "Left", env), "bool");
      const b = convert(side(node, "Right", env), "bool");
      return scalar(`(${a.sql} ${word} ${b.sql})`, "bool", a.nullable || b.nullable);
    }
    case "EqualExpression":
      return equal(side(node, "Left", env), side(node, "Right", env), false, hoisting(env));
    case "NotEqualExpression":
      return notEqual(side(node, "Left", env), side(node, "Right", env), false, hoisting(env));
    case "EqualTildeExpression":
    case "BangTildeExpression": {
      const a = convert(side(node, "Left", env), "string");
      const b = convert(side(node, "Right", env), "string");
      const same = node.kind === "EqualTildeExpression" ? "=" : "<>";
      return scalar(`(lower(${a.sql}) ${same} lower(${b.sql}))`, "bool", false);
    }
    case "MatchesRegexExpression": {
      const a = convert(side(node, "Left", env), "string");
      const b = convert(side(node, "Right", env), "string");
      return scalar(`regexp_matches(${a.sql}, ${b.sql})`, "bool", false);
    }
    case "InExpression":
    case "InCsExpression":
    case "NotInExpression":
    case "NotInCsExpression":
      return membership(node, env);
    case "HasAnyExpression":
    case "HasAllExpression":
      return hasMany(node, env);
    case "BetweenExpression":
    case "NotBetweenExpression":
      return between(node, env);
    case "PathExpression":
    case "ElementExpression":
      return dynamicPath(node, env);
    case "FunctionCallExpression":
      return callFunction(node, env);
    case "ToScalarExpression":
      return toScalarSubquery(node, env);
    default:
      throw notSupported(`The expression '${text(node)}' (${node.kind})`);
  }
}

function side(node: Node, name: "Left" | "Right", env: Environment): Scalar {
  return expression(part(node, name), env);
}

/** The left side of a string operator; `*` is any column. */
function operand(node: Node, env: Environment): Scalar {
  if (node.kind !== "StarExpression") return expression(node, env);
  const columns = env.row?.relation.columns ?? [];
  if (columns.length === 0) throw semanticError("The * syntax is not allowed here.");
  return scalar(
    `concat_ws(chr(1), ${columns.map((c) => convert(columnScalar(c), "string").sql).join(", ")})`,
    "string",
  );
}

/** A condition where null counts as false, so that plain comparisons do. */
export function predicate(node: Node, env: Environment): string {
  switch (node.kind) {
    case "ParenthesizedExpression":
      return predicate(part(node, "Expression"), env);
    case "AndExpression":
      return `(${predicate(part(node, "Left"), env)} AND ${predicate(part(node, "Right"), env)})`;
    case "OrExpression":
      return `(${predicate(part(node, "Left"), env)} OR ${predicate(part(node, "Right"), env)})`;
    case "EqualExpression":
      return equal(side(node, "Left", env), side(node, "Right", env), true, hoisting(env)).sql;
    case "NotEqualExpression":
      return notEqual(side(node, "Left", env), side(node, "Right", env), true, hoisting(env)).sql;
    default:
      return convert(expression(node, env), "bool").sql;
  }
}

function reference(node: Node, env: Environment): Scalar {
  const name = nameOf(node);
  const found = env.row === undefined ? undefined : column(env.row.relation, name);
  if (found !== undefined) return columnScalar(found);
  const binding = find(env.scope, name);
  if (binding?.kind === "scalar") return binding.value;
  if (binding?.kind === "function") {
    const result = callUserFunction(node, env);
    if ("sql" in result) return result;
  }
  if (analyzedColumns(node) !== undefined)
    throw semanticError(`A tabular expression is not expected here: '${name}'`);
  throw semanticError(`Failed to resolve scalar expression named '${name}'`);
}

function signed(node: Node, env: Environment): Scalar {
  const value = expression(part(node, "Expression"), env);
  if (node.kind === "UnaryPlusExpression") return value;
  switch (value.type) {
    case "real":
      return {
        ...value,
        sql: `(-${value.sql})`,
        literal: value.literal === undefined ? undefined : `-${value.literal}`,
      };
    case "decimal":
      return scalar(`kusto_decimal_negate(${value.sql})`, "decimal", value.nullable);
    case "int":
      return negated(value, "INTEGER");
    case "long":
    case "timespan":
      return negated(value, "BIGINT");
    case "dynamic":
      return scalar(`(-${convert(value, "real").sql})`, "real");
    default:
      throw semanticError(`The operator '-' is not defined for the operand type ${value.type}`);
  }
}

function negated(value: Scalar, physical: string): Scalar {
  const literalText =
    value.literal === undefined
      ? undefined
      : (-BigInt(value.type === "timespan" ? 0 : value.literal)).toString();
  const sql = `TRY_CAST(-(${value.sql}::HUGEINT) AS ${physical})`;
  return {
    sql,
    type: value.type,
    nullable: value.nullable,
    literal: value.type === "timespan" ? undefined : literalText,
  };
}

function membership(node: Node, env: Environment): Scalar {
  const ignoreCase = text(part(node, "Operator")).includes("~");
  const negative = node.kind.startsWith("Not");
  const left = expression(part(node, "Left"), env);
  const items = list(part(node, "Right"), "Expressions");
  const only = items[0];
  const value = ignoreCase ? lowered(left) : left;
  let found: Scalar;
  if (items.length === 1 && only !== undefined && analyzedColumns(only) !== undefined) {
    found = inSubquery(value, only, ignoreCase, env);
  } else {
    const candidates = items.map((item) => expression(item, env));
    found = isIn(value, ignoreCase ? candidates.map(lowered) : candidates, hoisting(env));
  }
  return negative ? scalar(`(NOT ${found.sql})`, "bool", found.nullable) : found;
}

function lowered(s: Scalar): Scalar {
  if (s.type === "string") return { ...s, sql: `lower(${s.sql})`, literal: undefined };
  return s.type === "dynamic" ? scalar(`lower(${s.sql})`, "dynamic") : lowered(convert(s, "string"));
}

function hasMany(node: Node, env: Environment): Scalar {
  const left = convert(operand(part(node, "Left"), env), "string");
  const word = node.kind === "HasAnyExpression" ? "OR" : "AND";
  const terms = list(part(node, "Right"), "Expressions").map((item) => {
    const term = expression(item, env);
    if (term.type !== "dynamic") return textMatch("has", left, term).sql;
    const each = `list_transform(kusto_json_expand(${term.sql}, false), lambda x: kusto_has(${left.sql}, kusto_json_text(x), ''))`;
    return word === "OR"
      ? `COALESCE(list_bool_or(${each}), false)`
      : `COALESCE(list_bool_and(${each}), true)`;
  });
  return scalar(`(${terms.join(` ${word} `)})`, "bool", false);
}

function between(node: Node, env: Environment): Scalar {
  const hoist = hoisting(env);
  const value = hoist(expression(part(node, "Left"), env));
  const range = part(node, "Right");
  const low = expression(part(range, "First"), env);
  let high = expression(part(range, "Second"), env);
  // A span as the second bound counts from the first (`query/between-operator.md`).
  if (value.type === "datetime" && high.type === "timespan") high = arithmetic(low, high, "+", hoist);
  const inside = `(${compare(value, low, ">=").sql} AND ${compare(value, high, "<=").sql})`;
  return scalar(
    node.kind === "BetweenExpression" ? inside : `(NOT ${inside})`,
    "bool",
    value.nullable || low.nullable || high.nullable,
  );
}
