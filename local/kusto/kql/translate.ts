import type { Catalog, TranslatedQuery } from "../catalog.ts";
import { KustoError, notSupported, semanticError, syntaxError } from "../kustoError.ts";
import { type Context, type Environment, innerScope, PendingExternal } from "./context.ts";
import { diagnostics } from "./diagnostics.ts";
import { type Analysis, analyze } from "./language.ts";
import { orderBy } from "./relation.ts";
import { identifier } from "./sql.ts";
import { statements } from "./statements.ts";
import { analyzedColumns, descendants, list, type Node, part, wrap } from "./syntax.ts";
import { operatorNotSupported, tabular } from "./tabular.ts";

export interface TranslateOptions {
  /** Values of query parameters, each the text of a literal (`query/query-parameters-statement.md`). */
  readonly parameters?: Readonly<Record<string, string>>;
}

const HIDDEN = /\b(ingestion_time|extent_id|extent_tags|cursor_after|cursor_before_or_at)\b/;

/** Whether the query, or a function that it may call, asks for what the storage keeps beside the columns. */
function asksForHidden(text: string, catalog: Catalog, seen = new Set<string>()): boolean {
  if (HIDDEN.test(text)) return true;
  for (const f of catalog.functions.values()) {
    if (seen.has(f.name) || !text.includes(f.name)) continue;
    seen.add(f.name);
    if (asksForHidden(f.body, catalog, seen)) return true;
  }
  return [...namedDatabases(text)].some((name) => {
    const sibling = name === catalog.database ? undefined : catalog.sibling(name);
    return sibling !== undefined && [...sibling.functions.values()].some((f) => HIDDEN.test(f.body));
  });
}

/** Databases that a text may name; one named in a string by chance does no harm. */
function namedDatabases(text: string): Set<string> {
  const names = [...text.matchAll(/\bdatabase\s*\(\s*[hH]?@?(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)')/g)];
  return new Set(names.map((match) => (match[1] ?? match[2] ?? "").replace(/\\(.)/g, "$1")));
}

function allNamedDatabases(text: string, catalog: Catalog): string[] {
  const texts = [text, ...[...catalog.functions.values()].map((f) => f.body)];
  return [...new Set(texts.flatMap((t) => [...namedDatabases(t)]))];
}

function lastStatement(code: Analysis): { before: Node[]; last: Node } {
  const root = code.Syntax;
  if (root === null) throw syntaxError("The query is empty");
  const block = wrap(root);
  if (block.kind !== "QueryBlock") throw notSupported("A management command inside a query");
  const all = list(block, "Statements");
  const last = all.at(-1);
  if (last === undefined || last.kind !== "ExpressionStatement")
    throw syntaxError("The query has no tabular expression statement");
  if (all.filter((s) => s.kind === "ExpressionStatement").length > 1)
    throw notSupported("A batch of several queries");
  return { before: all.slice(0, -1), last: part(last, "Expression") };
}

function translation(code: Analysis, catalog: Catalog, context: Context): TranslatedQuery {
  const { before, last } = lastStatement(code);
  const environment: Environment = { context, catalog, scope: innerScope(undefined), row: undefined };
  statements(before, environment);
  // The parser gives a pipe no columns where its last operator answers several results, or none.
  if (analyzedColumns(last) === undefined && last.kind === "PipeExpression")
    throw operatorNotSupported(part(last, "Operator"));
  if (analyzedColumns(last) === undefined)
    throw semanticError("A query has to be a tabular expression; use 'print' for a scalar one");
  const result = tabular(last, environment);
  const selected = result.columns.map((c) => `${c.id} AS ${identifier(c.name)}`).join(", ") || "1 AS one";
  const ctes = context.ctes.map((cte) => `${cte.name} AS MATERIALIZED (${cte.sql})`).join(", ");
  const sql =
    `${ctes === "" ? "" : `WITH ${ctes} `}SELECT ${selected} FROM ${result.from} ${orderBy(result.order)}`.trim();
  return {
    sql,
    columns: result.columns.map(({ name, type }) => ({ name, type })),
    usesCursor: context.usesCursor,
    ...(context.visualization === undefined ? {} : { visualization: context.visualization }),
  };
}

/** A query in KQL as one DuckDB statement over the relations of a catalog. Throws a KustoError for what Kusto would refuse. */
export async function translate(
  text: string,
  catalog: Catalog,
  options: TranslateOptions = {},
): Promise<TranslatedQuery> {
  const code = analyze(text, catalog, allNamedDatabases(text, catalog));
  diagnostics(code);
  const externals = new Map<string, string>();
  for (;;) {
    const context: Context = {
      nextId: 0,
      ctes: [],
      hidden: asksForHidden(text, catalog),
      usesCursor: false,
      visualization: undefined,
      externals,
      parameters: new Map(Object.entries(options.parameters ?? {})),
      depth: 0,
    };
    try {
      return translation(code, catalog, context);
    } catch (error) {
      if (!(error instanceof PendingExternal)) throw asKustoError(error);
      externals.set(error.key, await error.catalog.external(error.data));
    }
  }
}

function asKustoError(error: unknown): unknown {
  if (error instanceof KustoError || !(error instanceof RangeError)) return error;
  return semanticError("The query is nested too deeply");
}

/** The names that a query declares with `declare query_parameters`. */
export function queryParameters(text: string, catalog: Catalog): string[] {
  const root = analyze(text, catalog, []).Syntax;
  if (root === null) return [];
  return [...descendants(wrap(root))]
    .filter((node) => node.kind === "QueryParametersStatement")
    .flatMap((node) =>
      list(node, "Parameters").map((p) => (part(part(p, "NameAndType"), "Name").raw.toString() ?? "").trim()),
    );
}
