import type { KustoType } from "../../catalog.ts";
import { notSupported, semanticError } from "../../kustoError.ts";
import { type Environment, newId, over } from "../context.ts";
import { convert } from "../conversions.ts";
import { expression } from "../expressions.ts";
import { type Column, extended, hoistingRow, type Relation, requiredColumn } from "../relation.ts";
import { list, type Node, nameOf, part } from "../syntax.ts";
import { analyzed, fits, givenName, uniqueName, unnamed } from "./naming.ts";

/** Computes expressions over a relation as further columns; plain references stay the column they are. */
export function computeColumns(
  relation: Relation,
  nodes: readonly Node[],
  types: readonly (KustoType | undefined)[],
  env: Environment,
): { relation: Relation; columns: { id: string; type: KustoType }[] } {
  const { row, relation: withHoisted } = hoistingRow(env.context, relation);
  const added: { id: string; sql: string }[] = [];
  const columns = nodes.map((node, i) => {
    if (node.kind === "CompoundNamedExpression") throw notSupported("Several names for one expression");
    const computed = expression(unnamed(node), over(env, row));
    const wanted = types[i];
    const value = wanted === undefined ? computed : convert(computed, wanted);
    const existing = relation.columns.find((c) => c.id === value.sql);
    if (existing !== undefined) return { id: existing.id, type: existing.type };
    const id = newId(env.context);
    added.push({ id, sql: value.sql });
    return { id, type: value.type };
  });
  return { relation: extended(withHoisted(), added), columns };
}

/** `project` (`query/project-operator.md`). */
export function project(node: Node, input: Relation, env: Environment): Relation {
  const nodes = list(node, "Expressions");
  const names = analyzed(node);
  if (names.length !== nodes.length) throw notSupported("An expression of several columns in project");
  const made = computeColumns(
    input,
    nodes,
    names.map((n) => n.type),
    env,
  );
  const columns = made.columns.map((c, i) => ({ ...c, name: names[i]?.name ?? "" }));
  return { ...made.relation, columns, source: undefined };
}

/** `extend`: columns of the same name are removed, the new ones appended (`query/extend-operator.md`). */
export function extend(node: Node, input: Relation, env: Environment): Relation {
  const nodes = list(node, "Expressions");
  // A bare reference adds nothing.
  const adding = nodes.filter(
    (n) => n.kind !== "NameReference" || !input.columns.some((c) => c.name === nameOf(n)),
  );
  const result = analyzed(node);
  const given = new Set(adding.flatMap((n) => givenName(n) ?? []));
  const generated = result.filter((c) => !given.has(c.name) && !input.columns.some((i) => i.name === c.name));
  const names = adding.map((n) => givenName(n) ?? generated.shift()?.name ?? "");
  const types = names.map((name) => result.find((c) => c.name === name)?.type);
  const made = computeColumns(input, adding, types, env);
  const kept = input.columns.filter((c) => !names.includes(c.name));
  const added = made.columns.map((c, i) => ({ ...c, name: names[i] ?? "" }));
  return { ...made.relation, columns: [...kept, ...added], source: undefined };
}

/** `project-away`, `project-keep` (`query/project-away-operator.md`, `query/project-keep-operator.md`). */
export function selectColumns(node: Node, input: Relation, keep: boolean): Relation {
  const patterns = list(node, "Expressions").map(nameOf);
  for (const pattern of patterns) if (!pattern.includes("*")) requiredColumn(input, pattern);
  const columns = input.columns.filter((c) => patterns.some((p) => fits(c.name, p)) === keep);
  return { ...input, columns, source: undefined };
}

/** `project-rename` (`query/project-rename-operator.md`). */
export function rename(node: Node, input: Relation): Relation {
  const renamed = new Map<string, string>();
  for (const item of list(node, "Expressions")) {
    const from = nameOf(part(item, "Expression"));
    requiredColumn(input, from);
    renamed.set(from, nameOf(part(item, "Name")));
  }
  const columns = input.columns.map((c) => ({ ...c, name: renamed.get(c.name) ?? c.name }));
  if (new Set(columns.map((c) => c.name)).size !== columns.length) {
    throw semanticError("project-rename: a column with that name already exists");
  }
  return { ...input, columns, source: undefined };
}

/** `project-reorder` (`query/project-reorder-operator.md`). */
export function reorder(node: Node, input: Relation): Relation {
  const rest = [...input.columns];
  const columns: Column[] = [];
  const items = list(node, "Expressions").map((item) => {
    if (item.kind !== "OrderedExpression") return { pattern: nameOf(item), direction: undefined };
    const direction = nameOf(part(part(item, "Ordering"), "AscOrDescKeyword"));
    return { pattern: nameOf(part(item, "Expression")), direction };
  });
  const named = new Set(items.map((i) => i.pattern));
  for (const { pattern, direction } of items) {
    const matched = rest.filter((c) => fits(c.name, pattern) && (c.name === pattern || !named.has(c.name)));
    if (direction !== undefined && pattern.includes("*")) {
      const sign = direction.startsWith("desc") || direction.endsWith("desc") ? -1 : 1;
      matched.sort((a, b) => sign * (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
    }
    for (const c of matched) {
      rest.splice(rest.indexOf(c), 1);
      columns.push(c);
    }
  }
  return { ...input, columns: [...columns, ...rest], source: undefined };
}

/** `distinct` (`query/distinct-operator.md`). */
export function distinct(node: Node, input: Relation, env: Environment): Relation {
  const nodes = list(node, "Expressions");
  const names = analyzed(node);
  const stars = nodes.filter((n) => n.kind === "StarExpression").length;
  const plain = nodes.filter((n) => n.kind !== "StarExpression");
  const used = new Set<string>();
  const made = computeColumns(
    input,
    plain,
    plain.map(() => undefined),
    env,
  );
  const computed = [...made.columns];
  const columns: Column[] = [];
  for (const [i, n] of nodes.entries()) {
    if (n.kind === "StarExpression") {
      for (const c of input.columns)
        if (!used.has(c.name)) columns.push({ ...c, name: uniqueName(used, c.name) });
      continue;
    }
    const next = computed.shift();
    if (next === undefined) continue;
    const name = givenName(n) ?? (stars === 0 ? names[i]?.name : undefined) ?? "Column1";
    if (stars > 0 && used.has(name)) continue;
    columns.push({ ...next, name: uniqueName(used, name) });
  }
  for (const c of columns) {
    if (c.type === "dynamic") throw semanticError(`distinct: the column '${c.name}' is of type dynamic`);
  }
  const selected = columns.map((c) => ({ ...c, id: newId(env.context), from: c.id }));
  const partition = input.partition === undefined ? [] : [input.partition];
  const sql = [...selected.map((c) => `${c.from} AS ${c.id}`), ...partition].join(", ");
  return {
    from: `(SELECT DISTINCT ${sql} FROM ${made.relation.from})`,
    columns: selected.map(({ name, type, id }) => ({ name, type, id })),
    hidden: undefined,
    ingestionTimePolicy: false,
    order: [],
    partition: input.partition,
  };
}

/** `getschema` (`query/getschema-operator.md`). */
export function getSchema(input: Relation, env: Environment): Relation {
  const ids = ["ColumnName", "ColumnOrdinal", "DataType", "ColumnType"].map((name) => ({
    name,
    id: newId(env.context),
  }));
  const rows = input.columns.map(
    (c, i) => `('${c.name.replaceAll("'", "''")}', ${i}::BIGINT, '${SYSTEM_TYPES[c.type]}', '${c.type}')`,
  );
  const names = ids.map((c) => c.id).join(", ");
  const from =
    rows.length === 0
      ? `(SELECT * FROM (VALUES ('', 0::BIGINT, '', '')) AS schema_of(${names}) WHERE false)`
      : `(SELECT * FROM (VALUES ${rows.join(", ")}) AS schema_of(${names}))`;
  return {
    from,
    columns: ids.map((c) => ({ ...c, type: c.name === "ColumnOrdinal" ? "long" : "string" })),
    hidden: undefined,
    ingestionTimePolicy: false,
    order: [],
  };
}

const SYSTEM_TYPES: Readonly<Record<KustoType, string>> = {
  bool: "System.SByte",
  int: "System.Int32",
  long: "System.Int64",
  real: "System.Double",
  decimal: "System.Data.SqlTypes.SqlDecimal",
  datetime: "System.DateTime",
  timespan: "System.TimeSpan",
  guid: "System.Guid",
  string: "System.String",
  dynamic: "System.Object",
};

/** The columns of a relation under fresh identifiers, to stand beside another relation that may share them. */
export function freshColumns(
  relation: Relation,
  alias: string,
  env: Environment,
): { select: string[]; columns: Column[] } {
  const columns = relation.columns.map((c) => ({ ...c, id: newId(env.context) }));
  return { select: columns.map((c, i) => `${alias}.${relation.columns[i]?.id ?? ""} AS ${c.id}`), columns };
}
