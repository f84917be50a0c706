import type { KustoColumn } from "../catalog.ts";
import { alreadyExists, badRequest, findTable } from "../engine/lookup.ts";
import { checkEntityName, identifier } from "../engine/names.ts";
import { type CommandResult, result } from "../engine/result.ts";
import { type ColumnState, withTable } from "../engine/state.ts";
import { runOrStart } from "./asynchronous.ts";
import { type CommandContext, changeDatabase, current } from "./context.ts";
import {
  booleanProperty,
  datetimeProperty,
  listProperty,
  onlyProperties,
  type Properties,
  type Reader,
} from "./reader.ts";
import { withSource } from "./source.ts";
import { newTable, withoutColumns } from "./tables.ts";

const VERBS = ["set", "append", "set-or-append", "set-or-replace"] as const;
type Verb = (typeof VERBS)[number];

const KINDS: Readonly<Record<Verb, string>> = {
  set: "TableSet",
  append: "TableAppend",
  "set-or-append": "TableSetOrAppend",
  "set-or-replace": "TableSetOrReplace",
};

const PROPERTIES = [
  "distributed",
  "creationTime",
  "extend_schema",
  "recreate_schema",
  "folder",
  "ingestIfNotExists",
  "policy_ingestiontime",
  "tags",
  "docstring",
  "persistDetails",
];

export const EXTENT_RESULT = [
  "ExtentId:guid",
  "OriginalSize:real",
  "ExtentSize:real",
  "CompressedSize:real",
  "IndexSize:real",
  "RowCount:long",
];

function columnsOf(columns: readonly KustoColumn[]): ColumnState[] {
  const names = new Set<string>();
  return columns.map((column) => {
    if (names.has(column.name))
      throw badRequest(`Column '${column.name}' appears twice in the query's result.`);
    names.add(column.name);
    return { name: checkEntityName("column", column.name), type: column.type };
  });
}

/** Makes the table, or fits its schema, before the rows come: a transaction of its own (`ingest-from-query.md`). */
async function prepareTable(
  context: CommandContext,
  verb: Verb,
  name: string,
  columns: readonly KustoColumn[],
  properties: Properties,
): Promise<readonly ColumnState[]> {
  const database = await changeDatabase(context, current(context).name, (before) => {
    const existing = before.tables.get(name);
    if (existing === undefined) {
      if (verb === "append") findTable(before, name);
      const made = newTable(
        checkEntityName("table", name),
        columnsOf(columns),
        properties.get("folder"),
        properties.get("docstring"),
      );
      const time = booleanProperty(properties, "policy_ingestiontime", true);
      return withTable(before, time ? made : { ...made, policies: { ingestiontime: false } });
    }
    if (verb === "set") throw alreadyExists("Table", name);
    let table = existing;
    if (verb === "set-or-replace" && booleanProperty(properties, "recreate_schema")) {
      const gone = table.columns.map((column) => column.name);
      table = { ...withoutColumns(table, gone), columns: columnsOf(columns) };
    } else if (booleanProperty(properties, "extend_schema")) {
      const extra = columnsOf(columns.slice(table.columns.length));
      const twice = extra.find((column) => existing.columns.some((one) => one.name === column.name));
      if (twice !== undefined) throw alreadyExists("Column", twice.name);
      if (extra.length > 0) table = { ...table, columns: [...table.columns, ...extra] };
    }
    const folder = properties.get("folder");
    const docstring = properties.get("docstring");
    if (folder !== undefined || docstring !== undefined)
      table = { ...table, folder: folder ?? table.folder, docstring: docstring ?? table.docstring };
    return table === existing ? before : withTable(before, table);
  });
  const table = findTable(database, name);
  // By type and place, never by name: a shorter result, whatever it is called, would land in the first columns.
  const fits =
    columns.length === table.columns.length &&
    columns.every((column, index) => column.type === table.columns[index]?.type);
  if (!fits) {
    throw badRequest(
      `Invalid query for table '${name}': Query schema does not match table schema. QuerySchema=('${columns.map((column) => column.type).join(",")}'), TableSchema=('${table.columns.map((column) => column.type).join(",")}').`,
    );
  }
  return table.columns;
}

/** `.set`, `.append`, `.set-or-append`, `.set-or-replace` (`kusto/management/data-ingestion/ingest-from-query.md`). */
export async function ingestFromQuery(
  reader: Reader,
  context: CommandContext,
): Promise<CommandResult | undefined> {
  const mark = reader.mark();
  const verb = VERBS.find((item) => reader.take(item));
  if (verb === undefined) return undefined;
  // `.set stored_query_result` is another command.
  if (reader.peek().text === "stored_query_result") {
    reader.back(mark);
    return undefined;
  }
  const asynchronous = reader.take("async");
  reader.take("table");
  const name = reader.name();
  const properties = reader.properties();
  onlyProperties(properties, PROPERTIES);
  reader.expect("<|");
  const query = reader.rest();
  const tags = listProperty(properties, "tags");
  const unless = listProperty(properties, "ingestIfNotExists");
  const creationTime = datetimeProperty(properties, "creationTime");
  const existing = current(context).tables.get(name);
  if (verb === "set" && existing !== undefined) throw alreadyExists("Table", name);
  if (verb === "append") findTable(current(context), name);
  return runOrStart(context, KINDS[verb], "ingestions", asynchronous, (_, signal) =>
    withSource(context, query, async (connection, sql, columns) => {
      const targets = await prepareTable(context, verb, name, columns, properties);
      const names = targets.map((column) => identifier(column.name)).join(", ");
      const done = await context.engine.ingestRelation(
        context.request.database,
        name,
        `(SELECT * FROM (${sql}) AS source(${names}))`,
        {
          connection,
          tags,
          ...(creationTime === undefined ? {} : { creationTime }),
          ingestIfNotExists: unless,
          replace: verb === "set-or-replace",
          context: { ...context.request, signal },
        },
      );
      return {
        result: result(
          EXTENT_RESULT,
          done.extents.map((extent) => [extent.id, extent.size, extent.size, extent.size, 0, extent.rows]),
        ),
        persist: asynchronous || booleanProperty(properties, "persistDetails"),
        skipped: done.skipped,
      };
    }),
  );
}
