import { syntaxError } from "../kustoError.ts";

export interface Token {
  /** `name` is a bracketed name, which is never a keyword; `value` a number, timespan or guid as written. */
  readonly kind: "word" | "name" | "string" | "value" | "punctuation" | "end";
  readonly text: string;
  readonly start: number;
  readonly end: number;
  readonly hidden?: boolean;
}

const SPACE = /(?:\s|\/\/[^\n]*(?:\n|$))*/y;
const GUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}(?![\w-])/iy;
const WORD = /[A-Za-z_][A-Za-z0-9_]*(?:-[A-Za-z_][A-Za-z0-9_]*)*/y;
const VALUE = /\d+(?:\.\d+)*(?::\d+)*(?:\.\d+)?[A-Za-z]*/y;
const PUNCTUATION = /<\||\.\.|==|!=|[^\s]/y;
const NAME_START = /\[\s*(?=@?["'])/y;

function match(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0];
}

const ESCAPES: Readonly<Record<string, string>> = {
  n: "\n",
  r: "\r",
  t: "\t",
  "0": "\0",
  a: "\x07",
  b: "\b",
  f: "\f",
  v: "\v",
};

interface Literal {
  readonly value: string;
  readonly end: number;
  readonly hidden: boolean;
}

/** A string literal of any documented form (`kusto/query/scalar-data-types/string.md`), or undefined. */
export function readString(text: string, start: number): Literal | undefined {
  let at = start;
  const prefix = /(?:[hH]@?|@)?(?=["']|```|~~~)/y;
  const lead = match(prefix, text, at);
  if (lead === undefined) return undefined;
  at += lead.length;
  const hidden = /h/i.test(lead);
  for (const fence of ["```", "~~~"]) {
    if (!text.startsWith(fence, at)) continue;
    const close = text.indexOf(fence, at + 3);
    if (close < 0) throw syntaxError("a multi-line string isn't closed.");
    return { value: text.slice(at + 3, close), end: close + 3, hidden };
  }
  const quote = text[at];
  if (quote !== '"' && quote !== "'") return undefined;
  const verbatim = lead.includes("@");
  let value = "";
  for (at += 1; at < text.length; at += 1) {
    const char = text[at] ?? "";
    if (char === quote) {
      if (verbatim && text[at + 1] === quote) {
        value += quote;
        at += 1;
        continue;
      }
      return { value, end: at + 1, hidden };
    }
    if (char === "\\" && !verbatim) {
      const next = text[at + 1] ?? "";
      const unicode = /^u([0-9a-f]{4})|^x([0-9a-f]{2})/i.exec(text.slice(at + 1, at + 6));
      if (unicode !== null) {
        value += String.fromCharCode(Number.parseInt(unicode[1] ?? unicode[2] ?? "", 16));
        at += unicode[0].length;
      } else {
        value += ESCAPES[next] ?? next;
        at += 1;
      }
      continue;
    }
    value += char;
  }
  throw syntaxError("a string isn't closed.");
}

/** The token at a place in the text, blanks and comments before it left out. */
export function tokenAt(text: string, from: number): Token {
  const start = from + (match(SPACE, text, from)?.length ?? 0);
  if (start >= text.length) return { kind: "end", text: "", start, end: start };
  const guid = match(GUID, text, start);
  if (guid !== undefined) return { kind: "value", text: guid, start, end: start + guid.length };
  const string = readString(text, start);
  if (string !== undefined)
    return { kind: "string", text: string.value, start, end: string.end, hidden: string.hidden };
  const bracket = match(NAME_START, text, start);
  if (bracket !== undefined) {
    const name = readString(text, start + bracket.length);
    const close = name === undefined ? null : /^\s*\]/.exec(text.slice(name.end));
    if (name !== undefined && close !== null)
      return { kind: "name", text: name.value, start, end: name.end + close[0].length };
  }
  const word = match(WORD, text, start);
  if (word !== undefined) return { kind: "word", text: word, start, end: start + word.length };
  const value = match(VALUE, text, start);
  if (value !== undefined) return { kind: "value", text: value, start, end: start + value.length };
  const punctuation = match(PUNCTUATION, text, start) ?? text.slice(start, start + 1);
  return { kind: "punctuation", text: punctuation, start, end: start + punctuation.length };
}
