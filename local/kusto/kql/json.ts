/** A dynamic value. Numbers keep the text they were written in: a long beyond 2^53 must not become a real. */
export type Json =
  | { readonly kind: "null" }
  | { readonly kind: "bool"; readonly value: boolean }
  | { readonly kind: "number"; readonly text: string }
  | { readonly kind: "string"; readonly value: string }
  | { readonly kind: "array"; readonly items: readonly Json[] }
  | { readonly kind: "object"; readonly entries: readonly (readonly [string, Json])[] };

export const JSON_NULL: Json = { kind: "null" };

const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const SPACE = /[ \t\r\n]*/y;
/** Nesting deeper than this is no value anybody stores, and would exhaust the stack. */
const MAX_DEPTH = 512;

class JsonReader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  document(): Json | undefined {
    this.#skip();
    const value = this.#value(0);
    if (value === undefined) return undefined;
    this.#skip();
    return this.#at === this.#text.length ? value : undefined;
  }

  #skip(): void {
    SPACE.lastIndex = this.#at;
    SPACE.test(this.#text);
    this.#at = SPACE.lastIndex;
  }

  #word<T extends Json>(word: string, value: T): T | undefined {
    if (!this.#text.startsWith(word, this.#at)) return undefined;
    this.#at += word.length;
    return value;
  }

  #value(depth: number): Json | undefined {
    if (depth > MAX_DEPTH) return undefined;
    switch (this.#text[this.#at]) {
      case "{":
        return this.#object(depth);
      case "[":
        return this.#array(depth);
      case '"': {
        const value = this.#string();
        return value === undefined ? undefined : { kind: "string", value };
      }
      case "t":
        return this.#word("true", { kind: "bool", value: true });
      case "f":
        return this.#word("false", { kind: "bool", value: false });
      case "n":
        return this.#word("null", JSON_NULL);
      default: {
        NUMBER.lastIndex = this.#at;
        const match = NUMBER.exec(this.#text);
        if (match === null) return undefined;
        this.#at = NUMBER.lastIndex;
        return { kind: "number", text: match[0] };
      }
    }
  }

  #string(): string | undefined {
    const start = this.#at;
    let plain = true;
    for (let i = start + 1; i < this.#text.length; i++) {
      const code = this.#text.charCodeAt(i);
      if (code === 0x22) {
        this.#at = i + 1;
        if (plain) return this.#text.slice(start + 1, i);
        try {
          const value: unknown = JSON.parse(this.#text.slice(start, i + 1));
          return typeof value === "string" ? value : undefined;
        } catch {
          return undefined;
        }
      }
      if (code === 0x5c) {
        plain = false;
        i++;
      } else if (code < 0x20) return undefined;
    }
    return undefined;
  }

  #array(depth: number): Json | undefined {
    this.#at++;
    const items: Json[] = [];
    this.#skip();
    if (this.#text[this.#at] === "]") {
      this.#at++;
      return { kind: "array", items };
    }
    for (;;) {
      this.#skip();
      const item = this.#value(depth + 1);
      if (item === undefined) return undefined;
      items.push(item);
      this.#skip();
      const next = this.#text[this.#at++];
      if (next === "]") return { kind: "array", items };
      if (next !== ",") return undefined;
    }
  }

  #object(depth: number): Json | undefined {
    this.#at++;
    // A name given twice keeps its last value: names of a bag are unique.
    const entries = new Map<string, Json>();
    this.#skip();
    if (this.#text[this.#at] === "}") {
      this.#at++;
      return { kind: "object", entries: [] };
    }
    for (;;) {
      this.#skip();
      if (this.#text[this.#at] !== '"') return undefined;
      const name = this.#string();
      if (name === undefined) return undefined;
      this.#skip();
      if (this.#text[this.#at++] !== ":") return undefined;
      this.#skip();
      const value = this.#value(depth + 1);
      if (value === undefined) return undefined;
      entries.set(name, value);
      this.#skip();
      const next = this.#text[this.#at++];
      if (next === "}") return { kind: "object", entries: [...entries] };
      if (next !== ",") return undefined;
    }
  }
}

/** Reads JSON text; undefined where it is not JSON. */
export function parseJson(text: string): Json | undefined {
  return new JsonReader(text).document();
}

/** JSON text without spaces, the physical form of dynamic values. */
export function printJson(value: Json): string {
  switch (value.kind) {
    case "null":
      return "null";
    case "bool":
      return value.value ? "true" : "false";
    case "number":
      return value.text;
    case "string":
      return JSON.stringify(value.value);
    case "array":
      return `[${value.items.map(printJson).join(",")}]`;
    case "object":
      return `{${value.entries.map(([name, item]) => `${JSON.stringify(name)}:${printJson(item)}`).join(",")}}`;
  }
}

export function jsonString(value: string): Json {
  return { kind: "string", value };
}

/** The element of a bag by name, or of an array by index (from the end where negative); undefined where there is none. */
export function jsonMember(value: Json, key: string | number): Json | undefined {
  if (typeof key === "number") {
    return value.kind === "array" ? value.items.at(key) : undefined;
  }
  return value.kind === "object" ? value.entries.find(([name]) => name === key)?.[1] : undefined;
}

/** What `parse_json()` makes of a text: text that is not JSON is a string (`query/parse-json-function.md`). */
export function dynamicOfText(text: string): string | null {
  if (text.trim() === "") return null;
  const value = parseJson(text);
  if (value === undefined) return JSON.stringify(text);
  return value.kind === "null" ? null : printJson(value);
}

/** What `tostring()` makes of a dynamic value: the bare string, or JSON text. */
export function textOfDynamic(value: Json): string {
  if (value.kind === "string") return value.value;
  return value.kind === "null" ? "" : printJson(value);
}

/** A form in which bags that differ only in the order of their entries are the same text. */
export function canonicalJson(value: Json): string {
  switch (value.kind) {
    case "array":
      return `[${value.items.map(canonicalJson).join(",")}]`;
    case "object": {
      const sorted = [...value.entries].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
      return `{${sorted.map(([name, item]) => `${JSON.stringify(name)}:${canonicalJson(item)}`).join(",")}}`;
    }
    default:
      return printJson(value);
  }
}
