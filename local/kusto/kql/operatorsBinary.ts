import type { KustoType } from "../catalog.ts";
import { semanticError } from "../kustoError.ts";
import { convert } from "./conversions.ts";
import { quoted, type Scalar, scalar, wrapLong } from "./sql.ts";

/** Keeps a long expression from being written twice. */
export type Hoist = (s: Scalar) => Scalar;

const NUMERIC: readonly KustoType[] = ["int", "long", "real", "decimal"];

/** The type in which two values meet (`query/numerical-operators.md`); undefined where they can't. */
export function commonType(a: KustoType, b: KustoType): KustoType | undefined {
  if (a === b) return a;
  const [x, y] = [NUMERIC.indexOf(a), NUMERIC.indexOf(b)];
  if (x >= 0 && y >= 0) return NUMERIC[Math.max(x, y)];
  if (a === "dynamic") return b;
  if (b === "dynamic") return a;
  if ((a === "guid" && b === "string") || (a === "string" && b === "guid")) return "string";
  if ((a === "bool" && NUMERIC.includes(b)) || (b === "bool" && NUMERIC.includes(a)))
    return a === "bool" ? b : a;
  return undefined;
}

function met(a: Scalar, b: Scalar, operator: string): [Scalar, Scalar, KustoType] {
  const type = commonType(a.type, b.type);
  if (type === undefined) {
    throw semanticError(
      `The operator '${operator}' is not defined for the operand types ${a.type} and ${b.type}`,
    );
  }
  return [convert(a, type), convert(b, type), type];
}

function finiteLiteral(s: Scalar): boolean {
  return s.literal !== undefined && Number.isFinite(Number(s.literal));
}

/** `a` is the number of which DuckDB, unlike Kusto, says that it is not less than itself when it is NaN. */
function notNan(s: Scalar, condition: string): string {
  return finiteLiteral(s) ? condition : `(${condition} AND NOT isnan(${s.sql}))`;
}

function equalSql(a: Scalar, b: Scalar, type: KustoType): string {
  if (type === "dynamic") {
    throw semanticError("Cannot compare values of types dynamic and dynamic. Try adding explicit casts");
  }
  const plain = `(${a.sql} = ${b.sql})`;
  if (type !== "real" || finiteLiteral(a) || finiteLiteral(b)) return plain;
  return notNan(a, plain);
}

/**
 * `==`: null only where both are null, false where one is (`query/scalar-data-types/null-values.md`).
 * Where null counts as false anyhow, `predicate` leaves the difference out.
 */
export function equal(left: Scalar, right: Scalar, predicate: boolean, hoist: Hoist): Scalar {
  const [a, b, type] = met(left, right, "==");
  const x = a.nullable ? hoist(a) : a;
  const y = b.nullable ? hoist(b) : b;
  const plain = equalSql(x, y, type);
  if (predicate || (!x.nullable && !y.nullable)) return scalar(plain, "bool", x.nullable || y.nullable);
  if (!x.nullable || !y.nullable) return scalar(`COALESCE(${plain}, false)`, "bool", false);
  return scalar(
    `CASE WHEN ${x.sql} IS NULL AND ${y.sql} IS NULL THEN NULL ELSE COALESCE(${plain}, false) END`,
    "bool",
  );
}

export function notEqual(left: Scalar, right: Scalar, predicate: boolean, hoist: Hoist): Scalar {
  const [a, b, type] = met(left, right, "!=");
  const x = a.nullable ? hoist(a) : a;
  const y = b.nullable ? hoist(b) : b;
  const plain = equalSql(x, y, type);
  if (!x.nullable && !y.nullable) return scalar(`(NOT ${plain})`, "bool", false);
  const different = `(NOT COALESCE(${plain}, false))`;
  if (!x.nullable || !y.nullable) return scalar(different, "bool", false);
  if (predicate)
    return scalar(`(${different} AND NOT (${x.sql} IS NULL AND ${y.sql} IS NULL))`, "bool", false);
  return scalar(`CASE WHEN ${x.sql} IS NULL AND ${y.sql} IS NULL THEN NULL ELSE ${different} END`, "bool");
}

export type Comparison = "<" | "<=" | ">" | ">=";

export function compare(left: Scalar, right: Scalar, operator: Comparison): Scalar {
  const [a, b, type] = met(left, right, operator);
  const nullable = a.nullable || b.nullable;
  if (type === "dynamic" || type === "bool") {
    throw semanticError(
      `The operator '${operator}' is not defined for the operand types ${left.type} and ${right.type}`,
    );
  }
  if (type === "decimal") {
    return scalar(`(kusto_decimal_key(${a.sql}) ${operator} kusto_decimal_key(${b.sql}))`, "bool", nullable);
  }
  const plain = `(${a.sql} ${operator} ${b.sql})`;
  if (type !== "real") return scalar(plain, "bool", nullable);
  // DuckDB holds NaN for the greatest number; in Kusto every comparison with it is false.
  const guarded = operator.startsWith(">") ? notNan(a, plain) : notNan(b, plain);
  return scalar(guarded, "bool", nullable);
}

export type Arithmetic = "+" | "-" | "*" | "/" | "%";

const DECIMAL_NAMES: Readonly<Record<Arithmetic, string>> = {
  "+": "add",
  "-": "subtract",
  "*": "multiply",
  "/": "divide",
  "%": "modulo",
};

const isTime = (type: KustoType) => type === "datetime" || type === "timespan";

export function arithmetic(left: Scalar, right: Scalar, operator: Arithmetic, hoist: Hoist): Scalar {
  if (isTime(left.type) || isTime(right.type)) return timeArithmetic(left, right, operator, hoist);
  let type = commonType(left.type, right.type);
  // A dynamic value is taken for a long unless the other side says more.
  if (type === "dynamic") type = "real";
  if (type === undefined || !NUMERIC.includes(type)) {
    throw semanticError(
      `The operator '${operator}' is not defined for the operand types ${left.type} and ${right.type}`,
    );
  }
  const result: KustoType = type === "int" ? "long" : type;
  const a = convert(left, result);
  const b = convert(right, result);
  const nullable = a.nullable || b.nullable;
  if (result === "decimal") {
    return scalar(`kusto_decimal_${DECIMAL_NAMES[operator]}(${a.sql}, ${b.sql})`, "decimal");
  }
  if (result === "real") {
    if (operator === "%") return realModulo(hoist(a), hoist(b));
    return scalar(`(${a.sql} ${operator} ${b.sql})`, "real", nullable);
  }
  switch (operator) {
    case "/":
      return divideLongs(a, b);
    case "%":
      return moduloLongs(a, hoist(b));
    default: {
      // In 128 bits no step overflows; then the low 64 bits are the answer.
      return scalar(wrapLong(`${a.sql}::HUGEINT ${operator} ${b.sql}::HUGEINT`), "long", nullable);
    }
  }
}

function divideLongs(a: Scalar, b: Scalar): Scalar {
  const divisor = b.literal;
  if (divisor !== undefined && divisor !== "0" && divisor !== "-1")
    return scalar(`(${a.sql} // ${b.sql})`, "long", a.nullable);
  // The smallest long divided by -1 doesn't fit in 64 bits.
  return scalar(wrapLong(`${a.sql}::HUGEINT // ${b.sql}::HUGEINT`), "long");
}

/** Never negative (`query/numerical-operators.md`). */
function moduloLongs(a: Scalar, b: Scalar): Scalar {
  const size = `abs(${b.sql}::HUGEINT)`;
  return scalar(`(((${a.sql}::HUGEINT % ${size} + ${size}) % ${size})::BIGINT)`, "long");
}

function realModulo(a: Scalar, b: Scalar): Scalar {
  const rest = `(${a.sql} % ${b.sql})`;
  return scalar(`CASE WHEN ${rest} < 0 THEN ${rest} + abs(${b.sql}) ELSE ${rest} END`, "real");
}

const MAX_TICKS = "3155378975999999999";

/** Sums of moments and spans in ticks (`query/datetime-timespan-arithmetic.md`). */
function timeArithmetic(left: Scalar, right: Scalar, operator: Arithmetic, hoist: Hoist): Scalar {
  const l = left.type;
  const r = right.type;
  const nullable = left.nullable || right.nullable;
  if (l === "datetime" && r === "datetime" && operator === "-") {
    return scalar(`(${left.sql} - ${right.sql})`, "timespan", nullable);
  }
  if (
    (l === "datetime" && r === "timespan" && (operator === "+" || operator === "-")) ||
    (l === "timespan" && r === "datetime" && operator === "+")
  ) {
    const a = hoist(left);
    const b = hoist(right);
    // Compared the other way round so that no sum leaves 64 bits; beyond the calendar there is no moment.
    const sum = `(${a.sql}::HUGEINT ${operator} ${b.sql}::HUGEINT)`;
    return scalar(`CASE WHEN ${sum} BETWEEN 0 AND ${MAX_TICKS} THEN ${sum}::BIGINT END`, "datetime");
  }
  if (l === "timespan" && r === "timespan") {
    if (operator === "+" || operator === "-") {
      return scalar(wrapLong(`${left.sql}::HUGEINT ${operator} ${right.sql}::HUGEINT`), "timespan", nullable);
    }
    if (operator === "/") return scalar(`(${left.sql}::DOUBLE / ${right.sql}::DOUBLE)`, "real", nullable);
    if (operator === "%") return { ...moduloLongs(left, hoist(right)), type: "timespan" };
  }
  if (operator === "*" && (l === "timespan") !== (r === "timespan")) {
    const span = l === "timespan" ? left : right;
    return scaledSpan(span, l === "timespan" ? right : left);
  }
  if (operator === "/" && l === "timespan") {
    if (r === "real" || r === "decimal" || r === "dynamic") {
      return scalar(
        `TRY_CAST(trunc(${left.sql}::DOUBLE / ${convert(right, "real").sql}) AS BIGINT)`,
        "timespan",
      );
    }
    if (r === "int" || r === "long")
      return { ...divideLongs(left, convert(right, "long")), type: "timespan" };
  }
  if (operator === "%" && l === "datetime" && r === "timespan")
    return { ...moduloLongs(left, hoist(right)), type: "timespan" };
  throw semanticError(`The operator '${operator}' is not defined for the operand types ${l} and ${r}`);
}

function scaledSpan(span: Scalar, factor: Scalar): Scalar {
  if (factor.type === "int" || factor.type === "long") {
    return scalar(
      wrapLong(`${span.sql}::HUGEINT * ${factor.sql}::HUGEINT`),
      "timespan",
      span.nullable || factor.nullable,
    );
  }
  return scalar(
    `TRY_CAST(trunc(${span.sql}::DOUBLE * ${convert(factor, "real").sql}) AS BIGINT)`,
    "timespan",
  );
}

/** `in` (`query/in-cs-operator.md`): an `or` of equalities. */
export function isIn(value: Scalar, candidates: readonly Scalar[], hoist: Hoist): Scalar {
  if (candidates.length === 0) return scalar("false", "bool", false);
  const dynamics = candidates.filter((c) => c.type === "dynamic");
  const others = candidates.filter((c) => c.type !== "dynamic");
  if (dynamics.length > 0) {
    const held = hoist(value);
    const element = held.type === "dynamic" ? held : convert(held, "dynamic");
    const parts = dynamics.map(
      (array) =>
        `COALESCE(kusto_set_has_element(${array.sql}, ${element.sql}), kusto_json_canonical(${array.sql}) = kusto_json_canonical(${element.sql}), false)`,
    );
    if (others.length > 0) parts.push(isIn(held, others, hoist).sql);
    return scalar(`(${parts.join(" OR ")})`, "bool", false);
  }
  const first = others[0]?.type ?? value.type;
  const type = others.reduce<KustoType | undefined>(
    (t, c) => (t === undefined ? t : commonType(t, c.type)),
    first,
  );
  const shared = type === undefined ? undefined : commonType(value.type, type);
  if (shared === undefined) {
    throw semanticError(`The operator 'in' is not defined for the operand types ${value.type} and ${first}`);
  }
  const items = others.map((c) => convert(c, shared).sql);
  const converted = convert(value, shared);
  const test = `(${converted.sql} IN (${items.join(", ")}))`;
  return converted.nullable ? scalar(`COALESCE(${test}, false)`, "bool", false) : scalar(test, "bool", false);
}

/** A text as a literal part of an RE2 pattern. */
export function escapedPattern(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/-]/g, "\\$&");
}

/** The string operators that compare a text with a term (`query/datatypes-string-operators.md`). */
export function textMatch(operator: string, left: Scalar, right: Scalar): Scalar {
  const text = convert(left, "string").sql;
  const term = convert(right, "string").sql;
  const lower = (sql: string) => `lower(${sql})`;
  switch (operator) {
    case "contains":
      return scalar(`contains(${lower(text)}, ${lower(term)})`, "bool", false);
    case "contains_cs":
      return scalar(`contains(${text}, ${term})`, "bool", false);
    case "startswith":
      return scalar(`starts_with(${lower(text)}, ${lower(term)})`, "bool", false);
    case "startswith_cs":
      return scalar(`starts_with(${text}, ${term})`, "bool", false);
    case "endswith":
      return scalar(`ends_with(${lower(text)}, ${lower(term)})`, "bool", false);
    case "endswith_cs":
      return scalar(`ends_with(${text}, ${term})`, "bool", false);
    default:
      return termMatch(operator, text, right, term);
  }
}

function termMatch(operator: string, text: string, right: Scalar, term: string): Scalar {
  const sensitive = operator.endsWith("_cs");
  const prefix = operator.startsWith("hasprefix");
  const suffix = operator.startsWith("hassuffix");
  const value = right.literal;
  if (value === undefined || value === "") {
    const mode = `${sensitive ? "c" : ""}${suffix ? "s" : ""}${prefix ? "e" : ""}`;
    return scalar(`kusto_has(${text}, ${term}, '${mode}')`, "bool", false);
  }
  const edge = /[\p{L}\p{N}]/u;
  const chars = [...value];
  const before = !suffix && edge.test(chars[0] ?? "") ? `(?:^|[^\\pL\\pN])` : "";
  const after = !prefix && edge.test(chars.at(-1) ?? "") ? `(?:$|[^\\pL\\pN])` : "";
  const pattern = `${before}${escapedPattern(value)}${after}`;
  return scalar(`regexp_matches(${text}, ${quoted(pattern)}, '${sensitive ? "cs" : "is"}')`, "bool", false);
}
