import type { KustoType } from "../../catalog.ts";
import { semanticError } from "../../kustoError.ts";
import { convert } from "../conversions.ts";
import { commonType, compare } from "../operatorsBinary.ts";
import { nullOf, type Scalar, scalar } from "../sql.ts";
import type { Call, ScalarFunction } from "./call.ts";

/** The type that alternatives share; unlike ones become dynamic. */
export function sharedType(values: readonly Scalar[]): KustoType {
  const typed = values.filter((v) => !v.sql.startsWith("NULL::"));
  const considered = typed.length > 0 ? typed : values;
  let type = considered[0]?.type ?? "dynamic";
  for (const value of considered) {
    if (value.type === type) continue;
    const number = (t: KustoType) => t === "int" || t === "long" || t === "real" || t === "decimal";
    const common = number(value.type) && number(type) ? commonType(type, value.type) : undefined;
    type = common ?? "dynamic";
  }
  return type;
}

function choose(
  branches: readonly { readonly when: string; readonly value: Scalar }[],
  otherwise: Scalar,
): Scalar {
  const values = [...branches.map((b) => b.value), otherwise];
  const type = sharedType(values);
  const converted = values.map((v) => (v.sql.startsWith("NULL::") ? nullOf(type) : convert(v, type)));
  const cases = branches.map((b, i) => `WHEN ${b.when} THEN ${converted[i]?.sql ?? ""}`);
  const last = converted.at(-1) ?? nullOf(type);
  return scalar(
    `CASE ${cases.join(" ")} ELSE ${last.sql} END`,
    type,
    converted.some((v) => v.nullable),
  );
}

const iff: ScalarFunction = (call) =>
  choose([{ when: call.arg(0, "bool").sql, value: call.arg(1) }], call.arg(2));

const caseOf: ScalarFunction = (call) => {
  const args = call.args();
  const otherwise = args.at(-1);
  if (otherwise === undefined || args.length % 2 === 0) {
    throw semanticError("case(): the function expects pairs of predicates and values, and a default");
  }
  const branches = [];
  for (let i = 0; i + 1 < args.length; i += 2) {
    const [when, then] = [args[i], args[i + 1]];
    if (when !== undefined && then !== undefined)
      branches.push({ when: convert(when, "bool").sql, value: then });
  }
  return choose(branches, otherwise);
};

/** The first value that isn't null, or empty where they are strings (`query/coalesce-function.md`). */
const coalesce: ScalarFunction = (call) => {
  const values = call.args();
  const type = sharedType(values);
  const converted = values.map((v) => convert(v, type));
  if (type === "string") {
    return scalar(`COALESCE(${converted.map((v) => `NULLIF(${v.sql}, '')`).join(", ")}, '')`, "string");
  }
  return scalar(
    `COALESCE(${converted.map((v) => v.sql).join(", ")})`,
    type,
    converted.every((v) => v.nullable),
  );
};

function emptyTest(s: Scalar): string {
  switch (s.type) {
    case "string":
      return `(${s.sql} = '')`;
    case "dynamic":
      return `(${s.sql} IS NULL OR ${s.sql} = '""')`;
    default:
      return s.nullable ? `(${s.sql} IS NULL)` : "false";
  }
}

function nullTest(s: Scalar): string {
  return s.type === "string" || !s.nullable ? "false" : `(${s.sql} IS NULL)`;
}

const test =
  (f: (s: Scalar) => string, negative: boolean): ScalarFunction =>
  (call) =>
    scalar(negative ? `(NOT ${f(call.hoist(call.arg(0)))})` : f(call.hoist(call.arg(0))), "bool", false);

/** `max_of()`, `min_of()`: nulls don't count (`query/max-of-function.md`). */
function extreme(call: Call, operator: ">" | "<"): Scalar {
  const values = call.args();
  const type = sharedType(values);
  return values
    .map((v) => convert(v, type))
    .reduce((best, value) => {
      const [a, b] = [call.hoist(best), call.hoist(value)];
      return scalar(
        `CASE WHEN ${a.sql} IS NULL THEN ${b.sql} WHEN ${b.sql} IS NULL THEN ${a.sql} WHEN ${compare(b, a, operator).sql} THEN ${b.sql} ELSE ${a.sql} END`,
        type,
        a.nullable && b.nullable,
      );
    });
}

export const conditionalFunctions: Readonly<Record<string, ScalarFunction>> = {
  iff,
  iif: iff,
  case: caseOf,
  coalesce,
  isnull: test(nullTest, false),
  isnotnull: test(nullTest, true),
  notnull: test(nullTest, true),
  isempty: test(emptyTest, false),
  isnotempty: test(emptyTest, true),
  notempty: test(emptyTest, true),
  not: (call) => {
    const value = call.arg(0, "bool");
    return scalar(`(NOT ${value.sql})`, "bool", value.nullable);
  },
  max_of: (call) => extreme(call, ">"),
  min_of: (call) => extreme(call, "<"),
};
