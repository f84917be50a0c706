/**
 * What the query translator and the engine of the local Kusto know of each other.
 *
 * Physical form of each Kusto type in DuckDB (every part of local/kusto relies on it):
 *
 * | Kusto    | DuckDB  | form                                                                        |
 * |----------|---------|-----------------------------------------------------------------------------|
 * | bool     | BOOLEAN |                                                                             |
 * | int      | INTEGER |                                                                             |
 * | long     | BIGINT  |                                                                             |
 * | real     | DOUBLE  | NaN, infinities and -0.0 kept                                               |
 * | decimal  | VARCHAR | canonical text, see decimal.ts                                              |
 * | datetime | BIGINT  | ticks of 100 ns since 0001-01-01T00:00:00Z                                  |
 * | timespan | BIGINT  | ticks of 100 ns                                                             |
 * | guid     | VARCHAR | lower case with hyphens                                                     |
 * | string   | VARCHAR | never NULL: the empty string where nothing was given                        |
 * | dynamic  | VARCHAR | JSON text, number tokens kept as written; NULL for the null value           |
 */
export type KustoType =
  | "bool"
  | "int"
  | "long"
  | "real"
  | "decimal"
  | "datetime"
  | "timespan"
  | "guid"
  | "string"
  | "dynamic";

export interface KustoColumn {
  readonly name: string;
  readonly type: KustoType;
  readonly docstring?: string;
}

/**
 * A relation that a query may name. `from` is a DuckDB relation (a quoted table name or a parenthesised
 * select) that yields the columns by their own (quoted) names and, where `hidden` is true, three more:
 * `$extent` VARCHAR (the extent's guid), `$ingested` BIGINT (ticks of ingestion time, NULL where there is none) and
 * `$cursor` BIGINT (the value a database cursor is compared with, NULL while none is assigned).
 */
export interface KustoRelation {
  readonly name: string;
  readonly columns: readonly KustoColumn[];
  readonly from: string;
  readonly hidden: boolean;
  readonly ingestionTimePolicy: boolean;
}

export interface KustoFunction {
  readonly name: string;
  /** With parentheses: `(a:long, b:string="x")`. */
  readonly parameters: string;
  /** With braces. */
  readonly body: string;
}

export interface ExternalData {
  readonly columns: readonly KustoColumn[];
  /** Storage connection strings as written, credentials and all. */
  readonly sources: readonly string[];
  readonly properties: Readonly<Record<string, string>>;
}

/** One database as a query sees it at one moment. */
export interface Catalog {
  readonly database: string;
  readonly cluster: string;
  readonly relations: ReadonlyMap<string, KustoRelation>;
  readonly functions: ReadonlyMap<string, KustoFunction>;
  /** The fully qualified name of who asks, such as `aadapp=…;…`. */
  readonly principal: string;
  /** The moment of `now()`, in ticks. */
  readonly now: bigint;
  /** What `cursor_current()` answers. */
  readonly cursor: string;
  /** `$cursor` bound of a cursor text: the empty string is 0. Throws a KustoError for what is no cursor. */
  readonly cursorBound: (text: string) => bigint;
  /** A DuckDB relation (extent VARCHAR, tags VARCHAR as JSON array) for `extent_tags()`. */
  readonly extentTags: string;
  /** Reads external data into DuckDB and names the relation that holds it, columns by their quoted names. */
  readonly external: (data: ExternalData) => Promise<string>;
  /** Another database of this cluster, for `database("x").T`. */
  readonly sibling: (database: string) => Catalog | undefined;
}

/** A query turned into one DuckDB statement. */
export interface TranslatedQuery {
  readonly sql: string;
  readonly columns: readonly KustoColumn[];
  /** Whether a cursor function was used, so that the answer carries the `Cursor` property. */
  readonly usesCursor: boolean;
  /** From `render`: kind of visualization, or undefined. */
  readonly visualization?: string;
}
