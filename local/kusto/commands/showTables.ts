import { findDatabase, findTable } from "../engine/lookup.ts";
import { systemType } from "../engine/names.ts";
import { policyValue } from "../engine/policies.ts";
import { type CommandResult, result, type Value } from "../engine/result.ts";
import type { DatabaseState, TableState } from "../engine/state.ts";
import { notSupported } from "../kustoError.ts";
import { type CommandContext, current, tableReference } from "./context.ts";
import { totalsOf } from "./databases.ts";
import { booleanProperty, type Reader } from "./reader.ts";
import { cslSchema, databaseSchema, schemaResult } from "./schemaText.ts";
import { cslScript } from "./script.ts";

/** `.show table details` (`show-table-details-command.md`). */
function details(
  context: CommandContext,
  database: DatabaseState,
  tables: readonly TableState[],
): CommandResult {
  const policy = (table: TableState, kind: string): string =>
    JSON.stringify(policyValue(database, table, kind));
  return result(
    [
      "TableName:string",
      "DatabaseName:string",
      "Folder:string",
      "DocString:string",
      "TotalExtents:long",
      "TotalExtentSize:real",
      "TotalOriginalSize:real",
      "TotalRowCount:long",
      "HotExtents:long",
      "HotExtentSize:real",
      "HotOriginalSize:real",
      "HotRowCount:long",
      "AuthorizedPrincipals:string",
      "RetentionPolicy:string",
      "CachingPolicy:string",
      "ShardingPolicy:string",
      "MergePolicy:string",
      "StreamingIngestionPolicy:string",
      "IngestionBatchingPolicy:string",
      "MinExtentsCreationTime:datetime",
      "MaxExtentsCreationTime:datetime",
      "RowOrderPolicy:string",
      "TableId:string",
    ],
    tables.map((table): Value[] => {
      const totals = totalsOf(context, database, [table]);
      const extents = [...table.extents.values()];
      const first = extents[0];
      const least = extents.reduce(
        (time, extent) => (extent.createdMin < time ? extent.createdMin : time),
        first?.createdMin ?? 0n,
      );
      const most = extents.reduce(
        (time, extent) => (extent.createdMax > time ? extent.createdMax : time),
        0n,
      );
      return [
        table.name,
        database.name,
        table.folder,
        table.docstring,
        totals.extents,
        totals.size,
        totals.size,
        totals.rows,
        totals.hotExtents,
        totals.hotSize,
        totals.hotSize,
        totals.hotRows,
        JSON.stringify(table.principals),
        policy(table, "retention"),
        policy(table, "caching"),
        policy(table, "sharding"),
        policy(table, "merge"),
        policy(table, "streamingingestion"),
        policy(table, "ingestionbatching"),
        first === undefined ? null : least,
        first === undefined ? null : most,
        policy(table, "roworder"),
        table.id,
      ];
    }),
  );
}

function listed(database: DatabaseState, tables: readonly TableState[]): CommandResult {
  return result(
    ["TableName:string", "DatabaseName:string", "Folder:string", "DocString:string"],
    tables.map((table) => [table.name, database.name, table.folder, table.docstring]),
  );
}

/** The flat list of a database's structure (`show-schema-database.md`). */
function flatSchema(databases: readonly DatabaseState[]): CommandResult {
  const rows: Value[][] = [];
  for (const database of databases) {
    rows.push([database.name, "", "", "", false, false, database.prettyName, `v1.${database.version}`]);
    for (const table of database.tables.values()) {
      rows.push([database.name, table.name, "", "", true, false, "", ""]);
      for (const column of table.columns)
        rows.push([database.name, table.name, column.name, systemType(column.type), true, false, "", ""]);
    }
  }
  return result(
    [
      "DatabaseName:string",
      "TableName:string",
      "ColumnName:string",
      "ColumnType:string",
      "IsDefaultTable:bool",
      "IsDefaultColumn:bool",
      "PrettyName:string",
      "Version:string",
    ],
    rows,
  );
}

function schemaJson(databases: readonly DatabaseState[]): CommandResult {
  const named = Object.fromEntries(databases.map((database) => [database.name, databaseSchema(database)]));
  return result(["DatabaseSchema:string"], [[JSON.stringify({ Databases: named })]]);
}

function laterThan(database: DatabaseState, version: string | undefined): boolean {
  const match = /^v(\d+)\.(\d+)$/.exec(version ?? "");
  if (match === null) return true;
  const [major, minor] = [Number(match[1]), Number(match[2])];
  return 1 > major || (major === 1 && database.version > minor);
}

/** `.show database D schema …` (`show-schema-database.md`). */
function databaseSchemas(reader: Reader, context: CommandContext, many: boolean): CommandResult | undefined {
  const state = context.engine.store.state();
  const named = many
    ? reader.list(() => ({
        name: reader.name(),
        version: reader.take("if_later_than") ? reader.string() : undefined,
      }))
    : [{ name: reader.peek().text === "schema" ? current(context).name : reader.name(), version: undefined }];
  const kind = reader.take("cslschema") ? "cslschema" : reader.take("schema") ? "schema" : undefined;
  if (kind === undefined) return undefined;
  const version = reader.take("if_later_than") ? reader.string() : undefined;
  const databases = named
    .map((item) => ({ database: findDatabase(state, item.name), version: version ?? item.version }))
    .filter((item) => laterThan(item.database, item.version))
    .map((item) => item.database);
  if (kind === "cslschema") {
    reader.end();
    const rows = databases.flatMap((database) =>
      [...database.tables.values()].map((table) => [
        table.name,
        cslSchema(table.columns),
        database.name,
        table.folder,
        table.docstring,
      ]),
    );
    return result(
      ["TableName:string", "Schema:string", "DatabaseName:string", "Folder:string", "DocString:string"],
      rows,
    );
  }
  reader.take("details");
  if (!reader.take("as")) {
    reader.end();
    return flatSchema(databases);
  }
  if (reader.take("json")) {
    reader.properties();
    reader.end();
    return schemaJson(databases);
  }
  reader.expect("csl", "script");
  const properties = reader.properties();
  reader.end();
  const options = {
    encoding: booleanProperty(properties, "IncludeEncodingPolicies", true),
    mappings: booleanProperty(properties, "IncludeIngestionMappings", true),
  };
  return result(
    ["DatabaseSchemaScript:string"],
    databases.flatMap((database) => cslScript(database, options).map((line) => [line])),
  );
}

export function showTableCommands(reader: Reader, context: CommandContext): CommandResult | undefined {
  const mark = reader.mark();
  if (reader.take("show", "tables")) {
    const database = current(context);
    const tables =
      reader.peek().text === "("
        ? reader.list(reader.name).map((name) => findTable(database, name))
        : [...database.tables.values()];
    if (reader.take("details")) {
      reader.end();
      return details(context, database, tables);
    }
    reader.take(";");
    if (reader.peek().kind === "end") return listed(database, tables);
  } else if (reader.take("show", "table")) {
    const wild = reader.take("*");
    const reference = wild ? undefined : tableReference(reader, context);
    if (reference !== undefined) {
      const database = findDatabase(context.engine.store.state(), reference.database);
      if (reader.take("details")) {
        reader.end();
        return details(context, database, [findTable(database, reference.table)]);
      }
      if (reader.take("cslschema")) {
        reader.end();
        return schemaResult(database, findTable(database, reference.table), "csl");
      }
      if (reader.take("schema")) {
        const csl = !reader.take("as", "json") && reader.take("as", "csl");
        reader.end();
        return schemaResult(database, findTable(database, reference.table), csl ? "csl" : "json");
      }
      reader.take(";");
      if (reader.peek().kind === "end") {
        const table = findTable(database, reference.table);
        throw notSupported(
          `'.show table ${table.name}' alone, which isn't documented ('.show tables (${table.name})' or '.show table ${table.name} details' is),`,
        );
      }
    }
  } else if (reader.take("show", "databases")) {
    if (reader.peek().text === "(") {
      const answer = databaseSchemas(reader, context, true);
      if (answer !== undefined) return answer;
    }
  } else if (reader.take("show", "database")) {
    const answer = databaseSchemas(reader, context, false);
    if (answer !== undefined) return answer;
  } else if (reader.take("show", "schema")) {
    const databases = [...context.engine.store.state().databases.values()];
    if (reader.take("as", "json")) {
      reader.end();
      return schemaJson(databases);
    }
    reader.end();
    return flatSchema(databases);
  }
  reader.back(mark);
  return undefined;
}
