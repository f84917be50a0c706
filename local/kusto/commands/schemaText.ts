import type { KustoColumn } from "../catalog.ts";
import { systemType } from "../engine/names.ts";
import { type CommandResult, result } from "../engine/result.ts";
import type { DatabaseState, TableState } from "../engine/state.ts";

/** A name as it stands in a schema's text: bare where it is a plain identifier, else bracketed. */
export function nameText(name: string): string {
  return /^[A-Za-z_]\w*$/.test(name) ? name : `['${name.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}']`;
}

export function cslSchema(columns: readonly KustoColumn[]): string {
  return columns.map((column) => `${nameText(column.name)}:${column.type}`).join(", ");
}

/** A table's schema as JSON (`kusto/management/show-table-schema-command.md`). */
export function tableSchema(table: TableState): object {
  return {
    Name: table.name,
    ...(table.folder === "" ? {} : { Folder: table.folder }),
    ...(table.docstring === "" ? {} : { DocString: table.docstring }),
    OrderedColumns: table.columns.map((column) => ({
      Name: column.name,
      Type: systemType(column.type),
      CslType: column.type,
      ...(column.docstring === undefined ? {} : { DocString: column.docstring }),
    })),
  };
}

/** What `.show table T schema as json` answers, and with it the commands that create or alter a table. */
export function schemaResult(
  database: DatabaseState,
  table: TableState,
  text: "json" | "csl" = "json",
): CommandResult {
  return result(
    ["TableName:string", "Schema:string", "DatabaseName:string", "Folder:string", "DocString:string"],
    [
      [
        table.name,
        text === "json" ? JSON.stringify(tableSchema(table)) : cslSchema(table.columns),
        database.name,
        table.folder,
        table.docstring,
      ],
    ],
  );
}

export function databaseSchema(database: DatabaseState): object {
  const [major, minor] = [1, database.version];
  return {
    Name: database.name,
    Tables: Object.fromEntries(
      [...database.tables.values()].map((table) => [
        table.name,
        { ...tableSchema(table), DefaultColumn: null },
      ]),
    ),
    ExternalTables: {},
    MaterializedViews: {},
    PrettyName: database.prettyName === "" ? null : database.prettyName,
    MajorVersion: major,
    MinorVersion: minor,
    Functions: Object.fromEntries(
      [...database.functions.values()].map((item) => [
        item.name,
        {
          Name: item.name,
          InputParameters: item.parameters,
          Body: item.body,
          Folder: item.folder,
          DocString: item.docstring,
          FunctionKind: "Unknown",
          OutputColumns: [],
        },
      ]),
    ),
    DatabaseAccessMode: "ReadWrite",
  };
}
