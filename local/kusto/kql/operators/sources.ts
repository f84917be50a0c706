import type { Catalog, ExternalData, KustoColumn, KustoRelation, KustoType } from "../../catalog.ts";
import { notSupported, semanticError } from "../../kustoError.ts";
import { physicalType } from "../../physicalType.ts";
import { type Environment, newId, over, PendingExternal } from "../context.ts";
import { convert } from "../conversions.ts";
import { expression } from "../expressions.ts";
import { literal } from "../literals.ts";
import { arithmetic } from "../operatorsBinary.ts";
import { type Column, computed, emptyRelation, type Relation } from "../relation.ts";
import { typeNamed } from "../scalars/call.ts";
import { identifier, nullOf, type Scalar } from "../sql.ts";
import { list, maybe, type Node, nameOf, part, text } from "../syntax.ts";
import { analyzed, unnamed } from "./naming.ts";

/** A table of the catalog. What the storage keeps beside its columns comes along where the query asks for it. */
export function tableRelation(table: KustoRelation, env: Environment): Relation {
  const columns = table.columns.map((c): Column => ({ name: c.name, type: c.type, id: newId(env.context) }));
  const selected = columns.map((c) => `${identifier(c.name)} AS ${c.id}`);
  let hidden: Relation["hidden"];
  if (table.hidden && env.context.hidden) {
    hidden = {
      extent: newId(env.context, "x"),
      ingested: newId(env.context, "x"),
      cursor: newId(env.context, "x"),
    };
    selected.push(
      `"$extent" AS ${hidden.extent}`,
      `"$ingested" AS ${hidden.ingested}`,
      `"$cursor" AS ${hidden.cursor}`,
    );
  }
  return {
    from: `(SELECT ${selected.join(", ") || "1 AS one"} FROM ${table.from})`,
    columns,
    hidden,
    ingestionTimePolicy: table.ingestionTimePolicy,
    order: [],
    source: table.name,
  };
}

function schema(node: Node): KustoColumn[] {
  return list(part(node, "Schema"), "Columns").map((c) => ({
    name: nameOf(part(c, "Name")),
    type: typeNamed(text(part(c, "Type"))),
  }));
}

/** `datatable` (`query/datatable-operator.md`). */
export function dataTable(node: Node, env: Environment): Relation {
  const columns = schema(node);
  const values = list(node, "Values").map(
    (v) => literal(v, env.catalog.now) ?? expression(v, over(env, undefined)),
  );
  if (columns.length === 0 || values.length % columns.length !== 0) {
    throw semanticError("datatable: the number of values is no multiple of the number of columns");
  }
  if (values.length === 0) return emptyRelation(env.context, columns);
  const rows: string[] = [];
  for (let i = 0; i < values.length; i += columns.length) {
    const cells = columns.map((c, j) => cell(values[i + j] ?? nullOf(c.type), c.type));
    rows.push(`(${cells.join(", ")})`);
  }
  const made = columns.map((c): Column => ({ ...c, id: newId(env.context) }));
  return computed(
    `(SELECT * FROM (VALUES ${rows.join(", ")}) AS given(${made.map((c) => c.id).join(", ")}))`,
    made,
  );
}

function cell(value: Scalar, type: KustoType): string {
  const converted = value.sql.startsWith("NULL::") ? nullOf(type) : convert(value, type);
  return `${converted.sql}::${physicalType(type)}`;
}

/** `print` (`query/print-operator.md`). */
export function print(node: Node, env: Environment): Relation {
  const names = analyzed(node);
  const nodes = list(node, "Expressions");
  if (names.length !== nodes.length) throw notSupported("An expression of several columns in print");
  const columns: Column[] = [];
  const sql = nodes.map((n, i) => {
    const computedValue = expression(unnamed(n), over(env, undefined));
    const type = names[i]?.type;
    const value = type === undefined ? computedValue : convert(computedValue, type);
    const id = newId(env.context);
    columns.push({ name: names[i]?.name ?? "", type: value.type, id });
    return `${value.sql} AS ${id}`;
  });
  return computed(`(SELECT ${sql.join(", ")})`, columns);
}

/** `range x from a to b step s` (`query/range-operator.md`). */
export function range(node: Node, env: Environment): Relation {
  const column = analyzed(node)[0];
  const outer = over(env, undefined);
  const from = expression(part(node, "From"), outer);
  const type = column?.type ?? from.type;
  const first = convert(from, type === "int" ? "long" : type);
  const last = convert(expression(part(node, "To"), outer), first.type);
  const step = expression(part(node, "Step"), outer);
  const id = newId(env.context);
  const columns: Column[] = [{ name: column?.name ?? "", type, id }];
  switch (first.type) {
    case "long":
    case "datetime":
    case "timespan": {
      const by = first.type === "long" ? convert(step, "long") : step;
      const value = `i::${physicalType(type)}`;
      return computed(
        `(SELECT ${value} AS ${id} FROM generate_series(${first.sql}, ${last.sql}, ${by.sql}::BIGINT) AS steps(i))`,
        columns,
      );
    }
    case "real": {
      const by = convert(step, "real").sql;
      const count = `floor((${last.sql} - ${first.sql}) / ${by})::BIGINT`;
      const value = arithmetic(
        first,
        { sql: `(i * ${by})`, type: "real", nullable: false },
        "+",
        (s) => s,
      ).sql;
      return computed(`(SELECT ${value} AS ${id} FROM range(0, ${count} + 1) AS steps(i))`, columns);
    }
    default:
      throw semanticError(`range: the type ${first.type} can't be stepped through`);
  }
}

function constant(node: Node, env: Environment): string {
  const value = expression(node, over(env, undefined));
  if (value.literal === undefined) throw semanticError(`A constant is expected: '${text(node)}'`);
  return value.literal;
}

/** `externaldata` (`query/externaldata-operator.md`), read through the catalog. */
export function externalData(node: Node, env: Environment): Relation {
  const properties: Record<string, string> = {};
  const withClause = maybe(node, "WithClause");
  if (withClause !== undefined) {
    for (const [name, value] of parametersAsWritten(withClause)) properties[name] = constant(value, env);
  }
  const data: ExternalData = {
    columns: schema(node),
    sources: list(node, "URIs").map((uri) => constant(uri, env)),
    properties,
  };
  const key = JSON.stringify([env.catalog.cluster, env.catalog.database, data]);
  const relation = env.context.externals.get(key);
  if (relation === undefined) throw new PendingExternal(key, data, env.catalog);
  return tableRelation(
    {
      name: "externaldata",
      columns: data.columns,
      from: relation,
      hidden: false,
      ingestionTimePolicy: false,
    },
    env,
  );
}

function parametersAsWritten(node: Node): [string, Node][] {
  return list(node, "Properties").map((p) => [nameOf(part(p, "Name")), part(p, "Expression")]);
}

/** A cluster's name without the scheme that may stand before it. */
export function hostOf(cluster: string): string {
  return cluster
    .replace(/^https?:\/\//i, "")
    .replace(/\/$/, "")
    .toLowerCase();
}

/** The catalog that `database("…")`, after an optional `cluster("…")`, names. */
export function databaseCatalog(node: Node, env: Environment): Catalog {
  if (node.kind === "PathExpression") {
    const cluster = part(node, "Expression");
    const name = constant(firstArgument(cluster), env);
    if (hostOf(name) !== hostOf(env.catalog.cluster))
      throw notSupported(`A query to another cluster ('${name}')`);
    return databaseCatalog(part(node, "Selector"), env);
  }
  const name = constant(firstArgument(node), env);
  if (name === env.catalog.database) return env.catalog;
  const sibling = env.catalog.sibling(name);
  if (sibling === undefined) throw semanticError(`Failed to resolve database named '${name}'`);
  return sibling;
}

export function firstArgument(call: Node): Node {
  const argument = list(part(call, "ArgumentList"), "Expressions")[0];
  if (argument === undefined) throw semanticError(`The function '${text(call)}' expects an argument`);
  return argument;
}

export function isDatabaseCall(node: Node): boolean {
  if (node.kind === "PathExpression") return isDatabaseCall(part(node, "Selector"));
  return node.kind === "FunctionCallExpression" && nameOf(part(node, "Name")) === "database";
}
