import { notSupported, semanticError } from "../kustoError.ts";
import { type Binding, type Environment, over } from "./context.ts";
import { convert } from "./conversions.ts";
import { expression } from "./expressions.ts";
import { literalOf } from "./literals.ts";
import type { Relation } from "./relation.ts";
import { typeNamed } from "./scalars/call.ts";
import { quoted } from "./sql.ts";
import { analyzedColumns, list, maybe, type Node, nameOf, part, text } from "./syntax.ts";
import { tabular } from "./tabular.ts";

function letBinding(node: Node, env: Environment): Binding {
  const value = part(node, "Expression");
  // What a name stands for sees the names before it, not those after.
  const environment: Environment = {
    ...over(env, undefined),
    scope: { names: new Map(env.scope.names), parent: env.scope.parent },
  };
  if (value.kind === "FunctionDeclaration") {
    const isView = maybe(value, "ViewKeyword") !== undefined;
    const inner = part(value, "Body");
    if (isView) {
      return {
        kind: "tabular",
        relation: () => {
          const own: Environment = { ...environment, scope: { names: new Map(), parent: environment.scope } };
          statements(list(inner, "Statements"), own);
          return { ...tabular(part(inner, "Expression"), own), source: nameOf(part(node, "Name")) };
        },
      };
    }
    return { kind: "function", declaration: value, environment };
  }
  if (analyzedColumns(value) === undefined) return { kind: "scalar", value: expression(value, environment) };
  let materialized: Relation | undefined;
  return {
    kind: "tabular",
    relation: () => {
      if (value.kind !== "MaterializeExpression") return tabular(value, environment);
      materialized ??= tabular(value, environment);
      return materialized;
    },
  };
}

function queryParameters(node: Node, env: Environment): void {
  for (const parameter of list(node, "Parameters")) {
    const declared = part(parameter, "NameAndType");
    const name = nameOf(part(declared, "Name"));
    const type = typeNamed(text(part(declared, "Type")));
    const given = env.context.parameters.get(name);
    const fallback = maybe(parameter, "DefaultValue");
    if (given !== undefined) {
      env.scope.names.set(name, { kind: "scalar", value: parameterValue(given, type, env) });
    } else if (fallback !== undefined) {
      env.scope.names.set(name, {
        kind: "scalar",
        value: convert(expression(part(fallback, "Value"), env), type),
      });
    } else {
      throw semanticError(`The query parameter '${name}' has no value`);
    }
  }
}

/** The value of a query parameter is the text of a literal (`query/query-parameters-statement.md`). */
function parameterValue(given: string, type: ReturnType<typeof typeNamed>, env: Environment) {
  if (type !== "string") return literalOf(type, given, env.catalog.now);
  const value = /^h?@?(['"])[\s\S]*\1$/i.test(given)
    ? (literalOf("string", given, env.catalog.now).literal ?? "")
    : given;
  return { sql: quoted(value), type, nullable: false, literal: value };
}

/** Statements before the last: `let`, `set`, `declare`. */
export function statements(nodes: readonly Node[], env: Environment): void {
  for (const node of nodes) {
    switch (node.kind) {
      case "LetStatement":
        env.scope.names.set(nameOf(part(node, "Name")), letBinding(node, env));
        break;
      case "SetOptionStatement":
        break;
      case "QueryParametersStatement":
        queryParameters(node, env);
        break;
      default:
        throw notSupported(`The statement '${text(node)}'`);
    }
  }
}
