/// <reference types="@kusto/language-service-next" />
import type { Catalog, KustoColumn, KustoFunction } from "../catalog.ts";

type Language = typeof Kusto.Language;
type Globals = Kusto.Language.GlobalState;

/** Enough for each form that the schemas of a few databases take while a copy makes and drops its staging tables. */
const KEPT = 64;

/** The part of a database that a query's analysis depends on. */
interface Schema {
  readonly database: string;
  readonly relations: readonly { readonly name: string; readonly columns: readonly KustoColumn[] }[];
  readonly functions: readonly KustoFunction[];
}

/**
 * Whether a text can't mean a table: its name is nowhere in it, as it is with a plain word that no wildcard could stand
 * for and that no expression makes up.
 */
function isOutside(name: string, texts: readonly string[]): boolean {
  return /^\w+$/.test(name) && !texts.some((text) => text.includes(name) || /\*|\btable\s*\(/.test(text));
}

/** Only what the text may speak of: staging tables come and go, and most queries name one table. */
function schemaOf(catalog: Catalog, text: string): Schema {
  const texts = [text, ...[...catalog.functions.values()].map(({ body }) => body)];
  return {
    database: catalog.database,
    relations: [...catalog.relations.values()]
      .filter(({ name }) => !isOutside(name, texts))
      .map(({ name, columns }) => ({
        name,
        columns: columns.map(({ name: column, type }) => ({ name: column, type })),
      })),
    functions: [...catalog.functions.values()].map(({ name, parameters, body }) => ({
      name,
      parameters,
      body,
    })),
  };
}

function databaseSymbol({ Symbols }: Language, schema: Schema): Kusto.Language.Symbols.DatabaseSymbol {
  const column = ({ name, type }: KustoColumn): Kusto.Language.Symbols.ColumnSymbol =>
    new Symbols.ColumnSymbol(name, Symbols.ScalarTypes.GetSymbol(type), null, null, null, null);
  return new Symbols.DatabaseSymbol.ctor(schema.database, [
    ...schema.relations.map(({ name, columns }) => new Symbols.TableSymbol.$ctor4(name, columns.map(column))),
    ...schema.functions.map((f) => new Symbols.FunctionSymbol.$ctor16(f.name, f.parameters, f.body, null)),
  ]);
}

function makeGlobals(language: Language, cluster: string, schemas: readonly Schema[]): Globals {
  const databases = schemas.map((schema) => databaseSymbol(language, schema));
  // The analysis finds a cluster by its host, whatever else is written.
  const host = language.KustoFacts.GetHostName(cluster) ?? cluster;
  const symbol = new language.Symbols.ClusterSymbol.ctor(host, databases);
  const globals = language.GlobalState.Default?.WithCluster(symbol)?.WithDatabase(databases[0] ?? null);
  if (globals === undefined || globals === null) throw new Error("The parser has no default state");
  return globals;
}

/**
 * The parser's view of what a text may speak of: a database, and those that are named beside it. Views are kept by what is in them: the parser
 * remembers in each what it found out about operators and functions, and takes twice as long with a new one.
 */
export function rememberGlobals(
  language: Language,
): (text: string, catalog: Catalog, named: readonly string[]) => Globals {
  const kept = new Map<string, Globals>();
  return (text, catalog, named) => {
    const siblings = named.filter((name) => name !== catalog.database);
    const catalogs = [catalog, ...siblings.flatMap((name) => catalog.sibling(name) ?? [])];
    const schemas = catalogs.map((each) => schemaOf(each, text));
    const key = JSON.stringify([catalog.cluster, schemas]);
    const globals = kept.get(key) ?? makeGlobals(language, catalog.cluster, schemas);
    // The one that was used last is the last to go.
    kept.delete(key);
    kept.set(key, globals);
    const [oldest] = kept.keys();
    if (kept.size > KEPT && oldest !== undefined) kept.delete(oldest);
    return globals;
  };
}
