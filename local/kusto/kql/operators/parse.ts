import type { KustoType } from "../../catalog.ts";
import { notSupported, semanticError } from "../../kustoError.ts";
import { type Environment, newId, over } from "../context.ts";
import { convert } from "../conversions.ts";
import { expression } from "../expressions.ts";
import { literal } from "../literals.ts";
import { type Column, extended, filtered, hoistingRow, type Relation } from "../relation.ts";
import { typeNamed } from "../scalars/call.ts";
import { nullOf, quoted, stringOf } from "../sql.ts";
import { list, type Node, nameOf, parameters, part, text } from "../syntax.ts";

interface Captured {
  readonly name: string;
  readonly type: KustoType;
}

const NUMBERS: Readonly<Partial<Record<KustoType, string>>> = {
  long: "[-+]?\\d+",
  int: "[-+]?\\d+",
  real: "[-+]?(?:\\d+\\.?\\d*|\\.\\d+)(?:[eE][-+]?\\d+)?",
  decimal: "[-+]?(?:\\d+\\.?\\d*|\\.\\d+)(?:[eE][-+]?\\d+)?",
};

/** The regular expression that a pattern stands for (`query/parse-operator.md`). */
function pattern(
  nodes: readonly Node[],
  kind: string,
  lazy: boolean,
  env: Environment,
): { source: string; captured: Captured[] } {
  const captured: Captured[] = [];
  const parts = nodes.map((node, i): string => {
    const last = i === nodes.length - 1;
    // Regular expressions are greedy unless a flag says otherwise; plain patterns take as little as they can.
    const any = kind === "regex" ? (lazy ? ".*?" : ".*") : last ? "[\\s\\S]*" : "[\\s\\S]*?";
    if (node.kind === "StarExpression") return any;
    if (node.kind === "NameAndTypeDeclaration") {
      const type = typeNamed(text(part(node, "Type")));
      captured.push({ name: nameOf(part(node, "Name")), type });
      const number = NUMBERS[type];
      // The relaxed kind leaves a column null where its text is of another type.
      const narrow = kind === "relaxed" && number !== undefined ? `(?:${number})|${any}` : number;
      const group = `?<c${captured.length}>`;
      return narrow === undefined ? `(${group}${any})` : `\\s*(${group}${narrow})\\s*`;
    }
    if (node.kind === "NameDeclaration" || node.kind === "NameReference") {
      captured.push({ name: nameOf(node), type: "string" });
      return `(?<c${captured.length}>${any})`;
    }
    const value = literal(node, env.catalog.now);
    if (value?.literal === undefined) throw semanticError(`parse: not a constant: '${text(node)}'`);
    if (kind === "regex") return `(?:${value.literal})`;
    return value.literal.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&");
  });
  return { source: `^${parts.join("")}$`, captured };
}

/** `parse` and `parse-where`, which keeps only the rows that match (`query/parse-operator.md`, `query/parse-where-operator.md`). */
export function parse(node: Node, input: Relation, env: Environment, only: boolean): Relation {
  const options = parameters(node);
  const kind = options.get("kind") === undefined ? "simple" : text(options.get("kind") ?? node).toLowerCase();
  if (!["simple", "relaxed", "regex"].includes(kind)) throw notSupported(`parse of kind '${kind}'`);
  const flags = options.get("flags");
  const flagText = flags === undefined ? "" : text(flags);
  const { source, captured } = pattern(list(node, "Patterns"), kind, flagText.includes("U"), env);
  const { row, relation } = hoistingRow(env.context, input);
  const subject = convert(expression(part(node, "Expression"), over(env, row)), "string");
  const match = newId(env.context, "g");
  const jsFlags = `u${flagText.replace(/[^ims]/g, "")}`;
  const matched = extended(relation(), [
    { id: match, sql: `kusto_match(${quoted(source)}, '${jsFlags}', ${subject.sql})` },
  ]);
  const columns = captured.map((c): Column => ({ ...c, id: newId(env.context) }));
  const values = columns.map((c, i) => {
    const found = stringOf(`${match}[${i + 1}]`);
    const value = c.type === "string" ? found : convert({ ...found, sql: `trim(${found.sql})` }, c.type);
    const sql =
      c.type === "string"
        ? found.sql
        : `CASE WHEN ${match} IS NOT NULL THEN ${value.sql} ELSE ${nullOf(c.type).sql} END`;
    return { id: c.id, sql };
  });
  const typed = extended(matched, values);
  // Unless it is relaxed, one value of another type means that the row doesn't match.
  const tested = kind === "relaxed" ? [] : columns.filter((c) => c.type !== "string" && c.type !== "dynamic");
  const fit = [`${match} IS NOT NULL`, ...tested.map((c) => `${c.id} IS NOT NULL`)].join(" AND ");
  const result = only ? filtered(typed, fit) : typed;
  const cleared =
    only || tested.length === 0 ? columns : columns.map((c) => ({ ...c, id: newId(env.context) }));
  const emptied = cleared.map((c, i) => ({
    id: c.id,
    sql: `CASE WHEN ${fit} THEN ${columns[i]?.id} ELSE ${nullOf(c.type).sql} END`,
  }));
  const kept = cleared === columns ? result : extended(result, emptied);
  const replaced = input.columns.map((c) => cleared.find((x) => x.name === c.name) ?? c);
  const added = cleared.filter((c) => !input.columns.some((x) => x.name === c.name));
  return { ...kept, columns: [...replaced, ...added], source: undefined };
}
