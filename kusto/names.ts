import { isoFromTicks } from "../model/ticks.ts";

/**
 * A name as it stands in a command or query: `['…']`, which every name may be written as, keywords and literals
 * included (`kusto/query/schema-entities/entity-names.md`). Inside the quotes the escapes are those of a string
 * literal.
 */
export function quoteName(name: string): string {
  if (name.length === 0) throw new Error("A name can't be empty.");
  if (name.length > 1024)
    throw new Error(`A name can't be longer than 1024 characters: ${name.slice(0, 40)}…`);
  return `['${escapeText(name)}']`;
}

/** A string literal in single quotes (`kusto/query/scalar-data-types/string.md`). */
export function quoteString(text: string): string {
  return `'${escapeText(text)}'`;
}

/**
 * An obfuscated string literal: Kusto keeps it out of its traces, logs and error messages
 * (`kusto/query/scalar-data-types/string.md`). For everything that may carry a credential.
 */
export function obfuscated(text: string): string {
  return `h'${escapeText(text)}'`;
}

/** A datetime literal to the tick (`kusto/query/scalar-data-types/datetime.md`). */
export function datetimeLiteral(ticks: bigint): string {
  return `datetime(${isoFromTicks(ticks)})`;
}

const GUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/**
 * A guid without anything around it, as commands on extents and operations take it
 * (`kusto/management/move-extents.md`, `kusto/management/show-operations.md`).
 */
export function bareGuid(id: string): string {
  if (!GUID.test(id)) throw new Error(`"${id.slice(0, 60)}" is not a guid.`);
  return id.toLowerCase();
}

/** A guid literal of the query language (`kusto/query/scalar-data-types/guid.md`). */
export function guidLiteral(id: string): string {
  return `guid(${bareGuid(id)})`;
}

/** A whole number as a literal; a number that isn't one can't become part of a command. */
export function longLiteral(value: number | bigint): string {
  if (typeof value === "number" && !Number.isSafeInteger(value))
    throw new Error(`${value} is not a whole number.`);
  return value.toString();
}

/** Names in parentheses: `(['A'], ['B'])`. */
export function nameList(names: readonly string[]): string {
  if (names.length === 0) throw new Error("A list of names can't be empty.");
  return `(${names.map(quoteName).join(", ")})`;
}

/** Guids in parentheses. */
export function guidList(ids: readonly string[]): string {
  if (ids.length === 0) throw new Error("A list of ids can't be empty.");
  return `(${ids.map(bareGuid).join(", ")})`;
}

export const KUSTO_TYPES = [
  "bool",
  "int",
  "long",
  "real",
  "decimal",
  "datetime",
  "timespan",
  "guid",
  "string",
  "dynamic",
] as const;

/** The scalar types (`kusto/query/scalar-data-types/index.md`). */
export type KustoType = (typeof KUSTO_TYPES)[number];

export interface Column {
  readonly name: string;
  readonly type: KustoType;
  readonly docstring?: string | undefined;
}

/** Columns as commands and `externaldata` declare them: `['a']: long, ['b']: string`. */
export function columnList(columns: readonly { readonly name: string; readonly type: KustoType }[]): string {
  if (columns.length === 0) throw new Error("A list of columns can't be empty.");
  return columns.map((column) => `${quoteName(column.name)}: ${kustoType(column.type)}`).join(", ");
}

/** The type if it is one: the types of a schema come from outside and are put into commands unquoted. */
export function kustoType(type: string): KustoType {
  const known = KUSTO_TYPES.find((candidate) => candidate === type);
  if (known === undefined) throw new Error(`"${type}" is not a Kusto type.`);
  return known;
}

const ESCAPES: Readonly<Record<string, string>> = {
  "'": "\\'",
  "\\": "\\\\",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
};

/**
 * Quotes, backslashes, tabs and line ends by the documented escapes; other control characters and the line
 * separators of Unicode by `\u`, since they would be lost or misread on the way.
 */
function escapeText(text: string): string {
  if (/\p{Surrogate}/u.test(text))
    throw new Error("A text with half of a surrogate pair can't be sent to Kusto.");
  return text.replace(
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters that need escaping.
    /['\\\u0000-\u001f\u007f-\u009f\u2028\u2029\ufeff]/g,
    (character) => ESCAPES[character] ?? `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
