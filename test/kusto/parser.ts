import { createRequire } from "node:module";

interface List<T> {
  readonly Count: number;
  getItem(index: number): T;
}

interface Diagnostic {
  readonly Severity: string;
  readonly Message: string;
  readonly Start: number;
}

interface SyntaxNode {
  readonly ChildCount?: number;
  readonly LiteralValue?: unknown;
  readonly Kind?: unknown;
  readonly Name?: { readonly SimpleName?: string } | null;
  GetChild(index: number): SyntaxNode | null;
}

interface Code {
  readonly Syntax: SyntaxNode;
  readonly ResultType: {
    readonly Columns?: List<{ readonly Name: string; readonly Type: { readonly Name: string } }>;
  } | null;
  GetDiagnostics(): List<Diagnostic>;
}

interface Language {
  readonly KustoCode: { Parse(text: string): Code; ParseAndAnalyze(text: string, globals: unknown): Code };
  readonly GlobalState: { readonly Default: unknown };
  readonly Syntax: { readonly SyntaxKind: object };
  readonly Functions: object;
  readonly Aggregates: object;
}

const require = createRequire(import.meta.url);
require("@kusto/language-service-next/bridge.min.js");
require("@kusto/language-service-next/Kusto.Language.Bridge.min.js");

function language(): Language {
  const { Kusto } = globalThis as unknown as { readonly Kusto: { readonly Language: Language } };
  return Kusto.Language;
}

function toArray<T>(list: List<T> | undefined): T[] {
  return list === undefined ? [] : Array.from({ length: list.Count }, (_, index) => list.getItem(index));
}

/** What Microsoft's parser finds wrong with the grammar of a query or command. */
export function syntaxErrors(text: string): string[] {
  return toArray(language().KustoCode.Parse(text).GetDiagnostics()).map(
    ({ Start, Message }) => `${Start}: ${Message}`,
  );
}

/** What it finds wrong with the meaning: unknown functions and columns, wrong types. */
export function semanticErrors(text: string): string[] {
  const code = language().KustoCode.ParseAndAnalyze(text, language().GlobalState.Default);
  return toArray(code.GetDiagnostics())
    .filter(({ Severity }) => Severity === "Error")
    .map(({ Start, Message }) => `${Start}: ${Message}`);
}

/** Names and types of the columns that a query answers. */
export function resultColumns(text: string): [string, string][] {
  const code = language().KustoCode.ParseAndAnalyze(text, language().GlobalState.Default);
  return toArray(code.ResultType?.Columns).map(({ Name, Type }) => [Name, Type.Name]);
}

/** The values of all string literals and quoted names of a text, in their order. */
export function literals(text: string): string[] {
  const found: string[] = [];
  const walk = (node: SyntaxNode): void => {
    for (let index = 0; index < (node.ChildCount ?? 0); index++) {
      const child = node.GetChild(index);
      if (child === null) continue;
      if ((child.ChildCount ?? 0) === 0 || typeof child.LiteralValue !== "string") walk(child);
      if (typeof child.LiteralValue === "string") found.push(child.LiteralValue);
    }
  };
  walk(language().KustoCode.Parse(text).Syntax);
  return found;
}

/**
 * What a text is made of, as Microsoft's parser reads it: the kinds of its query operators (`FilterOperator`), each as often as
 * it stands there, nested ones too, and the names of the functions that are called.
 */
export function madeOf(text: string): { operators: string[]; functions: string[] } {
  const kinds = new Map(Object.entries(language().Syntax.SyntaxKind).map(([name, kind]) => [kind, name]));
  const operators: string[] = [];
  const functions: string[] = [];
  const walk = (node: SyntaxNode): void => {
    const kind = kinds.get(node.Kind) ?? "";
    if (kind.endsWith("Operator")) operators.push(kind);
    if (kind === "FunctionCallExpression") functions.push(node.Name?.SimpleName ?? "");
    for (let index = 0; index < (node.ChildCount ?? 0); index++) {
      const child = node.GetChild(index);
      if (child !== null) walk(child);
    }
  };
  walk(language().KustoCode.Parse(text).Syntax);
  return { operators, functions };
}

/** Names of the functions that the language has. */
export function builtInFunctions(): string[] {
  return [language().Functions, language().Aggregates].flatMap((holder) =>
    Object.values(holder).flatMap((each) =>
      typeof each === "object" && each !== null && "Name" in each && typeof each.Name === "string"
        ? [each.Name]
        : [],
    ),
  );
}
