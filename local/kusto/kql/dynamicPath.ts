import { semanticError } from "../kustoError.ts";
import type { Environment } from "./context.ts";
import { convert } from "./conversions.ts";
import { expression } from "./expressions.ts";
import { literal } from "./literals.ts";
import { quoted, type Scalar, scalar } from "./sql.ts";
import { type Node, nameOf, part, text } from "./syntax.ts";

interface Step {
  readonly constant: string | number | undefined;
  readonly node: Node;
}

function stepOf(node: Node, env: Environment): Step {
  const selector = part(node, "Selector");
  if (node.kind === "PathExpression" && selector.kind === "NameReference")
    return { constant: nameOf(selector), node: selector };
  const inner = selector.kind === "BracketedExpression" ? part(selector, "Expression") : selector;
  const value = literal(inner, env.catalog.now);
  if (value?.type === "string" && value.literal !== undefined)
    return { constant: value.literal, node: inner };
  if ((value?.type === "long" || value?.type === "int") && value.literal !== undefined) {
    return { constant: Number(value.literal), node: inner };
  }
  return { constant: undefined, node: inner };
}

/** `d.a.b[0]['c']` (`query/scalar-data-types/dynamic.md`). */
export function dynamicPath(node: Node, env: Environment): Scalar {
  const steps: Step[] = [];
  let base = node;
  while (base.kind === "PathExpression" || base.kind === "ElementExpression") {
    steps.unshift(stepOf(base, env));
    base = part(base, "Expression");
  }
  let value = expression(base, env);
  if (value.type !== "dynamic")
    throw semanticError(`The element access is not defined for the type ${value.type}: '${text(node)}'`);
  let pending: (string | number)[] = [];
  const flush = () => {
    if (pending.length > 0)
      value = scalar(`kusto_json_path(${value.sql}, ${quoted(JSON.stringify(pending))})`, "dynamic");
    pending = [];
  };
  for (const step of steps) {
    if (step.constant !== undefined) {
      pending.push(step.constant);
      continue;
    }
    flush();
    value = element(value, expression(step.node, env));
  }
  flush();
  return value;
}

function element(value: Scalar, key: Scalar): Scalar {
  switch (key.type) {
    case "string":
      return scalar(`kusto_json_member(${value.sql}, ${key.sql})`, "dynamic");
    case "int":
    case "long":
    case "bool":
      return scalar(`kusto_json_element(${value.sql}, ${convert(key, "long").sql})`, "dynamic");
    case "dynamic": {
      const index = `kusto_json_element(${value.sql}, kusto_json_long(${key.sql}))`;
      return scalar(
        `CASE WHEN starts_with(${key.sql}, '"') THEN kusto_json_member(${value.sql}, kusto_json_text(${key.sql})) ELSE ${index} END`,
        "dynamic",
      );
    }
    default:
      throw semanticError(`A dynamic value can't be accessed by a value of type ${key.type}`);
  }
}
