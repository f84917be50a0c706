import type { KustoType } from "../catalog.ts";
import { semanticError } from "../kustoError.ts";
import { physicalType } from "../physicalType.ts";

/** A DuckDB identifier. */
export function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** A DuckDB text literal. NUL can't stand in SQL text, so it is spliced in by code. */
export function literal(text: string): string {
  const quoted = `'${text.replaceAll("'", "''")}'`;
  return quoted.includes("\0") ? `(${quoted.replaceAll("\0", "' || chr(0) || '")})` : quoted;
}

/** A Kusto entity name as it stands in a query: bare where the grammar lets it, else bracketed. */
export function kustoName(name: string): string {
  return `['${name.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}']`;
}

const TYPE_ALIASES: Readonly<Record<string, KustoType>> = {
  bool: "bool",
  boolean: "bool",
  int: "int",
  int32: "int",
  long: "long",
  int64: "long",
  real: "real",
  double: "real",
  decimal: "decimal",
  datetime: "datetime",
  date: "datetime",
  timespan: "timespan",
  time: "timespan",
  guid: "guid",
  uuid: "guid",
  uniqueid: "guid",
  string: "string",
  dynamic: "dynamic",
};

/** The scalar type that a column declaration names (`kusto/query/scalar-data-types/index.md`). */
export function kustoType(text: string): KustoType {
  const type = TYPE_ALIASES[text];
  if (type === undefined) throw semanticError(`'${text}' is not a known scalar data type.`);
  return type;
}

/** What a row has in a column that its extent doesn't know: null, or the empty string, for strings have no null. */
export function absentValue(type: KustoType): string {
  return type === "string" ? "''::VARCHAR" : `NULL::${physicalType(type)}`;
}

const SYSTEM: Readonly<Record<KustoType, string>> = {
  bool: "System.SByte",
  int: "System.Int32",
  long: "System.Int64",
  real: "System.Double",
  decimal: "System.Data.SqlTypes.SqlDecimal",
  datetime: "System.DateTime",
  timespan: "System.TimeSpan",
  guid: "System.Guid",
  string: "System.String",
  dynamic: "System.Object",
};

/** The .NET name that schema commands give a type (`kusto/management/show-schema-database.md`). */
export function systemType(type: KustoType): string {
  return SYSTEM[type];
}

/**
 * Checks a new entity's name (`kusto/query/schema-entities/entity-names.md`). Brackets and quotes pass although
 * that page leaves them out: tables that services create carry them, and a copier must survive such names.
 */
export function checkEntityName(kind: string, name: string): string {
  if (name.length === 0 || name.length > 1024)
    throw semanticError(`The ${kind} name must have 1 to 1,024 characters.`);
  if (/[\p{Cc}$;:]/u.test(name))
    throw semanticError(`The ${kind} name '${name}' holds characters that names can't have.`);
  if (name.startsWith("__") || name.endsWith("__")) {
    throw semanticError(
      `The ${kind} name '${name}' is reserved: names don't start or end with two underscores.`,
    );
  }
  return name;
}
