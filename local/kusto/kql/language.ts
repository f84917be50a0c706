/// <reference types="@kusto/language-service-next" />
import type { Catalog, KustoType } from "../catalog.ts";
import { notSupported } from "../kustoError.ts";
import { language } from "../parser.ts";
import { rememberGlobals } from "./globals.ts";

const symbols = language.Symbols;

export type RawNode = Kusto.Language.Syntax.SyntaxElement;
export type RawType = Kusto.Language.Symbols.TypeSymbol;

/** Names of the kinds of nodes, as in `FilterOperator`. */
const kindNames = new Map<number, string>();
for (const [name, value] of Object.entries(language.Syntax.SyntaxKind)) {
  if (typeof value === "number") kindNames.set(value, name);
}

export function kindName(kind: number): string {
  return kindNames.get(kind) ?? `kind ${kind}`;
}

/** The value of a string literal as written (`query/scalar-data-types/string.md`). */
export function stringLiteralValue(text: string): string {
  return language.KustoFacts.GetStringLiteralValue(text) ?? "";
}

export type Analysis = Kusto.Language.KustoCode;

const globalsOf = rememberGlobals(language);

/** What the parser's analysis knows of a database and of those that `database("…")` in the text names. */
export function analyze(text: string, catalog: Catalog, named: readonly string[]): Analysis {
  const code = language.KustoCode.ParseAndAnalyze(text, globalsOf(text, catalog, named));
  if (code === null) throw notSupported("A query that the parser can't read");
  return code;
}

const SCALARS: ReadonlySet<string> = new Set<KustoType>([
  "bool",
  "int",
  "long",
  "real",
  "decimal",
  "datetime",
  "timespan",
  "guid",
  "string",
  "dynamic",
]);

export function isKustoType(name: string): name is KustoType {
  return SCALARS.has(name);
}

/** The Kusto type of a type symbol; undefined where the analysis knows none. */
export function scalarType(type: RawType | null | undefined): KustoType | undefined {
  const name = type?.Name ?? undefined;
  if (name === undefined) return undefined;
  if (isKustoType(name)) return name;
  // Kinds of dynamic values have symbols of their own.
  return name.startsWith("dynamic") ? "dynamic" : undefined;
}

/** The columns of a tabular result type; undefined for what is no table. */
export function tableColumns(
  type: RawType | null | undefined,
): { name: string; type: KustoType | undefined }[] | undefined {
  if (type === null || type === undefined || !(type instanceof symbols.TableSymbol)) return undefined;
  const list = type.Columns;
  const columns: { name: string; type: KustoType | undefined }[] = [];
  for (let i = 0; list !== null && i < list.Count; i++) {
    const column = list.getItem(i);
    columns.push({ name: column.Name ?? "", type: scalarType(column.Type) });
  }
  return columns;
}

/** The declaration of a stored function, as the parser reads it. */
export function parseFunction(parameters: string, body: string): RawNode {
  const code = language.KustoCode.Parse(`let f = ${parameters} ${body};`);
  const declaration =
    code?.Syntax === null || code === null ? undefined : firstOfKind(code.Syntax, "FunctionDeclaration");
  if (declaration === undefined) throw notSupported("A stored function that the parser can't read");
  return declaration;
}

function firstOfKind(node: RawNode, kind: string): RawNode | undefined {
  if (kindName(node.Kind) === kind) return node;
  for (let i = 0; i < node.ChildCount; i++) {
    const child = node.GetChild(i);
    const found = child === null || child === undefined ? undefined : firstOfKind(child, kind);
    if (found !== undefined) return found;
  }
  return undefined;
}
