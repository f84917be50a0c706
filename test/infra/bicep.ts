import { globSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { Language, type Node, Parser } from "web-tree-sitter";

/** The Bicep of infra/, read with the grammar of tree-sitter-bicep. */

export const infra = join(import.meta.dirname, "..", "..", "infra");

export interface BicepFile {
  /** Below infra/, with slashes. */
  readonly path: string;
  readonly text: string;
  readonly root: Node;
}

export interface Declared {
  readonly file: string;
  readonly name: string;
  /** Decorators and comments before it. */
  readonly before: string;
  readonly node: Node;
}

export interface DeclaredResource extends Declared {
  readonly type: string;
  readonly version: string;
  readonly existing: boolean;
}

const require = createRequire(import.meta.url);

async function bicepParser(): Promise<Parser> {
  await Parser.init();
  const grammar = require.resolve("tree-sitter-bicep/package.json").replace(/package\.json$/, "");
  const parser = new Parser();
  parser.setLanguage(await Language.load(join(grammar, "tree-sitter-bicep.wasm")));
  return parser;
}

/** All of infra's Bicep and its parameter files. */
export async function readBicep(): Promise<BicepFile[]> {
  const parser = await bicepParser();
  return globSync("**/*.{bicep,bicepparam}", { cwd: infra })
    .toSorted()
    .map((path) => {
      const text = readFileSync(join(infra, path), "utf8");
      // The grammar knows Bicep but not the assignments of parameter files, which have the form of variables.
      const tree = parser.parse(
        path.endsWith(".bicepparam")
          ? text.replace(/^using .*$/m, "").replace(/^param (?=\w+ =)/gm, "var ")
          : text,
      );
      if (tree === null) throw new Error(`${path} can't be parsed.`);
      return { path: path.replaceAll("\\", "/"), text, root: tree.rootNode };
    });
}

/** Nodes that the grammar could not make sense of: line and text. */
export function unread(file: BicepFile): string[] {
  return nodes(file.root)
    .filter((node) => node.isError || node.isMissing)
    .map((node) => `${file.path}:${node.startPosition.row + 1} ${node.text.slice(0, 60)}`);
}

/** A node and all below it. */
export function nodes(root: Node): Node[] {
  return [root, ...root.namedChildren.flatMap((child) => (child === null ? [] : nodes(child)))];
}

const DECLARATIONS = {
  param: "parameter_declaration",
  output: "output_declaration",
  variable: "variable_declaration",
  resource: "resource_declaration",
  module: "module_declaration",
} as const;

/** The declarations of a kind, at any depth. */
export function declared(file: BicepFile, kind: keyof typeof DECLARATIONS): Declared[] {
  return nodes(file.root)
    .filter((node) => node.type === DECLARATIONS[kind])
    .map((node) => ({
      file: file.path,
      name: node.namedChildren.find((child) => child?.type === "identifier")?.text ?? "",
      before: before(node),
      node,
    }));
}

export function resources(file: BicepFile): DeclaredResource[] {
  return declared(file, "resource").map((each) => {
    const [type = "", version = ""] = literal(
      each.node.namedChildren.find((child) => child?.type === "string"),
    ).split("@");
    return {
      ...each,
      type,
      version,
      existing: /^resource\s+\w+\s+'[^']*'\s+existing\b/.test(each.node.text),
    };
  });
}

/** Comments and decorators that stand before a declaration, without a blank line between. */
function before(node: Node): string {
  const texts: string[] = [];
  let line = node.startPosition.row;
  for (let other = node.previousNamedSibling; other !== null; other = other.previousNamedSibling) {
    if (other.type !== "comment" && other.type !== "decorators") break;
    if (other.endPosition.row < line - 1) break;
    texts.unshift(other.text);
    line = other.startPosition.row;
  }
  return texts.join("\n");
}

/** The properties of the first object in a node, by name. */
export function properties(node: Node): Map<string, Node> {
  const object = nodes(node).find((each) => each.type === "object");
  const found = new Map<string, Node>();
  for (const child of object?.namedChildren ?? []) {
    if (child?.type !== "object_property") continue;
    const [key, value] = child.namedChildren;
    if (key && value) found.set(key.type === "string" ? literal(key) : key.text, value);
  }
  return found;
}

/** The value at a path of properties. */
export function valueAt(node: Node, ...path: readonly string[]): string | undefined {
  const [first, ...rest] = path;
  const value = first === undefined ? undefined : properties(node).get(first);
  if (value === undefined) return undefined;
  return rest.length === 0 ? value.text : valueAt(value, ...rest);
}

/** What a string literal holds, as it is written. */
export function literal(node: Node | null | undefined): string {
  return node?.text.replace(/^'|'$/g, "") ?? "";
}
