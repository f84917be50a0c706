import { z } from "zod";
import { Terminal } from "../../model/errors.ts";
import {
  type Column,
  columnList,
  type KustoType,
  kustoType,
  nameList,
  quoteName,
  quoteString,
} from "../names.ts";
import type { KustoRow } from "../rows.ts";

export * from "./policies.ts";

export interface TableSchema {
  readonly name: string;
  readonly folder: string;
  readonly docstring: string;
  readonly columns: readonly Column[];
}

/** The tables of a database with their columns, as one JSON text (`kusto/management/show-schema-database.md`). */
export function showDatabaseSchema(database: string): string {
  return `.show database ${quoteName(database)} schema as json`;
}

/** The .NET types that the schema names, and the scalar types they stand for. */
const CSL_TYPES: Readonly<Record<string, KustoType>> = {
  "System.SByte": "bool",
  "System.Boolean": "bool",
  "System.Int32": "int",
  "System.Int64": "long",
  "System.Double": "real",
  "System.Data.SqlTypes.SqlDecimal": "decimal",
  "System.DateTime": "datetime",
  "System.TimeSpan": "timespan",
  "System.Guid": "guid",
  "System.String": "string",
  "System.Object": "dynamic",
};

const schemaDocument = z.object({
  Databases: z.record(
    z.string(),
    z.object({
      Name: z.string(),
      Functions: z.record(z.string(), z.object({ Name: z.string() })).nullish(),
      Tables: z.record(
        z.string(),
        z.object({
          Name: z.string(),
          Folder: z.string().nullish(),
          DocString: z.string().nullish(),
          OrderedColumns: z.array(
            z.object({
              Name: z.string(),
              Type: z.string().nullish(),
              CslType: z.string().nullish(),
              DocString: z.string().nullish(),
            }),
          ),
        }),
      ),
    }),
  ),
});

/** The answer of `showDatabaseSchema`: one row of one column that holds the JSON. Database names know no case. */
function databaseOf(database: string, rows: readonly KustoRow[]) {
  const text = Object.values(rows[0] ?? {}).find((value) => typeof value === "string");
  if (text === undefined) throw new Terminal("The schema is missing in the answer", { database });
  const parsed = schemaDocument.safeParse(JSON.parse(text));
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new Terminal(`The schema has an unknown form: ${issue?.path.join(".")}: ${issue?.message}`, {
      database,
    });
  }
  const found = Object.values(parsed.data.Databases).find(
    ({ Name }) => Name.toLowerCase() === database.toLowerCase(),
  );
  if (found === undefined) throw new Terminal("The database is missing in the answer", { database });
  return found;
}

/** The tables of the answer of `showDatabaseSchema`. */
export function readDatabaseSchema(database: string, rows: readonly KustoRow[]): TableSchema[] {
  const found = databaseOf(database, rows);
  return Object.values(found.Tables).map((table) => ({
    name: table.Name,
    folder: table.Folder ?? "",
    docstring: table.DocString ?? "",
    columns: table.OrderedColumns.map((column) => {
      const type = columnType(column.CslType, column.Type);
      if (type === undefined) {
        throw new Terminal(`Column ${column.Name} has the unknown type ${column.CslType ?? column.Type}`, {
          database,
          table: table.Name,
        });
      }
      return { name: column.Name, type, docstring: column.DocString ?? "" };
    }),
  }));
}

/** Names of a database's stored functions, from the answer of `showDatabaseSchema`. */
export function readFunctionNames(database: string, rows: readonly KustoRow[]): Set<string> {
  const found = databaseOf(database, rows);
  return new Set(Object.values(found.Functions ?? {}).map((each) => each.Name));
}

/** The scalar type that a schema's texts name; undefined for one that isn't known. */
export function columnType(
  csl: string | null | undefined,
  net: string | null | undefined,
): KustoType | undefined {
  if (csl) return ALIASES[csl] ?? kustoType(csl);
  return net ? CSL_TYPES[net] : undefined;
}

const ALIASES: Readonly<Record<string, KustoType>> = {
  boolean: "bool",
  double: "real",
  date: "datetime",
  time: "timespan",
  uniqueid: "guid",
  uuid: "guid",
};

/** The name of a table, if there is such a table (`kusto/management/show-tables-command.md`). */
export function showTableNamed(name: string): string {
  return `.show tables | where TableName == ${quoteString(name)} | project TableName`;
}

/** The tables of a database, by name alone (`kusto/management/show-tables-command.md`). */
export function showTableNames(): string {
  return ".show tables | project TableName";
}

export const tableNameAnswer = z.object({ TableName: z.string() });

export interface TableDefinition {
  readonly name: string;
  readonly columns: readonly Column[];
}

export interface TableProperties {
  readonly folder?: string | undefined;
  readonly docstring?: string | undefined;
}

/**
 * Creates tables or adds the columns they lack, in one command; properties are those of all
 * (`kusto/management/create-merge-tables-command.md`).
 */
export function createMergeTables(
  tables: readonly TableDefinition[],
  properties: TableProperties = {},
): string {
  if (tables.length === 0) throw new Error("There are no tables to create.");
  const list = tables.map((table) => `${quoteName(table.name)} (${columnList(table.columns)})`).join(", ");
  return `.create-merge tables ${list}${tableProperties(properties)}`;
}

/** Creates a table or adds the columns it lacks (`kusto/management/create-merge-table-command.md`). */
export function createMergeTable(
  name: string,
  columns: readonly Column[],
  properties: TableProperties = {},
): string {
  return `.create-merge table ${quoteName(name)} (${columnList(columns)})${tableProperties(properties)}`;
}

/** Adds columns to a table, and leaves what it has (`kusto/management/alter-merge-table-command.md`). */
export function alterMergeTable(name: string, columns: readonly Column[]): string {
  return `.alter-merge table ${quoteName(name)} (${columnList(columns)})`;
}

/** Sets a table's folder (`kusto/management/alter-table-folder-command.md`). */
export function alterTableFolder(name: string, folder: string): string {
  return `.alter table ${quoteName(name)} folder ${quoteString(folder)}`;
}

/** Sets a table's docstring (`kusto/management/alter-table-docstring-command.md`). */
export function alterTableDocstring(name: string, docstring: string): string {
  return `.alter table ${quoteName(name)} docstring ${quoteString(docstring)}`;
}

function tableProperties({ folder, docstring }: TableProperties): string {
  const properties = [
    ...(folder === undefined ? [] : [`folder=${quoteString(folder)}`]),
    ...(docstring === undefined ? [] : [`docstring=${quoteString(docstring)}`]),
  ];
  return properties.length === 0 ? "" : ` with (${properties.join(", ")})`;
}

/** Sets the docstrings of these columns, and leaves the others' (`kusto/management/alter-merge-table-column.md`). */
export function alterColumnDocstrings(table: string, columns: readonly Column[]): string {
  const items = columns.map((column) => `${quoteName(column.name)}: ${quoteString(column.docstring ?? "")}`);
  if (items.length === 0) throw new Error("There are no columns to describe.");
  return `.alter-merge table ${quoteName(table)} column-docstrings (${items.join(", ")})`;
}

/** Drops tables, those that don't exist left out (`kusto/management/drop-table-command.md`). */
export function dropTables(names: readonly string[]): string {
  return `.drop tables ${nameList(names)} ifexists`;
}

/**
 * Swaps or renames tables in one transaction: `[["A", "B"]]` makes B into A (`kusto/management/rename-table-command.md`).
 */
export function renameTables(renames: readonly (readonly [newName: string, oldName: string])[]): string {
  if (renames.length === 0) throw new Error("There are no tables to rename.");
  return `.rename tables ${renames.map(([newName, oldName]) => `${quoteName(newName)}=${quoteName(oldName)}`).join(", ")}`;
}

/**
 * Sizes, row counts and effective policies of tables (`kusto/management/show-table-details-command.md`); the counts may
 * be a quarter of an hour old.
 */
export function showTablesDetails(names?: readonly string[]): string {
  return names === undefined ? ".show tables details" : `.show tables ${nameList(names)} details`;
}

const count = z.union([z.bigint(), z.number().transform(BigInt)]);
const size = z.union([z.number(), z.bigint().transform(Number)]);

export const tableDetailsAnswer = z.object({
  TableName: z.string(),
  Folder: z.string().nullish(),
  DocString: z.string().nullish(),
  TotalExtents: count,
  TotalOriginalSize: size,
  TotalRowCount: count,
  RetentionPolicy: z.string().nullish(),
  CachingPolicy: z.string().nullish(),
  MergePolicy: z.string().nullish(),
  MinExtentsCreationTime: z.string().nullish(),
  MaxExtentsCreationTime: z.string().nullish(),
});

export type TableDetails = z.infer<typeof tableDetailsAnswer>;
