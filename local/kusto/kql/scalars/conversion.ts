import type { KustoType } from "../../catalog.ts";
import { convert, typeName } from "../conversions.ts";
import { boolLiteral, quoted, type Scalar, scalar, stringLiteral } from "../sql.ts";
import { list, type Node, nameOf, part } from "../syntax.ts";
import type { ScalarFunction } from "./call.ts";

/** `strcat("0x", …)` of a plain text: hexadecimal for certain, which DuckDB reads by itself. */
function isHexText(node: Node | undefined): boolean {
  if (node?.kind !== "FunctionCallExpression" || nameOf(part(node, "Name")) !== "strcat") return false;
  const [prefix, digits, ...rest] = list(part(node, "ArgumentList"), "Expressions");
  if (
    prefix?.kind !== "StringLiteralExpression" ||
    rest.length > 0 ||
    digits?.kind !== "FunctionCallExpression"
  )
    return false;
  return (
    /^(['"])0x\1$/i.test((prefix.raw.toString() ?? "").trim()) && nameOf(part(digits, "Name")) === "substring"
  );
}

const to =
  (type: KustoType): ScalarFunction =>
  (call) => {
    const value = call.arg(0);
    const needsOnce = value.type === "string" && (type === "int" || type === "long" || type === "guid");
    const hex = type === "long" && isHexText(call.nodes[0]);
    return convert(
      needsOnce && !hex ? call.hoist(value) : repeated(value, type) ? call.hoist(value) : value,
      type,
      hex,
    );
  };

/** Whether the conversion writes its argument more than once. */
function repeated(value: Scalar, type: KustoType): boolean {
  if (type === "string" || type === "dynamic") {
    return ["bool", "real", "timespan", "datetime", "dynamic"].includes(value.type);
  }
  return type === "datetime" || type === "decimal" || type === "guid" || value.type === "real";
}

const parse: ScalarFunction = (call) => {
  const value = call.arg(0);
  if (value.type === "dynamic") return value;
  if (value.type !== "string") return convert(value, "dynamic");
  return scalar(`kusto_parse_json(${value.sql})`, "dynamic");
};

/** What is known of `type=id;tenant` (`query/current-principal-details-function.md`). */
function principalDetails(fqn: string): Readonly<Record<string, string>> {
  const [named = "", tenant = ""] = fqn.split(";");
  const at = named.indexOf("=");
  return {
    Authority: tenant,
    Type: named.slice(0, at),
    DisplayName: fqn,
    ObjectId: named.slice(at + 1),
    FQN: fqn,
  };
}

export const conversionFunctions: Readonly<Record<string, ScalarFunction>> = {
  tostring: to("string"),
  toint: to("int"),
  tolong: to("long"),
  todouble: to("real"),
  toreal: to("real"),
  todecimal: to("decimal"),
  tobool: to("bool"),
  toboolean: to("bool"),
  todatetime: to("datetime"),
  totimespan: to("timespan"),
  toguid: to("guid"),
  long: to("long"),
  int: to("int"),
  real: to("real"),
  double: to("real"),
  decimal: to("decimal"),
  bool: to("bool"),
  boolean: to("bool"),
  datetime: to("datetime"),
  timespan: to("timespan"),
  time: to("timespan"),
  guid: to("guid"),
  gettype: (call) => typeName(call.arg(0)),
  parse_json: parse,
  todynamic: parse,
  toobject: parse,
  parsejson: parse,
  dynamic_to_json: (call) =>
    scalar(`COALESCE(kusto_json_canonical(${call.arg(0, "dynamic").sql}), '')`, "string"),
  tohex: (call) => {
    const given = call.arg(0);
    // An int has 32 bits, also where it is negative.
    const value =
      given.type === "int" ? scalar(`(${given.sql}::BIGINT & 4294967295)`, "long") : convert(given, "long");
    const hex = `lower(to_hex(${value.sql}))`;
    const padded =
      call.nodes.length > 1
        ? `lpad(${hex}, greatest(length(${hex}), ${call.arg(1, "long").sql})::INTEGER, '0')`
        : hex;
    return scalar(`COALESCE(${padded}, '')`, "string");
  },
  isascii: (call) =>
    scalar(`regexp_full_match(${call.arg(0, "string").sql}, '[\\x00-\\x7F]*')`, "bool", false),
  isutf8: () => boolLiteral(true),
  current_database: (call) => stringLiteral(call.env.catalog.database),
  current_principal: (call) => stringLiteral(call.env.catalog.principal),
  current_principal_details: (call) =>
    scalar(quoted(JSON.stringify(principalDetails(call.env.catalog.principal))), "dynamic", false),
  current_cluster_endpoint: (call) => stringLiteral(call.env.catalog.cluster),
};
