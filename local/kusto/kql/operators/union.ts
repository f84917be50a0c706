import type { KustoType } from "../../catalog.ts";
import { semanticError } from "../../kustoError.ts";
import { type Environment, find, newId } from "../context.ts";
import { type Column, column, type Relation } from "../relation.ts";
import { nullOf, quoted } from "../sql.ts";
import { list, type Node, nameOf, parameters, text } from "../syntax.ts";
import { tabular } from "../tabular.ts";
import { fits, uniqueName } from "./naming.ts";
import { tableRelation } from "./sources.ts";

interface Leg {
  readonly relation: Relation;
  readonly source: string;
}

function wildcard(node: Node, env: Environment): Leg[] | undefined {
  if (node.kind === "ParenthesizedExpression" || node.kind !== "NameReference") return undefined;
  const pattern = nameOf(node);
  if (!pattern.includes("*") || env.catalog.relations.has(pattern)) return undefined;
  return [...env.catalog.relations.values()]
    .filter((table) => fits(table.name, pattern))
    .map((table) => ({ relation: tableRelation(table, env), source: table.name }));
}

/** Whether a leg names a table that isn't there, which `isfuzzy` passes over. */
function missing(node: Node, env: Environment): boolean {
  if (node.kind !== "NameReference") return false;
  const name = nameOf(node);
  return (
    find(env.scope, name) === undefined &&
    !env.catalog.relations.has(name) &&
    !env.catalog.functions.has(name)
  );
}

function legs(node: Node, input: Relation | undefined, env: Environment, fuzzy: boolean): Leg[] {
  const found: Leg[] = input === undefined ? [] : [{ relation: input, source: input.source ?? "union_arg0" }];
  for (const item of list(node, "Expressions")) {
    const tables = wildcard(item, env);
    if (tables !== undefined) {
      found.push(...tables);
      continue;
    }
    if (fuzzy && missing(item, env)) continue;
    const relation = tabular(item, env);
    found.push({ relation, source: relation.source ?? `union_arg${found.length}` });
  }
  if (found.length === 0) throw semanticError("union: no table was resolved");
  return found;
}

interface UnionColumn {
  readonly name: string;
  readonly source: string;
  readonly type: KustoType;
}

/** A column for each name and type; a name of several types gets the type appended (`query/union-operator.md`). */
function unionColumns(all: readonly Leg[], inner: boolean): UnionColumn[] {
  const found: { name: string; type: KustoType }[] = [];
  for (const { relation } of all) {
    for (const c of relation.columns) {
      if (!found.some((f) => f.name === c.name && f.type === c.type))
        found.push({ name: c.name, type: c.type });
    }
  }
  // Types of a name stand together, where the name first came up.
  const names = [...new Set(found.map((f) => f.name))];
  const everywhere = (c: { name: string; type: KustoType }) =>
    all.every(({ relation }) => relation.columns.some((x) => x.name === c.name && x.type === c.type));
  const used = new Set(names);
  return names
    .flatMap((name) => {
      const types = found.filter((f) => f.name === name);
      return types.map((f) => ({
        name: types.length > 1 ? uniqueName(used, `${name}_${f.type}`) : name,
        source: name,
        type: f.type,
      }));
    })
    .filter((c) => !inner || everywhere({ name: c.source, type: c.type }));
}

/** `union` (`query/union-operator.md`). */
export function union(node: Node, input: Relation | undefined, env: Environment): Relation {
  const options = parameters(node);
  const flag = (name: string) => {
    const value = options.get(name);
    return value === undefined ? undefined : text(value);
  };
  const all = legs(node, input, env, flag("isfuzzy")?.toLowerCase() === "true");
  const columns = unionColumns(all, flag("kind")?.toLowerCase() === "inner");
  const sourceName = options.get("withsource") ?? options.get("with_source");
  const ids = columns.map(() => newId(env.context));
  const sourceId = newId(env.context);
  const keepHidden = env.context.hidden && all.some((leg) => leg.relation.hidden !== undefined);
  const hidden = keepHidden
    ? { extent: newId(env.context, "x"), ingested: newId(env.context, "x"), cursor: newId(env.context, "x") }
    : undefined;
  const selects = all.map(({ relation, source }) => {
    const cells = columns.map((c, i) => {
      const own = column(relation, c.source);
      return `${own?.type === c.type ? own.id : nullOf(c.type).sql} AS ${ids[i]}`;
    });
    if (sourceName !== undefined) cells.unshift(`${quoted(source)} AS ${sourceId}`);
    if (hidden !== undefined) {
      cells.push(
        `${relation.hidden?.extent ?? "NULL::VARCHAR"} AS ${hidden.extent}`,
        `${relation.hidden?.ingested ?? "NULL::BIGINT"} AS ${hidden.ingested}`,
        `${relation.hidden?.cursor ?? "NULL::BIGINT"} AS ${hidden.cursor}`,
      );
    }
    return `SELECT ${cells.join(", ") || "1 AS one"} FROM ${relation.from}`;
  });
  const made: Column[] = columns.map((c, i) => ({ name: c.name, type: c.type, id: ids[i] ?? "" }));
  if (sourceName !== undefined) made.unshift({ name: nameOf(sourceName), type: "string", id: sourceId });
  return {
    from: `(${selects.join(" UNION ALL ")})`,
    columns: made,
    hidden,
    ingestionTimePolicy: all.every((leg) => leg.relation.ingestionTimePolicy),
    order: [],
  };
}
