/**
 * JSON read without losing digits: a number stays the text it was, since a long has more digits than a JavaScript
 * number keeps and Kusto writes it as a plain JSON number.
 */
export class NumberToken {
  readonly token: string;

  constructor(token: string) {
    this.token = token;
  }
}

export type JsonValue = null | boolean | string | NumberToken | JsonValue[] | Map<string, JsonValue>;

interface Reader {
  readonly source: string;
  at: number;
}

const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;

/** Parses a JSON text. Bags become maps, so that no key can mean anything but itself. */
export function parseJson(source: string): JsonValue {
  const reader: Reader = { source, at: 0 };
  const value = readValue(reader);
  if (skipSpace(reader) !== "") throw unexpected(reader);
  return value;
}

/** The JSON text of a value, numbers as they were written. */
export function jsonText(value: JsonValue): string {
  if (value instanceof NumberToken) return value.token;
  if (Array.isArray(value)) return `[${value.map(jsonText).join(",")}]`;
  if (value instanceof Map) {
    return `{${[...value].map(([key, item]) => `${JSON.stringify(key)}:${jsonText(item)}`).join(",")}}`;
  }
  return JSON.stringify(value);
}

/** The plain JavaScript form, for what is known to hold no numbers beyond 2^53. */
export function plainValue(value: JsonValue): unknown {
  if (value instanceof NumberToken) return Number(value.token);
  if (Array.isArray(value)) return value.map(plainValue);
  if (value instanceof Map)
    return Object.fromEntries([...value].map(([key, item]) => [key, plainValue(item)]));
  return value;
}

/** Moves to the next character that isn't white space and answers it, or "" at the end. */
function skipSpace(reader: Reader): string {
  for (;;) {
    const character = reader.source.charAt(reader.at);
    if (character !== " " && character !== "\n" && character !== "\r" && character !== "\t") return character;
    reader.at++;
  }
}

function readValue(reader: Reader): JsonValue {
  switch (skipSpace(reader)) {
    case '"':
      return readString(reader);
    case "[":
      return readArray(reader);
    case "{":
      return readBag(reader);
    case "t":
      return readWord(reader, "true", true);
    case "f":
      return readWord(reader, "false", false);
    case "n":
      return readWord(reader, "null", null);
    default:
      return readNumber(reader);
  }
}

function readWord<T>(reader: Reader, word: string, value: T): T {
  if (!reader.source.startsWith(word, reader.at)) throw unexpected(reader);
  reader.at += word.length;
  return value;
}

function readNumber(reader: Reader): NumberToken {
  NUMBER.lastIndex = reader.at;
  const match = NUMBER.exec(reader.source);
  if (!match) throw unexpected(reader);
  reader.at = NUMBER.lastIndex;
  return new NumberToken(match[0]);
}

// By indexOf and not by a pattern: a string may be megabytes long.
function readString(reader: Reader): string {
  const start = reader.at;
  let end = start;
  for (;;) {
    end = reader.source.indexOf('"', end + 1);
    if (end < 0) throw unexpected(reader);
    let backslashes = 0;
    while (reader.source.charAt(end - 1 - backslashes) === "\\") backslashes++;
    if (backslashes % 2 === 0) break;
  }
  reader.at = end + 1;
  const text: unknown = JSON.parse(reader.source.slice(start, end + 1));
  if (typeof text !== "string") throw unexpected(reader);
  return text;
}

function readArray(reader: Reader): JsonValue[] {
  const items: JsonValue[] = [];
  reader.at++;
  if (skipSpace(reader) === "]") {
    reader.at++;
    return items;
  }
  for (;;) {
    items.push(readValue(reader));
    const mark = skipSpace(reader);
    if (mark !== "," && mark !== "]") throw unexpected(reader);
    reader.at++;
    if (mark === "]") return items;
  }
}

function readBag(reader: Reader): Map<string, JsonValue> {
  const bag = new Map<string, JsonValue>();
  reader.at++;
  if (skipSpace(reader) === "}") {
    reader.at++;
    return bag;
  }
  for (;;) {
    if (skipSpace(reader) !== '"') throw unexpected(reader);
    const key = readString(reader);
    if (skipSpace(reader) !== ":") throw unexpected(reader);
    reader.at++;
    bag.set(key, readValue(reader));
    const mark = skipSpace(reader);
    if (mark !== "," && mark !== "}") throw unexpected(reader);
    reader.at++;
    if (mark === "}") return bag;
  }
}

function unexpected(reader: Reader): SyntaxError {
  const found = reader.source.charAt(reader.at);
  return new SyntaxError(`Not JSON: ${found === "" ? "the end" : `"${found}"`} at character ${reader.at}.`);
}
