import type { Catalog } from "../catalog.ts";
import { notSupported, semanticError } from "../kustoError.ts";
import { type Binding, type Environment, find, innerScope, over, type Scope } from "./context.ts";
import { convert } from "./conversions.ts";
import { expression } from "./expressions.ts";
import { parseFunction } from "./language.ts";
import type { Relation } from "./relation.ts";
import { typeNamed } from "./scalars/call.ts";
import type { Scalar } from "./sql.ts";
import { statements } from "./statements.ts";
import { analyzedColumns, calledBody, list, maybe, type Node, nameOf, part, text, wrap } from "./syntax.ts";
import { tabular } from "./tabular.ts";

const MAX_DEPTH = 64;

interface Parameter {
  readonly name: string;
  readonly tabular: boolean;
  readonly type: Node;
  readonly fallback: Node | undefined;
}

function parametersOf(declaration: Node): Parameter[] {
  return list(part(declaration, "Parameters"), "Parameters").map((p) => {
    const declared = part(p, "NameAndType");
    const type = part(declared, "Type");
    const fallback = maybe(p, "DefaultValue");
    return {
      name: nameOf(part(declared, "Name")),
      tabular: type.kind === "SchemaTypeExpression",
      type,
      fallback: fallback === undefined ? undefined : part(fallback, "Value"),
    };
  });
}

function bound(
  parameter: Parameter,
  argument: Node | undefined,
  caller: Environment,
  piped: Relation | undefined,
): Binding {
  if (parameter.tabular) {
    if (piped !== undefined) return { kind: "tabular", relation: () => piped };
    if (argument === undefined) throw semanticError(`The parameter '${parameter.name}' has no argument`);
    return { kind: "tabular", relation: () => tabular(argument, caller) };
  }
  const node = argument ?? parameter.fallback;
  if (node === undefined) throw semanticError(`The parameter '${parameter.name}' has no argument`);
  return { kind: "scalar", value: convert(expression(node, caller), typeNamed(text(parameter.type))) };
}

/** Arguments by position or by name. */
function bind(
  parameters: readonly Parameter[],
  args: readonly Node[],
  caller: Environment,
  piped: Relation | undefined,
  scope: Scope,
): void {
  const named = new Map<string, Node>();
  const positional: Node[] = [];
  for (const arg of args) {
    if (arg.kind === "SimpleNamedExpression") named.set(nameOf(part(arg, "Name")), part(arg, "Expression"));
    else positional.push(arg);
  }
  let used = false;
  for (const parameter of parameters) {
    const fromPipe = piped !== undefined && parameter.tabular && !used;
    if (fromPipe) used = true;
    const argument = fromPipe ? undefined : (named.get(parameter.name) ?? positional.shift());
    scope.names.set(parameter.name, bound(parameter, argument, caller, fromPipe ? piped : undefined));
  }
}

function body(node: Node, env: Environment): Scalar | Relation {
  statements(list(node, "Statements"), env);
  const result = part(node, "Expression");
  return analyzedColumns(result) === undefined ? expression(result, env) : tabular(result, env);
}

/** A function given by `let` or stored in a database, expanded where it is called (`query/functions/user-defined-functions.md`). */
export function callUserFunction(
  node: Node,
  env: Environment,
  piped?: Relation,
  catalog: Catalog = env.catalog,
): Scalar | Relation {
  const isCall = node.kind === "FunctionCallExpression";
  const name = nameOf(isCall ? part(node, "Name") : node);
  const expansion = calledBody(node);
  if (expansion === undefined) throw notSupported(`A call of '${name}' whose body the parser can't expand`);
  if (env.context.depth >= MAX_DEPTH) throw semanticError(`The function '${name}' calls itself`);
  const binding = catalog === env.catalog ? find(env.scope, name) : undefined;
  const stored = catalog.functions.get(name);
  let declaration: Node;
  let scope: Scope;
  if (binding?.kind === "function") {
    declaration = binding.declaration;
    scope = innerScope(binding.environment.scope);
  } else if (stored !== undefined) {
    declaration = wrap(parseFunction(stored.parameters, stored.body));
    scope = innerScope(undefined);
  } else {
    throw semanticError(`Unknown function: '${name}'`);
  }
  bind(
    parametersOf(declaration),
    isCall ? list(part(node, "ArgumentList"), "Expressions") : [],
    env,
    piped,
    scope,
  );
  env.context.depth++;
  try {
    const inner: Environment = {
      ...over(env, env.row?.hoist === undefined ? undefined : parameterRow(env)),
      catalog: binding?.kind === "function" ? binding.environment.catalog : catalog,
      scope,
    };
    return body(expansion, inner);
  } finally {
    env.context.depth--;
  }
}

/** Inside a function the caller's columns have no names, only its arguments do. */
function parameterRow(env: Environment): Environment["row"] {
  if (env.row === undefined) return undefined;
  return { ...env.row, relation: { ...env.row.relation, columns: [] }, aggregate: () => undefined };
}
