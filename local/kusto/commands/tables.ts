import { randomUUID } from "node:crypto";
import { alreadyExists, badRequest, findTable } from "../engine/lookup.ts";
import { checkEntityName, kustoType } from "../engine/names.ts";
import { type CommandResult, result } from "../engine/result.ts";
import {
  type ColumnState,
  type DatabaseState,
  type TableState,
  withoutTable,
  withTable,
} from "../engine/state.ts";
import { entityNotFound, semanticError } from "../kustoError.ts";
import { type CommandContext, changeDatabase, current, tableReference } from "./context.ts";
import { onlyProperties, type Properties, type Reader } from "./reader.ts";
import { schemaResult } from "./schemaText.ts";

interface Declared {
  readonly name: string;
  readonly columns: readonly ColumnState[];
}

export function readColumns(reader: Reader): ColumnState[] {
  const columns = reader.list((): ColumnState => {
    const name = checkEntityName("column", reader.name());
    reader.expect(":");
    const token = reader.next();
    if (token.kind !== "word") reader.fail("a type");
    return { name, type: kustoType(token.text) };
  });
  const seen = new Set<string>();
  for (const column of columns) {
    if (seen.has(column.name)) throw semanticError(`Column '${column.name}' is declared twice.`);
    if ([...seen].some((name) => name.toLowerCase() === column.name.toLowerCase())) {
      throw badRequest(
        `Columns whose names differ only by case ('${column.name}') are not supported by the local Kusto.`,
      );
    }
    seen.add(column.name);
  }
  return columns;
}

export function newTable(
  name: string,
  columns: readonly ColumnState[],
  folder = "",
  docstring = "",
): TableState {
  return {
    id: randomUUID(),
    name,
    folder,
    docstring,
    columns,
    policies: {},
    mappings: [],
    principals: [],
    extents: new Map(),
  };
}

function readDeclared(reader: Reader): Declared {
  const name = checkEntityName("table", reader.name());
  if (reader.peek().text !== "(") reader.fail("'('");
  return { name, columns: readColumns(reader) };
}

function readTables(reader: Reader): { tables: Declared[]; properties: Properties } {
  const tables: Declared[] = [];
  do tables.push(readDeclared(reader));
  while (reader.take(","));
  const properties = reader.properties();
  onlyProperties(properties, ["docstring", "folder"]);
  reader.end();
  return { tables, properties };
}

/** The table with columns it lacks added at its end; a column of another type makes it fail. */
export function extended(table: TableState, columns: readonly ColumnState[]): TableState {
  const added: ColumnState[] = [];
  for (const column of columns) {
    const known = table.columns.find((item) => item.name === column.name);
    if (known === undefined) added.push(column);
    else if (known.type !== column.type) {
      throw badRequest(
        `Column '${column.name}' of table '${table.name}' has type '${known.type}', which can't be changed to '${column.type}'. Use '.alter column'.`,
      );
    }
  }
  return added.length === 0 ? table : { ...table, columns: [...table.columns, ...added] };
}

function described(table: TableState, properties: Properties): TableState {
  return {
    ...table,
    folder: properties.get("folder") ?? table.folder,
    docstring: properties.get("docstring") ?? table.docstring,
  };
}

function tableList(database: DatabaseState, names: readonly string[]): CommandResult {
  return result(
    ["TableName:string", "DatabaseName:string", "Folder:string", "DocString:string"],
    names.map((name) => {
      const table = findTable(database, name);
      return [table.name, database.name, table.folder, table.docstring];
    }),
  );
}

/** `.create` and `.create-merge table(s)` (`create-table-command.md`, `create-merge-tables-command.md`). */
async function createTables(
  reader: Reader,
  context: CommandContext,
  merge: boolean,
  many: boolean,
): Promise<CommandResult> {
  if (!merge && !many) {
    const based = await createBasedOn(reader, context);
    if (based !== undefined) return based;
  }
  const { tables, properties } = readTables(reader);
  if (!many && tables.length > 1) reader.fail("one table");
  const database = await changeDatabase(context, current(context).name, (before) => {
    let after = before;
    for (const declared of tables) {
      const existing = after.tables.get(declared.name);
      // An existing table is left as it is, whatever the command says about it.
      if (existing === undefined) {
        after = withTable(after, described(newTable(declared.name, declared.columns), properties));
      } else if (merge) {
        const next = extended(existing, declared.columns);
        const final = properties.size === 0 ? next : described(next, properties);
        if (final !== existing) after = withTable(after, final);
      }
    }
    return after;
  });
  const [first] = tables;
  if (many || first === undefined)
    return tableList(
      database,
      tables.map((table) => table.name),
    );
  return schemaResult(database, findTable(database, first.name));
}

async function createBasedOn(reader: Reader, context: CommandContext): Promise<CommandResult | undefined> {
  const mark = reader.mark();
  const name = reader.name();
  if (!reader.take("based-on")) {
    reader.back(mark);
    return undefined;
  }
  checkEntityName("table", name);
  const other = reader.name();
  const lenient = reader.take("ifnotexists");
  const properties = reader.properties();
  onlyProperties(properties, ["docstring", "folder"]);
  reader.end();
  const database = await changeDatabase(context, current(context).name, (before) => {
    const source = findTable(before, other);
    if (before.tables.has(name)) {
      if (lenient) return before;
      throw alreadyExists("Table", name);
    }
    const { update: _, ...policies } = source.policies;
    const made = newTable(name, source.columns, source.folder, `Created based on ${other}`);
    return withTable(before, described({ ...made, policies }, properties));
  });
  return schemaResult(database, findTable(database, name));
}

/** `.alter table` sets the columns, `.alter-merge table` adds to them (`alter-table-command.md`). */
async function alterTable(reader: Reader, context: CommandContext, merge: boolean): Promise<CommandResult> {
  const reference = tableReference(reader, context);
  const columns = readColumns(reader);
  const properties = reader.properties();
  onlyProperties(properties, ["docstring", "folder"]);
  reader.end();
  const database = await changeDatabase(context, reference.database, (before) => {
    const table = findTable(before, reference.table);
    const grown = extended(table, columns);
    if (merge) return withTable(before, described(grown, properties));
    const kept = columns.map((column) => table.columns.find((item) => item.name === column.name) ?? column);
    const gone = table.columns
      .filter((column) => !columns.some((item) => item.name === column.name))
      .map((column) => column.name);
    return withTable(before, described({ ...withoutColumns(table, gone), columns: kept }, properties));
  });
  return schemaResult(database, findTable(database, reference.table));
}

/** Forgets columns in the extents too: adding the name again doesn't bring the data back (`drop-column.md`). */
export function withoutColumns(table: TableState, names: readonly string[]): TableState {
  if (names.length === 0) return table;
  const extents = new Map(
    [...table.extents].map(([id, extent]) => [
      id,
      {
        ...extent,
        columns: Object.fromEntries(Object.entries(extent.columns).filter(([name]) => !names.includes(name))),
      },
    ]),
  );
  return { ...table, columns: table.columns.filter((column) => !names.includes(column.name)), extents };
}

/** `.drop table(s)` answers what tables are left (`drop-table-command.md`). */
async function dropTables(reader: Reader, context: CommandContext, many: boolean): Promise<CommandResult> {
  const names = many ? reader.list(reader.name) : [reader.name()];
  const lenient = reader.take("ifexists");
  reader.end();
  const database = await changeDatabase(context, current(context).name, (before) => {
    let after = before;
    for (const name of names) {
      if (!after.tables.has(name)) {
        if (lenient) continue;
        throw entityNotFound("Table", name);
      }
      after = withoutTable(after, name);
    }
    return after;
  });
  return result(
    ["TableName:string", "DatabaseName:string"],
    [...database.tables.keys()].map((name) => [name, database.name]),
  );
}

/** `.rename table(s)`: one transaction, swaps and permutations included (`rename-table-command.md`). */
async function renameTables(reader: Reader, context: CommandContext, many: boolean): Promise<CommandResult> {
  const pairs: { from: string; to: string; lenient: boolean }[] = [];
  if (many) {
    do {
      const to = checkEntityName("table", reader.name());
      reader.expect("=");
      const from = reader.name();
      pairs.push({ from, to, lenient: reader.take("ifexists") });
    } while (reader.take(","));
  } else {
    const from = reader.name();
    reader.expect("to");
    pairs.push({ from, to: checkEntityName("table", reader.name()), lenient: reader.take("ifexists") });
  }
  reader.end();
  const database = await changeDatabase(context, current(context).name, (before) => {
    const active = pairs.filter((pair) => {
      if (before.tables.has(pair.from)) return true;
      if (pair.lenient) return false;
      throw entityNotFound("Table", pair.from);
    });
    const tables = new Map(before.tables);
    for (const { from } of active) tables.delete(from);
    if (new Set(active.map((pair) => pair.from)).size !== active.length)
      throw badRequest("A table can't get two names.");
    for (const { from, to } of active) {
      if (tables.has(to)) throw alreadyExists("Table", to);
      tables.set(to, { ...findTable(before, from), name: to });
    }
    return { ...before, tables };
  });
  return tableList(
    database,
    pairs.map((pair) => pair.to).filter((name) => database.tables.has(name)),
  );
}

/** `.alter table T folder|docstring "…"` (`alter-table-folder-command.md`, `alter-table-docstring-command.md`). */
async function describeTable(reader: Reader, context: CommandContext): Promise<CommandResult | undefined> {
  const mark = reader.mark();
  const reference = tableReference(reader, context);
  const what = reader.take("folder") ? "folder" : reader.take("docstring") ? "docstring" : undefined;
  if (what === undefined) {
    reader.back(mark);
    return undefined;
  }
  const text = reader.string();
  reader.end();
  const database = await changeDatabase(context, reference.database, (before) =>
    withTable(before, { ...findTable(before, reference.table), [what]: text }),
  );
  return tableList(database, [reference.table]);
}

export async function tableCommands(
  reader: Reader,
  context: CommandContext,
): Promise<CommandResult | undefined> {
  const mark = reader.mark();
  if (reader.take("create", "table") || reader.take("create-merge", "table")) {
    const merge = reader.text.slice(mark, reader.mark()).includes("-merge");
    // `.create table T ingestion …` is another family's.
    const at = reader.mark();
    reader.name();
    if (reader.take("ingestion")) {
      reader.back(mark);
      return undefined;
    }
    reader.back(at);
    return createTables(reader, context, merge, false);
  }
  if (reader.take("create", "tables")) return createTables(reader, context, false, true);
  if (reader.take("create-merge", "tables")) return createTables(reader, context, true, true);
  if (reader.take("rename", "tables")) return renameTables(reader, context, true);
  if (reader.take("rename", "table")) return renameTables(reader, context, false);
  if (reader.take("drop", "tables")) return dropTables(reader, context, true);
  if (reader.take("drop", "table")) {
    const at = reader.mark();
    reader.name();
    const other =
      reader.take("columns") ||
      reader.take("extent") ||
      reader.take("ingestion") ||
      reader.take("admins") ||
      reader.take("ingestors");
    if (!other) {
      reader.back(at);
      return dropTables(reader, context, false);
    }
  } else {
    for (const verb of ["alter", "alter-merge"]) {
      if (!reader.take(verb, "table")) continue;
      const done = verb === "alter" ? await describeTable(reader, context) : undefined;
      if (done !== undefined) return done;
      const at = reader.mark();
      tableReference(reader, context);
      const isSchema = reader.peek().text === "(";
      reader.back(at);
      if (isSchema) return alterTable(reader, context, verb === "alter-merge");
    }
  }
  reader.back(mark);
  return undefined;
}
