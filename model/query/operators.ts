/*
 * What each tabular operator does to the promise that a window's rows can be read again and be the same, and that windows
 * read apart give what the whole table would.
 */

/** Operators that make of each row what that row alone says: kept, left out, changed, or several. */
export const ROW_OPERATORS: ReadonlySet<string> = new Set([
  "where",
  "filter",
  "extend",
  "project",
  "project-away",
  "project-keep",
  "project-rename",
  "project-reorder",
  "parse",
  "parse-where",
  "parse-kv",
  "mv-expand",
  "as",
]);

/**
 * Operators after which `ingestion_time()` still is the row's: it has to be used in the context of a table
 * (`kusto/query/ingestion-time-function.md`), which others don't promise to keep
 * (`kusto/management/materialized-views/materialized-views-limitations.md` names mv-expand).
 */
export const KEEP_INGESTION_TIME: ReadonlySet<string> = new Set(["where", "filter", "extend"]);

const AGGREGATES =
  "makes one row of many. The copy is cut into windows by ingestion time, and each window would give a result of its own: copy the rows, and aggregate at the destination.";
const CHOOSES =
  "chooses among the rows, and others at each reading, so that what was exported couldn't be verified: tell by a value which rows to copy, with where.";
const NEIGHBOURS =
  "lets a row depend on the rows around it, and a window holds only some of them: leave it out, and use it where the destination is read.";
const OTHER_DATA =
  "reads other data, which may change before the copy is verified, and afterwards: copy the other table too, and combine them at the destination.";
const UNSEEN = "runs what this query doesn't show: write what it does into the query.";
const OWN_QUERY = "holds a query of its own: write it with where, extend and mv-expand.";
const NO_ROWS = "doesn't answer the table's rows: leave it out.";

const REFUSED: readonly (readonly [reason: string, operators: string])[] = [
  [AGGREGATES, "summarize distinct count make-series top top-nested top-hitters reduce facet fork"],
  [CHOOSES, "take limit sample sample-distinct"],
  [NEIGHBOURS, "sort order serialize scan"],
  [OTHER_DATA, "join lookup union find search print range datatable externaldata"],
  [
    OTHER_DATA,
    "make-graph graph-match graph-to-table graph-shortest-paths graph-mark-components graph-where-nodes graph-where-edges",
  ],
  [UNSEEN, "invoke evaluate execute-and-cache"],
  [OWN_QUERY, "mv-apply partition __partitionby macro-expand"],
  [NO_ROWS, "getschema render consume assert-schema"],
  [
    "takes columns by names that may come from other tables: write them with project or project-keep.",
    "project-by-names",
  ],
  ["is an old form that leaves out what comes after 128 elements: write mv-expand.", "mvexpand"],
];

const REASONS: ReadonlyMap<string, string> = new Map(
  REFUSED.flatMap(([reason, operators]) =>
    operators.split(" ").map((operator): [string, string] => [operator, reason]),
  ),
);

/** Operators that begin a query without a table before them, so that they may stand in brackets. */
export const SOURCE_OPERATORS: ReadonlySet<string> = new Set(
  "union find search print range evaluate".split(" "),
);

/** Why an operator can't be in a copy's query, in a sentence that begins with its name; nothing for one that can. */
export function operatorProblem(operator: string): string | undefined {
  if (ROW_OPERATORS.has(operator)) return undefined;
  const reason = REASONS.get(operator);
  if (reason !== undefined) return `${operator} ${reason}`;
  return `${shortened(operator)} is not an operator that leaves each row to itself. There are: ${[...ROW_OPERATORS].join(", ")}.`;
}

/** A name out of a query for a message: no more of it than tells which one it is. */
export function shortened(name: string): string {
  return name.length > 40 ? `${name.slice(0, 40)}…` : name;
}
