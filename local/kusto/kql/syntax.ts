import type { KustoType } from "../catalog.ts";
import {
  kindName,
  type RawNode,
  type RawType,
  scalarType,
  stringLiteralValue,
  tableColumns,
} from "./language.ts";

/** A node of the syntax tree, as the translator reads it: parts by name, lists by their elements. */
export interface Node {
  readonly kind: string;
  readonly raw: RawNode;
}

const wrapped = new WeakMap<RawNode, Node>();

export function wrap(raw: RawNode): Node {
  let node = wrapped.get(raw);
  if (node === undefined) {
    node = { kind: kindName(raw.Kind), raw };
    wrapped.set(raw, node);
  }
  return node;
}

/** The children of a node, what is missing and the separators of lists left out. */
export function children(node: Node): Node[] {
  const found: Node[] = [];
  for (let i = 0; i < node.raw.ChildCount; i++) {
    const child = node.raw.GetChild(i);
    if (child === null || child === undefined) continue;
    const wrappedChild = wrap(child);
    if (wrappedChild.kind === "SeparatedElement") {
      const element = child.GetChild(0);
      if (element !== null && element !== undefined) found.push(wrap(element));
    } else {
      found.push(wrappedChild);
    }
  }
  return found;
}

export function maybe(node: Node, name: string): Node | undefined {
  for (let i = 0; i < node.raw.ChildCount; i++) {
    if (node.raw.GetName(i) !== name) continue;
    const child = node.raw.GetChild(i);
    return child === null || child === undefined ? undefined : wrap(child);
  }
  return undefined;
}

export function part(node: Node, name: string): Node {
  const child = maybe(node, name);
  if (child === undefined) throw new Error(`A ${node.kind} without ${name}: ${text(node)}`);
  return child;
}

/** Elements of the list that is a part of a node. */
export function list(node: Node, name: string): Node[] {
  const found = maybe(node, name);
  return found === undefined ? [] : children(found);
}

/** A node as written, without the space and the comments around it. */
export function text(node: Node): string {
  const raw: object = node.raw;
  if (node.raw.ChildCount === 0 && "Text" in raw && typeof raw.Text === "string") return raw.Text;
  const only = node.raw.ChildCount === 1 ? node.raw.GetChild(0) : null;
  if (only !== null && only !== undefined) return text(wrap(only));
  return (node.raw.toString() ?? "").trim();
}

/** The name that a reference or a declaration holds: plain, bracketed or with wildcards. */
export function nameOf(node: Node): string {
  switch (node.kind) {
    case "NameReference":
    case "NameDeclaration":
      return nameOf(part(node, "Name"));
    case "TokenName":
      return text(part(node, "Name"));
    case "BracketedName":
      return stringLiteralValue(text(part(part(node, "Name"), "Token")));
    case "WildcardedName":
    case "BracketedWildcardedName":
      return text(part(node, "Pattern"));
    case "BracedName":
      return text(part(node, "Name"));
    case "ParenthesizedExpression":
      return nameOf(part(node, "Expression"));
    default:
      return text(node);
  }
}

function resultType(node: Node): RawType | null | undefined {
  const raw: object = node.raw;
  return "ResultType" in raw ? (raw.ResultType as RawType | null | undefined) : undefined;
}

/** The scalar type that the analysis gives an expression. */
export function analyzedType(node: Node): KustoType | undefined {
  return scalarType(resultType(node));
}

/** The columns that the analysis gives a tabular expression or operator. */
export function analyzedColumns(node: Node): { name: string; type: KustoType | undefined }[] | undefined {
  return tableColumns(resultType(node));
}

/** The body of the function that a call names, analysed for this call's arguments. */
export function calledBody(node: Node): Node | undefined {
  const raw: object = node.raw;
  if (!("GetCalledFunctionBody" in raw) || typeof raw.GetCalledFunctionBody !== "function") return undefined;
  const body: RawNode | null | undefined = raw.GetCalledFunctionBody();
  return body === null || body === undefined ? undefined : wrap(body);
}

/** Every node below one, itself first. */
export function* descendants(node: Node): Generator<Node> {
  yield node;
  for (let i = 0; i < node.raw.ChildCount; i++) {
    const child = node.raw.GetChild(i);
    if (child !== null && child !== undefined) yield* descendants(wrap(child));
  }
}

/** The values of operator parameters such as `kind=inner`, by lower-case name. */
export function parameters(node: Node, name = "Parameters"): Map<string, Node> {
  const found = new Map<string, Node>();
  for (const parameter of list(node, name)) {
    found.set(nameOf(part(parameter, "Name")).toLowerCase(), part(parameter, "Expression"));
  }
  return found;
}
