import { type KustoError, notSupported, semanticError } from "../kustoError.ts";
import { type Environment, find, innerScope, newId } from "./context.ts";
import { expression } from "./expressions.ts";
import { distinct, extend, getSchema, project, rename, reorder, selectColumns } from "./operators/columns.ts";
import { mvApply, mvExpand } from "./operators/expand.ts";
import { join, lookup } from "./operators/join.ts";
import { parse } from "./operators/parse.ts";
import { count, sample, sort, take, top, where } from "./operators/rows.ts";
import {
  databaseCatalog,
  dataTable,
  externalData,
  firstArgument,
  isDatabaseCall,
  print,
  range,
  tableRelation,
} from "./operators/sources.ts";
import { summarize } from "./operators/summarize.ts";
import { union } from "./operators/union.ts";
import type { Relation } from "./relation.ts";
import { list, type Node, nameOf, part, text } from "./syntax.ts";
import { callUserFunction } from "./userFunctions.ts";

/** A tabular expression as a relation. */
export function tabular(node: Node, env: Environment): Relation {
  const standalone: Environment = { ...env, row: undefined };
  switch (node.kind) {
    case "ParenthesizedExpression":
      return tabular(part(node, "Expression"), env);
    case "PipeExpression":
      return piped(part(node, "Operator"), tabular(part(node, "Expression"), env), standalone);
    case "NameReference":
      return named(node, standalone);
    case "FunctionCallExpression":
      return tableFunction(node, standalone);
    case "PathExpression":
      return qualified(node, standalone);
    case "DataTableExpression":
      return dataTable(node, standalone);
    case "ExternalDataExpression":
      return externalData(node, standalone);
    case "MaterializeExpression":
      return materialize(part(node, "Expression"), standalone);
    case "PrintOperator":
      return print(node, standalone);
    case "RangeOperator":
      return range(node, standalone);
    case "UnionOperator":
      return union(node, undefined, standalone);
    case "SearchOperator":
    case "FindOperator":
    case "MacroExpandOperator":
      throw operatorNotSupported(node);
    default:
      throw notSupported(`The tabular expression '${text(node)}' (${node.kind})`);
  }
}

/** What operators have worked on is no table any more whose name `withsource` could give. */
function piped(node: Node, input: Relation, env: Environment): Relation {
  const result = operator(node, input, env);
  return node.kind === "AsOperator" ? result : { ...result, source: undefined };
}

function named(node: Node, env: Environment): Relation {
  const name = nameOf(node);
  const binding = find(env.scope, name);
  if (binding?.kind === "tabular") return binding.relation();
  if (binding?.kind === "function") return tableOf(callUserFunction(node, env), name);
  const table = env.catalog.relations.get(name);
  if (table !== undefined) return tableRelation(table, env);
  if (env.catalog.functions.has(name)) return tableOf(callUserFunction(node, env), name);
  throw semanticError(`Failed to resolve table or column expression named '${name}'`);
}

function tableOf(result: ReturnType<typeof callUserFunction>, name: string): Relation {
  if ("sql" in result)
    throw semanticError(`The function '${name}' returns a scalar, a table is expected here`);
  return result;
}

function tableFunction(node: Node, env: Environment): Relation {
  const name = nameOf(part(node, "Name"));
  if (find(env.scope, name) === undefined && name === "table") {
    const wanted = expression(firstArgument(node), env).literal;
    const table = wanted === undefined ? undefined : env.catalog.relations.get(wanted);
    if (table === undefined)
      throw semanticError(`Failed to resolve table expression named '${wanted ?? text(node)}'`);
    return tableRelation(table, env);
  }
  const binding = find(env.scope, name);
  // A view has parentheses where it is called, and nothing in them.
  if (binding?.kind === "tabular" && list(part(node, "ArgumentList"), "Expressions").length === 0)
    return binding.relation();
  return tableOf(callUserFunction(node, env), name);
}

/** `database("x").T`, `cluster("c").database("x").T` (`query/cross-cluster-or-database-queries.md`). */
function qualified(node: Node, env: Environment): Relation {
  const base = part(node, "Expression");
  if (!isDatabaseCall(base)) throw notSupported(`The tabular expression '${text(node)}'`);
  const catalog = databaseCatalog(base, env);
  const selector = part(node, "Selector");
  const there: Environment = { ...env, catalog, scope: innerScope(undefined) };
  if (selector.kind === "FunctionCallExpression") {
    const name = nameOf(part(selector, "Name"));
    if (name === "table") return tableFunction(selector, there);
    return tableOf(callUserFunction(selector, env, undefined, catalog), name);
  }
  const name = nameOf(selector);
  const table = catalog.relations.get(name);
  if (table !== undefined) return tableRelation(table, there);
  if (catalog.functions.has(name)) return tableOf(callUserFunction(selector, env, undefined, catalog), name);
  throw semanticError(`Failed to resolve table or column expression named '${name}'`);
}

/** Computed once however often it is used (`query/materialize-function.md`). */
function materialize(node: Node, env: Environment): Relation {
  const relation = tabular(node, env);
  const name = newId(env.context, "m");
  env.context.ctes.push({ name, sql: `SELECT * FROM ${relation.from}` });
  return { ...relation, from: name };
}

/** One operator over its input. */
export function operator(node: Node, input: Relation, env: Environment): Relation {
  switch (node.kind) {
    case "FilterOperator":
      return where(node, input, env);
    case "ExtendOperator":
    case "SerializeOperator":
      return list(node, "Expressions").length === 0 ? input : extend(node, input, env);
    case "ProjectOperator":
      return project(node, input, env);
    case "ProjectAwayOperator":
      return selectColumns(node, input, false);
    case "ProjectKeepOperator":
      return selectColumns(node, input, true);
    case "ProjectRenameOperator":
      return rename(node, input);
    case "ProjectReorderOperator":
      return reorder(node, input);
    case "DistinctOperator":
      return distinct(node, input, env);
    case "CountOperator":
      return count(node, input, env);
    case "TakeOperator":
      return take(node, input, env);
    case "SampleOperator":
      return sample(node, input, env);
    case "SortOperator":
      return sort(node, input, env);
    case "TopOperator":
      return top(node, input, env);
    case "SummarizeOperator":
      return summarize(node, input, env);
    case "JoinOperator":
      return join(node, input, env);
    case "LookupOperator":
      return lookup(node, input, env);
    case "UnionOperator":
      return union(node, input, env);
    case "MvExpandOperator":
      return mvExpand(node, input, env);
    case "MvApplyOperator":
      return mvApply(node, input, env);
    case "ParseOperator":
      return parse(node, input, env, false);
    case "ParseWhereOperator":
      return parse(node, input, env, true);
    case "GetSchemaOperator":
      return getSchema(input, env);
    case "AsOperator": {
      env.scope.names.set(nameOf(part(node, "Name")), { kind: "tabular", relation: () => input });
      return { ...input, source: nameOf(part(node, "Name")) };
    }
    case "InvokeOperator": {
      const call = part(node, "Function");
      return tableOf(callUserFunction(call, env, input), nameOf(part(call, "Name")));
    }
    case "RenderOperator":
      env.context.visualization = text(part(node, "ChartType"));
      return input;
    default:
      throw operatorNotSupported(node);
  }
}

/** The refusal of an operator, which is named as the query writes it. */
export function operatorNotSupported(node: Node): KustoError {
  return notSupported(`The operator '${/^[\w-]+/.exec(text(node))?.[0] ?? node.kind}'`);
}

/** The operators of a subquery that takes its rows from around it, as in `mv-apply`. */
export function pipeOperators(node: Node, input: Relation, env: Environment): Relation {
  switch (node.kind) {
    case "ParenthesizedExpression":
      return pipeOperators(part(node, "Expression"), input, env);
    case "PipeExpression":
      return operator(part(node, "Operator"), pipeOperators(part(node, "Expression"), input, env), env);
    default:
      return operator(node, input, env);
  }
}
