import { alreadyExists, badRequest, findDatabase, findTable } from "../engine/lookup.ts";
import { checkEntityName, kustoType } from "../engine/names.ts";
import { type CommandResult, result } from "../engine/result.ts";
import { type ColumnState, type TableState, withTable } from "../engine/state.ts";
import { entityNotFound } from "../kustoError.ts";
import { type CommandContext, changeDatabase, current } from "./context.ts";
import type { Reader } from "./reader.ts";
import { schemaResult } from "./schemaText.ts";
import { withoutColumns } from "./tables.ts";

interface ColumnReference {
  readonly database: string;
  readonly table: string;
  readonly column: string;
}

/** `T.C` or `D.T.C`. */
export function columnReference(reader: Reader, context: CommandContext): ColumnReference {
  const parts = [reader.name()];
  while (reader.take(".")) parts.push(reader.name());
  const [first = "", second = "", third] = parts;
  if (parts.length === 2) return { database: current(context).name, table: first, column: second };
  if (parts.length === 3 && third !== undefined) {
    return { database: findDatabase(context.engine.store.state(), first).name, table: second, column: third };
  }
  return reader.fail("a column as Table.Column");
}

export function findColumn(table: TableState, name: string): ColumnState {
  const column = table.columns.find((item) => item.name === name);
  if (column === undefined) throw entityNotFound("Column", name);
  return column;
}

export function withColumn(
  table: TableState,
  name: string,
  change: (column: ColumnState) => ColumnState,
): TableState {
  findColumn(table, name);
  return {
    ...table,
    columns: table.columns.map((column) => (column.name === name ? change(column) : column)),
  };
}

function renamedInExtents(table: TableState, names: ReadonlyMap<string, string>): TableState {
  const extents = new Map(
    [...table.extents].map(([id, extent]) => [
      id,
      {
        ...extent,
        columns: Object.fromEntries(
          Object.entries(extent.columns).map(([name, stored]) => [names.get(name) ?? name, stored]),
        ),
      },
    ]),
  );
  return {
    ...table,
    columns: table.columns.map((column) => ({ ...column, name: names.get(column.name) ?? column.name })),
    extents,
  };
}

/** `.rename column(s)` (`rename-column.md`). */
async function renameColumns(reader: Reader, context: CommandContext, many: boolean): Promise<CommandResult> {
  const pairs: { from: ColumnReference; to: string }[] = [];
  if (many) {
    do {
      const to = checkEntityName("column", reader.name());
      reader.expect("=");
      pairs.push({ from: columnReference(reader, context), to });
    } while (reader.take(","));
    const [a, b] = pairs;
    const swap =
      pairs.length === 2 &&
      a !== undefined &&
      b !== undefined &&
      a.from.table === b.from.table &&
      a.to === b.from.column &&
      b.to === a.from.column;
    if (!swap) throw badRequest("'.rename columns' only swaps the names of exactly two existing columns.");
  } else {
    const from = columnReference(reader, context);
    reader.expect("to");
    pairs.push({ from, to: checkEntityName("column", reader.name()) });
  }
  reader.end();
  const [first] = pairs;
  if (first === undefined) return reader.fail("a column");
  const names = new Map(pairs.map((pair) => [pair.from.column, pair.to]));
  const database = await changeDatabase(context, first.from.database, (before) => {
    const table = findTable(before, first.from.table);
    for (const { from } of pairs) findColumn(table, from.column);
    if (!many && table.columns.some((column) => column.name === first.to))
      throw alreadyExists("Column", first.to);
    return withTable(before, renamedInExtents(table, names));
  });
  return schemaResult(database, findTable(database, first.from.table));
}

async function dropColumns(
  context: CommandContext,
  databaseName: string,
  tableName: string,
  names: readonly string[],
  lenient: boolean,
): Promise<CommandResult> {
  const database = await changeDatabase(context, databaseName, (before) => {
    const table = findTable(before, tableName);
    const known = names.filter((name) => {
      if (table.columns.some((column) => column.name === name)) return true;
      if (lenient) return false;
      throw entityNotFound("Column", name);
    });
    return known.length === 0 ? before : withTable(before, withoutColumns(table, known));
  });
  return schemaResult(database, findTable(database, tableName));
}

/** `.alter column T.C type=X`: what the column held becomes null (`alter-column.md`). */
async function alterColumnType(
  reader: Reader,
  context: CommandContext,
  reference: ColumnReference,
): Promise<CommandResult> {
  const type = kustoType(reader.next().text);
  reader.end();
  const database = await changeDatabase(context, reference.database, (before) => {
    const table = findTable(before, reference.table);
    const place = table.columns.findIndex((column) => column.name === reference.column);
    const column = findColumn(table, reference.column);
    if (column.type === type) return before;
    const emptied = withoutColumns(table, [reference.column]);
    return withTable(before, {
      ...emptied,
      columns: emptied.columns.toSpliced(place, 0, { ...column, type }),
    });
  });
  return schemaResult(database, findTable(database, reference.table));
}

const PROFILES = ["identifier", "bigobject", "bigobject32", "vector16", "null"];

/** The longest value that ingestion keeps whole, by encoding profile (`alter-encoding-policy.md`). */
export function maxValueSize(column: ColumnState): number {
  const profile = column.encoding?.toLowerCase();
  if (profile === "bigobject32") return 32 * 1024 * 1024;
  if (profile === "bigobject") return 2 * 1024 * 1024;
  return 1024 * 1024;
}

async function alterEncoding(
  reader: Reader,
  context: CommandContext,
  reference: ColumnReference,
): Promise<CommandResult> {
  let profile: string | undefined;
  if (reader.take("type")) {
    reader.expect("=");
    profile = reader.name();
    if (!PROFILES.includes(profile.toLowerCase()))
      throw badRequest(`'${profile}' is not an encoding policy type.`);
    if (profile.toLowerCase() === "null") profile = undefined;
  }
  reader.end();
  const database = await changeDatabase(context, reference.database, (before) =>
    withTable(
      before,
      withColumn(findTable(before, reference.table), reference.column, (column) => ({
        ...column,
        encoding: profile,
      })),
    ),
  );
  return encodingResult(
    database.name,
    reference.table,
    findColumn(findTable(database, reference.table), reference.column),
  );
}

export function encodingResult(database: string, table: string, column: ColumnState): CommandResult {
  return result(
    ["PolicyName:string", "EntityName:string", "Policy:string", "ChildEntities:string", "EntityType:string"],
    [["EncodingPolicy", `[${database}].[${table}].[${column.name}]`, encodingText(column), "", "Column"]],
  );
}

export function encodingText(column: ColumnState): string {
  if (column.encoding === undefined) return "null";
  return JSON.stringify({ Profile: column.encoding, MaxValueSize: maxValueSize(column) });
}

export async function columnCommands(
  reader: Reader,
  context: CommandContext,
): Promise<CommandResult | undefined> {
  const mark = reader.mark();
  if (reader.take("rename", "columns")) return renameColumns(reader, context, true);
  if (reader.take("rename", "column")) return renameColumns(reader, context, false);
  if (reader.take("drop", "column")) {
    const reference = columnReference(reader, context);
    const lenient = reader.take("ifexists");
    reader.end();
    return dropColumns(context, reference.database, reference.table, [reference.column], lenient);
  }
  if (reader.take("drop", "table")) {
    const table = reader.name();
    if (reader.take("columns")) {
      const names = reader.list(reader.name);
      reader.end();
      return dropColumns(context, current(context).name, table, names, false);
    }
  } else if (reader.take("alter", "column")) {
    const reference = columnReference(reader, context);
    if (reader.take("policy", "encoding")) return alterEncoding(reader, context, reference);
    reader.expect("type", "=");
    return alterColumnType(reader, context, reference);
  } else if (reader.take("show", "column")) {
    const reference = columnReference(reader, context);
    reader.expect("policy", "encoding");
    reader.end();
    const table = findTable(findDatabase(context.engine.store.state(), reference.database), reference.table);
    return encodingResult(reference.database, reference.table, findColumn(table, reference.column));
  } else if (reader.take("alter", "table") || reader.take("alter-merge", "table")) {
    return columnDocstrings(reader, context, mark);
  }
  reader.back(mark);
  return undefined;
}

/** `.alter(-merge) table T column-docstrings (C:"…")` (`alter-column-docstrings.md`). */
async function columnDocstrings(
  reader: Reader,
  context: CommandContext,
  mark: number,
): Promise<CommandResult | undefined> {
  const merge = reader.text.slice(mark).startsWith("alter-merge");
  const name = reader.name();
  if (!reader.take("column-docstrings")) {
    reader.back(mark);
    return undefined;
  }
  const texts = new Map(
    reader.list((): [string, string] => {
      const column = reader.name();
      reader.expect(":");
      return [column, reader.string()];
    }),
  );
  reader.end();
  const database = await changeDatabase(context, current(context).name, (before) => {
    const table = findTable(before, name);
    for (const column of texts.keys()) findColumn(table, column);
    const columns = table.columns.map((column) => {
      const { docstring, ...rest } = column;
      const text = texts.get(column.name) ?? (merge ? docstring : undefined);
      return text === undefined ? rest : { ...rest, docstring: text };
    });
    return withTable(before, { ...table, columns });
  });
  return schemaResult(database, findTable(database, name));
}
