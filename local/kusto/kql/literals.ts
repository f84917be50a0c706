import type { KustoType } from "../catalog.ts";
import { notSupported, semanticError, syntaxError } from "../kustoError.ts";
import { datetimeTicks } from "./datetimeText.ts";
import { canonicalDecimal } from "./decimal.ts";
import { guidText } from "./guidText.ts";
import { JSON_NULL, type Json, jsonString, printJson } from "./json.ts";
import { stringLiteralValue } from "./language.ts";
import { bigintSql, boolLiteral, nullOf, quoted, type Scalar, stringLiteral } from "./sql.ts";
import { children, list, type Node, part, text } from "./syntax.ts";
import { timespanTicks } from "./timespanText.ts";
import { datetimeText, decimalText, parseDecimal, realText, realValue, timespanText } from "./values.ts";

/** What stands in the parentheses of `long(…)`, `datetime(…)` and the like, or the whole token. */
function inner(token: string): string {
  const match = /^[A-Za-z_]\w*\s*\(([\s\S]*)\)$/.exec(token.trim());
  if (match === null) return token.trim();
  const value = (match[1] ?? "").trim();
  return /^h?@?(['"])[\s\S]*\1$/i.test(value) ? stringLiteralValue(value) : value;
}

function integerText(value: string): bigint | undefined {
  const match = /^([+-])?\s*(0x[0-9a-f]+|\d+)$/i.exec(value);
  if (match === null) return undefined;
  const size = BigInt(match[2] ?? "0");
  return match[1] === "-" ? -size : size;
}

export function ticksLiteral(ticks: bigint, type: "datetime" | "timespan"): Scalar {
  return {
    sql: bigintSql(ticks),
    type,
    nullable: false,
    literal: type === "datetime" ? datetimeText(ticks) : timespanText(ticks),
  };
}

/** A real as SQL. DuckDB reads the shortest text back as the same number. */
export function realLiteral(value: number): Scalar {
  return { sql: `('${realText(value)}'::DOUBLE)`, type: "real", nullable: false, literal: realText(value) };
}

/** A value of a type, from the text that stands for it in a query. */
export function literalOf(type: KustoType, token: string, now: bigint): Scalar {
  const value = inner(token);
  if (value.toLowerCase() === "null" && type !== "string") return nullOf(type);
  const bad = () => syntaxError(`Expected a ${type} literal, found: ${token}`);
  switch (type) {
    case "bool": {
      const lower = value.toLowerCase();
      if (lower === "true" || lower === "1") return boolLiteral(true);
      if (lower === "false" || lower === "0") return boolLiteral(false);
      throw bad();
    }
    case "int":
    case "long": {
      const number = integerText(value);
      if (number === undefined) throw bad();
      const bits = type === "int" ? 32 : 64;
      // A hexadecimal literal gives the bits, a decimal one has to fit.
      const wrapped = BigInt.asIntN(bits, number);
      if (wrapped !== number && !/0x/i.test(value)) throw bad();
      const sql = type === "int" ? `((${wrapped})::INTEGER)` : bigintSql(wrapped);
      return { sql, type, nullable: false, literal: wrapped.toString() };
    }
    case "real": {
      const number = realValue(value);
      if (number === undefined) throw bad();
      return realLiteral(number);
    }
    case "decimal": {
      const number = canonicalDecimal(value);
      if (number === undefined) throw bad();
      return { sql: quoted(number), type, nullable: false, literal: number };
    }
    case "datetime": {
      if (value === "") return ticksLiteral(now, "datetime");
      const ticks = datetimeTicks(value);
      if (ticks === undefined) throw bad();
      return ticksLiteral(ticks, "datetime");
    }
    case "timespan": {
      const ticks = timespanTicks(value);
      if (ticks === undefined) throw bad();
      return ticksLiteral(ticks, "timespan");
    }
    case "guid": {
      const guid = guidText(value);
      if (guid === undefined) throw bad();
      return { sql: quoted(guid), type, nullable: false, literal: guid };
    }
    case "string":
      return stringLiteral(stringLiteralValue(token));
    case "dynamic":
      throw bad();
  }
}

const LITERAL_TYPES: Readonly<Record<string, KustoType>> = {
  BooleanLiteralExpression: "bool",
  IntLiteralExpression: "int",
  LongLiteralExpression: "long",
  RealLiteralExpression: "real",
  DecimalLiteralExpression: "decimal",
  DateTimeLiteralExpression: "datetime",
  TimespanLiteralExpression: "timespan",
  GuidLiteralExpression: "guid",
  StringLiteralExpression: "string",
};

/** A literal node; undefined for other nodes. */
export function literal(node: Node, now: bigint): Scalar | undefined {
  if (node.kind === "CompoundStringLiteralExpression") {
    return stringLiteral(
      list(node, "Tokens")
        .map((token) => stringLiteralValue(text(token)))
        .join(""),
    );
  }
  if (node.kind === "DynamicExpression") return dynamicLiteral(part(node, "Expression"), now);
  const type = LITERAL_TYPES[node.kind];
  return type === undefined ? undefined : literalOf(type, text(node), now);
}

function dynamicLiteral(node: Node, now: bigint): Scalar {
  const value = jsonOf(node, now);
  if (value.kind === "null") return nullOf("dynamic");
  const printed = printJson(value);
  return { sql: quoted(printed), type: "dynamic", nullable: false, literal: printed };
}

/** The value of a literal inside `dynamic(…)` (`query/scalar-data-types/dynamic.md`). */
function jsonOf(node: Node, now: bigint): Json {
  switch (node.kind) {
    case "JsonObjectExpression": {
      const entries = list(node, "Pairs").map((pair): [string, Json] => [
        stringLiteralValue(text(part(pair, "Name"))),
        jsonOf(part(pair, "Value"), now),
      ]);
      return { kind: "object", entries: [...new Map(entries)] };
    }
    case "JsonArrayExpression":
      return { kind: "array", items: list(node, "Values").map((item) => jsonOf(item, now)) };
    case "NullLiteralExpression":
      return JSON_NULL;
    case "DynamicExpression":
      return jsonOf(part(node, "Expression"), now);
    case "UnaryMinusExpression": {
      const value = jsonOf(part(node, "Expression"), now);
      if (value.kind !== "number") throw syntaxError(`Not a dynamic literal: ${text(node)}`);
      return { kind: "number", text: `-${value.text}` };
    }
    default:
      break;
  }
  const value = literal(node, now);
  if (value === undefined) {
    if (children(node).length === 1 && node.kind === "ParenthesizedExpression")
      return jsonOf(part(node, "Expression"), now);
    throw notSupported(`The dynamic literal '${text(node)}'`);
  }
  if (value.literal === undefined) return JSON_NULL;
  switch (value.type) {
    case "bool":
      return { kind: "bool", value: value.literal === "true" };
    case "int":
    case "long":
      return { kind: "number", text: value.literal };
    case "real":
      return numberToken(text(node), value.literal);
    case "decimal": {
      const number = parseDecimal(value.literal);
      if (number === undefined) throw semanticError(`Not a decimal: ${text(node)}`);
      return jsonString(decimalText(number));
    }
    default:
      return jsonString(value.literal);
  }
}

function numberToken(written: string, value: string): Json {
  if (/^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:e[+-]?\d+)?$/i.test(written)) return { kind: "number", text: written };
  return Number.isFinite(Number(value)) ? { kind: "number", text: value } : jsonString(value);
}
