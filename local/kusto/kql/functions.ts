import { notSupported, semanticError } from "../kustoError.ts";
import { type Environment, find } from "./context.ts";
import { convert } from "./conversions.ts";
import { expression, hoisting } from "./expressions.ts";
import { columnScalar } from "./relation.ts";
import type { Call, ScalarFunction } from "./scalars/call.ts";
import { conditionalFunctions } from "./scalars/conditional.ts";
import { conversionFunctions } from "./scalars/conversion.ts";
import { dynamicScalars } from "./scalars/dynamics.ts";
import { hashScalars } from "./scalars/hashes.ts";
import { mathFunctions } from "./scalars/math.ts";
import { rowFunctions } from "./scalars/rows.ts";
import { stringFunctions } from "./scalars/strings.ts";
import { timeScalars } from "./scalars/time.ts";
import { windowFunctions } from "./scalars/windows.ts";
import type { Scalar } from "./sql.ts";
import { list, type Node, nameOf, part } from "./syntax.ts";
import { callUserFunction } from "./userFunctions.ts";

const functions = new Map<string, ScalarFunction>([
  ...Object.entries(conditionalFunctions),
  ...Object.entries(conversionFunctions),
  ...Object.entries(dynamicScalars),
  ...Object.entries(hashScalars),
  ...Object.entries(mathFunctions),
  ...Object.entries(rowFunctions),
  ...Object.entries(stringFunctions),
  ...Object.entries(timeScalars),
  ...Object.entries(windowFunctions),
]);

/** Arguments of a call; `*` stands for every column. */
function argumentNodes(node: Node): Node[] {
  return list(part(node, "ArgumentList"), "Expressions");
}

/** The call of a built-in, stored or `let` function in a scalar expression. */
export function callFunction(node: Node, env: Environment): Scalar {
  const name = nameOf(part(node, "Name"));
  const binding = find(env.scope, name);
  if (binding?.kind === "function" || env.catalog.functions.has(name)) {
    const result = callUserFunction(node, env);
    if ("sql" in result) return result;
    throw semanticError(`The function '${name}' returns a table, a scalar is expected here`);
  }
  const known = functions.get(name.toLowerCase() === name ? name : name.toLowerCase());
  if (known === undefined) throw notSupported(`The function '${name}()'`);
  const nodes = argumentNodes(node);
  const call: Call = {
    name,
    nodes,
    env,
    hoist: hoisting(env),
    args: () => nodes.flatMap((n) => (n.kind === "StarExpression" ? everyColumn(env) : [expression(n, env)])),
    arg: (index, type) => {
      const argument = nodes[index];
      if (argument === undefined) throw semanticError(`The function '${name}' expects more arguments`);
      const value = expression(argument, env);
      return type === undefined ? value : convert(value, type);
    },
  };
  return known(call);
}

function everyColumn(env: Environment): Scalar[] {
  return (env.row?.relation.columns ?? []).map(columnScalar);
}
