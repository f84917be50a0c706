/**
 * A piece of a query. `literal` is a type's name with its value in brackets: `datetime(2026-01-31)`. `apart`: white space
 * or a comment stands before it.
 */
export interface Token {
  readonly kind: "word" | "string" | "literal" | "symbol";
  readonly text: string;
  readonly apart: boolean;
}

/** A text that can't be read as pipes, with the reason. */
export class Unreadable extends Error {}

const WORD = /[\p{L}\p{N}_]+/uy;
const SPACE = /(?:[ \t\n]|\r\n)+/y;
const COMMENT = /\/\/[^\n]*?(?=\r?\n|$)/y;
/** Standard strings keep a backslash with what follows it; verbatim ones write their quote twice; neither spans lines. */
const STRING = /[hH]?(?:"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|@"(?:""|[^"\n])*"|@'(?:''|[^'\n])*')/y;
const MULTI_LINE = /[hH]?(?:```[\s\S]*?```|~~~[\s\S]*?~~~)/y;
const SYMBOL = /=~|!~|[|,.:=<>!+\-*/%()[\]{}~]/y;
/** Line ends and spaces that not every reader of a query takes for the same. */
const EXOTIC = /\r(?!\n)|[\v\f\u0085\u2028\u2029]/;

/**
 * Types whose value in brackets is read up to the next closing one, whatever it is made of: so it has to be plain, or two
 * readers could end it at different places.
 */
const TYPED =
  /(?:bool|boolean|int|long|real|double|decimal|datetime|date|timespan|time|guid|uuid|uniqueid)\(/y;
const PLAIN_VALUE = / *(?:[\w :.+-]*|"[\w :.+-]*"|'[\w :.+-]*') *\)/y;

/**
 * Reads a query's text into its pieces (`kusto/query/scalar-data-types/string.md` for the strings); comments end with their line
 * and are left out. Throws Unreadable on what is no query's form.
 */
export function tokens(text: string): Token[] {
  const found: Token[] = [];
  let at = 0;
  let apart = false;
  const next = (form: RegExp): string | undefined => {
    form.lastIndex = at;
    const match = form.exec(text)?.[0];
    if (match !== undefined) at += match.length;
    return match;
  };
  const add = (kind: Token["kind"], piece: string) => {
    found.push({ kind, text: piece, apart });
    apart = false;
  };
  while (at < text.length) {
    const gap = next(SPACE) ?? next(COMMENT);
    if (gap !== undefined) {
      if (EXOTIC.test(gap)) throw new Unreadable("A comment holds a line end that isn't a plain one.");
      apart = true;
      continue;
    }
    const long = next(MULTI_LINE);
    const string = long ?? next(STRING);
    if (string !== undefined) {
      if (long === undefined && EXOTIC.test(string))
        throw new Unreadable(
          "A string holds a line end: write it as \\n, or the string between ``` and ```.",
        );
      if (/^h/i.test(string)) throw new Unreadable(OBFUSCATED);
      add("string", string);
      continue;
    }
    const typed = next(TYPED);
    if (typed !== undefined) {
      const value = next(PLAIN_VALUE);
      if (value === undefined) {
        throw new Unreadable(
          `${typed.slice(0, -1)}(…) takes a plain value, as datetime(2026-01-31) does. To convert an expression, write todatetime(…), tolong(…) and so on.`,
        );
      }
      add("literal", typed + value);
      continue;
    }
    const word = next(WORD);
    if (word !== undefined) add("word", word);
    else add("symbol", next(SYMBOL) ?? stray(text.slice(at)));
  }
  return found;
}

const OBFUSCATED =
  "An obfuscated string (h'…') is meant for secrets, and the checkpoint log keeps the query as it is written: a query can't hold a secret. Write a plain string if it is none.";

function stray(rest: string): never {
  if (rest.startsWith(";"))
    throw new Unreadable("A semicolon ends a query: give pipes alone, without let or set.");
  if (/^[hH]?@?["']/.test(rest)) throw new Unreadable("A string isn't closed on its line.");
  if (/^[hH]?(?:```|~~~)/.test(rest)) throw new Unreadable("A string of several lines isn't closed.");
  const character = String.fromCodePoint(rest.codePointAt(0) ?? 0);
  const shown = /[\p{P}\p{S}]/u.test(character)
    ? character
    : `U+${(rest.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}`;
  throw new Unreadable(`The character ${shown} can't stand outside of strings.`);
}
