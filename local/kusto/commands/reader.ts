import { ticksOfIso, ticksOfTimespan } from "../engine/ticks.ts";
import { syntaxError } from "../kustoError.ts";
import { type Token, tokenAt } from "./lexer.ts";

export type Properties = ReadonlyMap<string, string>;

/** Reads a command's text from left to right. */
export interface Reader {
  readonly text: string;
  readonly peek: () => Token;
  readonly next: () => Token;
  readonly mark: () => number;
  readonly back: (mark: number) => void;
  /** Takes the words if they are all next (in any case), else nothing. */
  readonly take: (...words: string[]) => boolean;
  readonly expect: (...words: string[]) => void;
  /** An entity's name: bare, or in brackets. */
  readonly name: () => string;
  /** A string, of one literal or of several that follow one another. */
  readonly string: () => string;
  /** One string literal: what follows it is another value. */
  readonly literal: () => string;
  readonly guid: () => string;
  /** A list in parentheses. */
  readonly list: <T>(item: () => T) => T[];
  /** `with ( name = value, … )` if it is next, names in lower case. */
  readonly properties: () => Properties;
  readonly datetime: () => bigint;
  /** What is left, as it stands. */
  readonly rest: () => string;
  readonly end: () => void;
  readonly fail: (expected: string) => never;
}

export function createReader(text: string, from = 0): Reader {
  let at = from;
  let ahead: Token | undefined;
  const peek = (): Token => {
    ahead ??= tokenAt(text, at);
    return ahead;
  };
  const next = (): Token => {
    const token = peek();
    at = token.end;
    ahead = undefined;
    return token;
  };
  const back = (mark: number): void => {
    at = mark;
    ahead = undefined;
  };
  const fail = (expected: string): never => {
    const token = peek();
    throw syntaxError(
      `expected ${expected} but found ${token.kind === "end" ? "the end of the command" : `'${text.slice(token.start, token.end).slice(0, 60)}'`} at position ${token.start}.`,
    );
  };
  const is = (token: Token, word: string): boolean =>
    (token.kind === "word" && token.text.toLowerCase() === word.toLowerCase()) ||
    (token.kind === "punctuation" && token.text === word);
  const take = (...words: string[]): boolean => {
    const mark = at;
    for (const word of words) {
      if (!is(peek(), word)) {
        back(mark);
        return false;
      }
      next();
    }
    return true;
  };
  const expect = (...words: string[]): void => {
    for (const word of words) if (!take(word)) fail(`'${word}'`);
  };
  const name = (): string => {
    const token = peek();
    if (token.kind !== "word" && token.kind !== "name" && token.kind !== "string") return fail("a name");
    next();
    return token.text;
  };
  const string = (): string => {
    if (peek().kind !== "string") return fail("a string");
    let value = next().text;
    // String literals that follow one another are one (`kusto/query/scalar-data-types/string.md`).
    while (peek().kind === "string") value += next().text;
    return value;
  };
  const literal = (): string => (peek().kind === "string" ? next().text : fail("a string"));
  const guid = (): string => {
    if (take("guid", "(")) {
      const inner = guid();
      expect(")");
      return inner;
    }
    const token = peek();
    if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(token.text)) return fail("a guid");
    next();
    return token.text.toLowerCase();
  };
  const list = <T>(item: () => T): T[] => {
    expect("(");
    const items: T[] = [];
    if (take(")")) return items;
    do items.push(item());
    while (take(","));
    expect(")");
    return items;
  };
  const value = (): string => {
    const token = next();
    if (token.kind === "end") return fail("a value");
    if (token.kind === "punctuation" && token.text !== "-" && token.text !== "{" && token.text !== "[") {
      back(token.start);
      return fail("a value");
    }
    if (token.text === "{" || token.text === "[") {
      let depth = 1;
      while (depth > 0) {
        const inner = next();
        if (inner.kind === "end") return fail(token.text === "{" ? "'}'" : "']'");
        if (inner.kind === "punctuation" && (inner.text === "{" || inner.text === "[")) depth += 1;
        if (inner.kind === "punctuation" && (inner.text === "}" || inner.text === "]")) depth -= 1;
      }
      return text.slice(token.start, at);
    }
    if (token.text === "-") return `-${next().text}`;
    if (token.kind === "string") {
      let joined = token.text;
      while (peek().kind === "string") joined += next().text;
      return joined;
    }
    if (token.kind === "word" && peek().text === "(") {
      next();
      const from = at;
      let depth = 1;
      let end = at;
      while (depth > 0) {
        const inner = next();
        if (inner.kind === "end") return fail("')'");
        if (inner.kind === "punctuation" && inner.text === "(") depth += 1;
        if (inner.kind === "punctuation" && inner.text === ")") depth -= 1;
        end = inner.start;
      }
      return text.slice(from, end).trim();
    }
    return token.text;
  };
  const properties = (): Properties => {
    const found = new Map<string, string>();
    if (!take("with")) return found;
    list(() => {
      const key = name().toLowerCase();
      expect("=");
      found.set(key, value());
    });
    return found;
  };
  return {
    text,
    peek,
    next,
    back,
    take,
    expect,
    name,
    string,
    literal,
    guid,
    list,
    properties,
    fail,
    mark: () => at,
    datetime: () => {
      const read = value();
      const ticks = ticksOfIso(read);
      if (ticks === undefined) throw syntaxError(`'${read}' is not a datetime.`);
      return ticks;
    },
    rest: () => {
      const left = text.slice(at);
      at = text.length;
      ahead = undefined;
      return left;
    },
    end: () => {
      take(";");
      if (peek().kind !== "end") fail("the end of the command");
    },
  };
}

/** A property that is a datetime in any of the documented forms. */
export function datetimeProperty(properties: Properties, key: string): bigint | undefined {
  const text = properties.get(key.toLowerCase());
  if (text === undefined) return undefined;
  const ticks = ticksOfIso(text);
  if (ticks === undefined) throw syntaxError(`'${text}' is not a datetime.`);
  return ticks;
}

export function booleanProperty(properties: Properties, key: string, fallback = false): boolean {
  const text = properties.get(key.toLowerCase())?.toLowerCase();
  if (text === undefined) return fallback;
  if (text !== "true" && text !== "false")
    throw syntaxError(`the property '${key}' is true or false, not '${text}'.`);
  return text === "true";
}

/** Refuses what a command doesn't know, so that nothing is accepted in silence. */
export function onlyProperties(properties: Properties, known: readonly string[]): void {
  const names = new Set(known.map((item) => item.toLowerCase()));
  for (const key of properties.keys())
    if (!names.has(key)) throw syntaxError(`'${key}' is not a property of this command.`);
}

/** A property that is a JSON list of strings, such as tags. */
export function listProperty(properties: Properties, key: string): readonly string[] {
  const text = properties.get(key.toLowerCase());
  if (text === undefined || text === "") return [];
  let parsed: unknown;
  try {
    // Single quotes stand for double ones in the documentation's own examples (`ingestion-properties.md`).
    parsed = JSON.parse(text.includes('"') ? text : text.replaceAll("'", '"'));
  } catch {
    throw syntaxError(`the property '${key}' must be a JSON list of strings, not '${text}'.`);
  }
  if (!Array.isArray(parsed) || !parsed.every((item): item is string => typeof item === "string")) {
    throw syntaxError(`the property '${key}' must be a JSON list of strings, not '${text}'.`);
  }
  return parsed;
}

export function timespanOf(text: string): bigint {
  const ticks = ticksOfTimespan(text);
  if (ticks === undefined) throw syntaxError(`'${text}' is not a timespan.`);
  return ticks;
}
