import { findDatabase, findTable } from "../engine/lookup.ts";
import { type CommandResult, result, type Value } from "../engine/result.ts";
import type { DatabaseState, ExtentState, TableState } from "../engine/state.ts";
import { type CommandContext, current } from "./context.ts";
import { isHot } from "./databases.ts";
import type { Reader } from "./reader.ts";

export const EXTENT_COLUMNS = [
  "ExtentId:guid",
  "DatabaseName:string",
  "TableName:string",
  "MaxCreatedOn:datetime",
  "OriginalSize:real",
  "ExtentSize:real",
  "CompressedSize:real",
  "IndexSize:real",
  "Blocks:long",
  "Segments:long",
  "ExtentContainerId:string",
  "RowCount:long",
  "MinCreatedOn:datetime",
  "Tags:string",
  "Kind:string",
  "DeletedRowCount:long",
];

interface TagFilter {
  readonly operator: string;
  readonly tag: string;
}

function readFilters(reader: Reader): TagFilter[] {
  const filters: TagFilter[] = [];
  if (!reader.take("where")) return filters;
  do {
    reader.expect("tags");
    const negative = reader.take("!");
    const operator = reader.take("has")
      ? "has"
      : reader.take("contains")
        ? "contains"
        : reader.fail("'has' or 'contains'");
    filters.push({ operator: negative ? `!${operator}` : operator, tag: reader.string() });
  } while (reader.take("and"));
  return filters;
}

/** `has` is equality, `contains` a substring in any case (`kusto/management/show-extents.md`). */
function passes(extent: ExtentState, filter: TagFilter): boolean {
  const has = extent.tags.includes(filter.tag);
  const contains = extent.tags.some((tag) => tag.toLowerCase().includes(filter.tag.toLowerCase()));
  switch (filter.operator) {
    case "has":
      return has;
    case "!has":
      return !has;
    case "contains":
      return contains;
    default:
      return !contains;
  }
}

function row(database: DatabaseState, table: TableState, extent: ExtentState): Value[] {
  return [
    extent.id,
    database.name,
    table.name,
    extent.createdMax,
    extent.size,
    extent.size,
    extent.size,
    0,
    1,
    1,
    extent.container,
    extent.rows,
    extent.createdMin,
    extent.tags.join("\r\n"),
    "StorageV3",
    0,
  ];
}

/** `.show table(s) | database | cluster extents …` (`kusto/management/show-extents.md`). */
export function showExtents(reader: Reader, context: CommandContext): CommandResult | undefined {
  const mark = reader.mark();
  const state = context.engine.store.state();
  let scope: { database: DatabaseState; tables: TableState[] }[] | undefined;
  if (reader.take("show", "tables")) {
    if (reader.peek().text === "(") {
      const database = current(context);
      const names = reader.list(reader.name);
      if (reader.take("extents"))
        scope = [{ database, tables: names.map((name) => findTable(database, name)) }];
    }
  } else if (reader.take("show", "table")) {
    if (reader.peek().text !== "*") {
      const name = reader.name();
      if (reader.take("extents")) {
        const database = current(context);
        scope = [{ database, tables: [findTable(database, name)] }];
      }
    }
  } else if (reader.take("show", "database")) {
    if (reader.take("extents"))
      scope = [{ database: current(context), tables: [...current(context).tables.values()] }];
    else if (reader.peek().kind !== "end") {
      const name = reader.name();
      if (reader.take("extents")) {
        const database = findDatabase(state, name);
        scope = [{ database, tables: [...database.tables.values()] }];
      }
    }
  } else if (reader.take("show", "cluster", "extents")) {
    scope = [...state.databases.values()].map((database) => ({
      database,
      tables: [...database.tables.values()],
    }));
  }
  if (scope === undefined) {
    reader.back(mark);
    return undefined;
  }
  if (reader.peek().text === "partitioning") reader.fail("an extents filter");
  const ids = reader.peek().text === "(" ? new Set(reader.list(reader.guid)) : undefined;
  const hot = reader.take("hot");
  const filters = readFilters(reader);
  reader.end();
  const rows: Value[][] = [];
  for (const { database, tables } of scope) {
    for (const table of tables) {
      for (const extent of table.extents.values()) {
        if (ids !== undefined && !ids.has(extent.id)) continue;
        if (hot && !isHot(context, database, table, extent)) continue;
        if (filters.every((filter) => passes(extent, filter))) rows.push(row(database, table, extent));
      }
    }
  }
  return result(EXTENT_COLUMNS, rows);
}
