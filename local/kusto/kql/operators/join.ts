import { notSupported, semanticError } from "../../kustoError.ts";
import { type Environment, newId } from "../context.ts";
import { convert } from "../conversions.ts";
import { commonType } from "../operatorsBinary.ts";
import { type Column, columnScalar, computed, type Relation, requiredColumn } from "../relation.ts";
import { list, maybe, type Node, nameOf, parameters, part, text } from "../syntax.ts";
import { tabular } from "../tabular.ts";
import { uniqueName } from "./naming.ts";

interface KeyPair {
  readonly left: Column;
  readonly right: Column;
}

const KINDS = new Set([
  "innerunique",
  "inner",
  "leftouter",
  "rightouter",
  "fullouter",
  "leftsemi",
  "leftanti",
  "leftantisemi",
  "anti",
  "rightsemi",
  "rightanti",
  "rightantisemi",
]);

/** The pairs of columns of an `on` clause. */
function keyPairs(clause: Node | undefined, left: Relation, right: Relation): KeyPair[] {
  if (clause === undefined || clause.kind !== "JoinOnClause")
    throw notSupported("A join without an 'on' clause");
  return list(clause, "Expressions").flatMap((node) => pairsOf(node, left, right));
}

function pairsOf(node: Node, left: Relation, right: Relation): KeyPair[] {
  switch (node.kind) {
    case "ParenthesizedExpression":
      return pairsOf(part(node, "Expression"), left, right);
    case "NameReference":
      return [{ left: requiredColumn(left, nameOf(node)), right: requiredColumn(right, nameOf(node)) }];
    case "AndExpression":
      return [...pairsOf(part(node, "Left"), left, right), ...pairsOf(part(node, "Right"), left, right)];
    case "EqualExpression": {
      const sides = [part(node, "Left"), part(node, "Right")].map((side) => {
        if (side.kind !== "PathExpression")
          throw semanticError(`join: only equality of $left and $right columns is allowed: '${text(node)}'`);
        return { of: nameOf(part(side, "Expression")), name: nameOf(part(side, "Selector")) };
      });
      const l = sides.find((s) => s.of === "$left");
      const r = sides.find((s) => s.of === "$right");
      if (l === undefined || r === undefined)
        throw semanticError(`join: both $left and $right are expected: '${text(node)}'`);
      return [{ left: requiredColumn(left, l.name), right: requiredColumn(right, r.name) }];
    }
    default:
      throw semanticError(`join: only equality of columns is allowed: '${text(node)}'`);
  }
}

/** Keys match where they are equal; a null key matches a null key as it does in Kusto's join. */
function condition(pairs: readonly KeyPair[]): string {
  return pairs
    .map(({ left, right }) => {
      const type = commonType(left.type, right.type);
      if (type === undefined)
        throw semanticError(`join: the key columns are of the types ${left.type} and ${right.type}`);
      if (left.type === "dynamic" || right.type === "dynamic")
        throw semanticError("join: a key column can't be of type dynamic");
      const l = convert({ ...columnScalar(left), sql: `l.${left.id}` }, type).sql;
      const r = convert({ ...columnScalar(right), sql: `r.${right.id}` }, type).sql;
      return type === "string" ? `${l} = ${r}` : `${l} IS NOT DISTINCT FROM ${r}`;
    })
    .join(" AND ");
}

/** A column of one side; strings have no null where the other side has no row. */
function selected(c: Column, side: "l" | "r", id: string, optional: boolean): string {
  const sql = `${side}.${c.id}`;
  return `${optional && c.type === "string" ? `COALESCE(${sql}, '')` : sql} AS ${id}`;
}

function bothSides(
  left: Relation,
  right: Relation,
  dropped: ReadonlySet<string>,
  kind: string,
  env: Environment,
): { sql: string; columns: Column[] } {
  const kept = right.columns.filter((c) => !dropped.has(c.name));
  const used = new Set(left.columns.map((c) => c.name));
  const reserved = new Set([...used, ...kept.map((c) => c.name)]);
  const columns: Column[] = [];
  const sql: string[] = [];
  for (const c of left.columns) {
    const id = newId(env.context);
    columns.push({ ...c, id });
    sql.push(selected(c, "l", id, kind === "RIGHT" || kind === "FULL"));
  }
  for (const c of kept) {
    const id = newId(env.context);
    const name = used.has(c.name) ? uniqueName(reserved, c.name) : c.name;
    columns.push({ ...c, name, id });
    sql.push(selected(c, "r", id, kind === "LEFT" || kind === "FULL"));
  }
  return { sql: sql.join(", "), columns };
}

/** Rows of one side that have, or have not, a match on the other. */
function semi(
  kept: Relation,
  side: "l" | "r",
  left: Relation,
  right: Relation,
  pairs: readonly KeyPair[],
  anti: boolean,
): Relation {
  const other = side === "l" ? right : left;
  const alias = side === "l" ? "r" : "l";
  const exists = `EXISTS (SELECT 1 FROM ${other.from} AS ${alias} WHERE ${condition(pairs)})`;
  return {
    ...kept,
    from: `(SELECT * FROM ${kept.from} AS ${side} WHERE ${anti ? "NOT " : ""}${exists})`,
    source: undefined,
  };
}

/** One row for each combination of the left keys, for `innerunique`. */
function uniqueLeft(left: Relation, pairs: readonly KeyPair[]): Relation {
  const keys = [...new Set(pairs.map((p) => p.left.id))].join(", ");
  return { ...left, from: `(SELECT DISTINCT ON (${keys}) * FROM ${left.from})` };
}

function aliasFree(relation: Relation): Relation {
  return { ...relation, order: [], source: undefined };
}

/** `join` (`query/join-operator.md`). */
export function join(node: Node, input: Relation, env: Environment): Relation {
  const kind = maybeKind(node) ?? "innerunique";
  if (!KINDS.has(kind)) throw semanticError(`join: unknown kind '${kind}'`);
  if (input.partition !== undefined) throw notSupported("join inside mv-apply");
  const left = aliasFree(input);
  const right = aliasFree(tabular(part(node, "Expression"), env));
  const pairs = keyPairs(maybe(node, "ConditionClause"), left, right);
  switch (kind) {
    case "leftsemi":
      return semi(left, "l", left, right, pairs, false);
    case "leftanti":
    case "leftantisemi":
    case "anti":
      return semi(left, "l", left, right, pairs, true);
    case "rightsemi":
      return semi(right, "r", left, right, pairs, false);
    case "rightanti":
    case "rightantisemi":
      return semi(right, "r", left, right, pairs, true);
    default:
      break;
  }
  const word = { leftouter: "LEFT", rightouter: "RIGHT", fullouter: "FULL" }[kind] ?? "INNER";
  const first = kind === "innerunique" ? uniqueLeft(left, pairs) : left;
  const { sql, columns } = bothSides(first, right, new Set(), word, env);
  return computed(
    `(SELECT ${sql} FROM ${first.from} AS l ${word} JOIN ${right.from} AS r ON ${condition(pairs)})`,
    columns,
  );
}

/** `lookup` (`query/lookup-operator.md`): the right side's keys don't appear again. */
export function lookup(node: Node, input: Relation, env: Environment): Relation {
  const kind = maybeKind(node) ?? "leftouter";
  if (kind !== "leftouter" && kind !== "inner") throw semanticError(`lookup: unknown kind '${kind}'`);
  const left = aliasFree(input);
  const right = aliasFree(tabular(part(node, "Expression"), env));
  const pairs = keyPairs(maybe(node, "LookupClause"), left, right);
  const word = kind === "inner" ? "INNER" : "LEFT";
  const dropped = new Set(pairs.map((p) => p.right.name));
  const { sql, columns } = bothSides(left, right, dropped, word, env);
  return computed(
    `(SELECT ${sql} FROM ${left.from} AS l ${word} JOIN ${right.from} AS r ON ${condition(pairs)})`,
    columns,
  );
}

function maybeKind(node: Node): string | undefined {
  const kind = parameters(node).get("kind");
  return kind === undefined ? undefined : text(kind).toLowerCase();
}
