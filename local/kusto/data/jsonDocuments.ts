import { type Json, parseJson } from "../kql/values.ts";

/** A text that is not the JSON it should be. */
export class JsonDocumentError extends Error {}

const STRING = /"(?:[^"\\]|\\.)*"/sy;
const SCALAR = /[^\s{}[\]",:]+/y;
const BETWEEN = /[\s,]*/y;

/** Where the JSON value that begins at a place ends. */
function valueEnd(text: string, start: number): number {
  let depth = 0;
  let at = start;
  for (;;) {
    const character = text[at];
    if (character === undefined) throw new JsonDocumentError("a value doesn't end");
    if (character === '"') {
      STRING.lastIndex = at;
      if (!STRING.test(text)) throw new JsonDocumentError("a string doesn't end");
      at = STRING.lastIndex;
    } else if (character === "{" || character === "[") {
      depth += 1;
      at += 1;
    } else if (character === "}" || character === "]") {
      depth -= 1;
      at += 1;
    } else {
      SCALAR.lastIndex = at;
      at = SCALAR.test(text) ? SCALAR.lastIndex : at + 1;
    }
    if (depth === 0) return at;
    if (depth < 0) throw new JsonDocumentError("a bracket is closed that was not opened");
  }
}

/** The JSON values that stand in a text one after another, white space or commas between them. */
export function* jsonDocuments(text: string): Generator<Json> {
  let at = 0;
  for (;;) {
    BETWEEN.lastIndex = at;
    BETWEEN.test(text);
    at = BETWEEN.lastIndex;
    if (at >= text.length) return;
    const end = valueEnd(text, at);
    const value = parseJson(text.slice(at, end));
    if (value === undefined) throw new JsonDocumentError("not valid JSON");
    yield value;
    at = end;
  }
}
