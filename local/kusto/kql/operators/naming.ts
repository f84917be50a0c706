import type { KustoType } from "../../catalog.ts";
import { analyzedColumns, type Node, nameOf, part } from "../syntax.ts";

/** A name that isn't used yet: with 1, 2, … appended where it is. */
export function uniqueName(used: Set<string>, base: string): string {
  let name = base;
  for (let n = 1; used.has(name); n++) name = `${base}${n}`;
  used.add(name);
  return name;
}

/** The name that an expression is given in the text, if one is. */
export function givenName(node: Node): string | undefined {
  if (node.kind === "SimpleNamedExpression") return nameOf(part(node, "Name"));
  return node.kind === "NameReference" ? nameOf(node) : undefined;
}

export function unnamed(node: Node): Node {
  return node.kind === "SimpleNamedExpression" ? part(node, "Expression") : node;
}

/** Names and types of an operator's result, as the analysis gives them. */
export function analyzed(node: Node): { name: string; type: KustoType | undefined }[] {
  const columns = analyzedColumns(node);
  if (columns === undefined) throw new Error(`No result type for ${node.kind}`);
  return columns;
}

/** Whether a column name fits a pattern with `*` in it. */
export function fits(name: string, pattern: string): boolean {
  if (!pattern.includes("*")) return name === pattern;
  const escaped = pattern.split("*").map((piece) => piece.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${escaped.join(".*")}$`, "s").test(name);
}
