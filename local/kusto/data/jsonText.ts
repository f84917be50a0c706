/** Where a JSON value lies in a text, so that its own tokens can be kept. */
export type JsonNode =
  | { readonly kind: "bag"; readonly entries: ReadonlyMap<string, JsonNode> }
  | { readonly kind: "array"; readonly items: readonly JsonNode[] }
  | { readonly kind: "string"; readonly value: string }
  | { readonly kind: "number"; readonly token: string }
  | { readonly kind: "bool"; readonly value: boolean }
  | { readonly kind: "null" };

export class JsonTextError extends Error {}

const MAX_DEPTH = 1000;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
// biome-ignore lint/suspicious/noControlCharactersInRegex: a JSON string ends its plain run at a control character.
const PLAIN = /[^"\\\u0000-\u001f]*/y;
const LITERALS: readonly (readonly [string, JsonNode])[] = [
  ["true", { kind: "bool", value: true }],
  ["false", { kind: "bool", value: false }],
  ["null", { kind: "null" }],
];

/** Reads JSON values one after another from a text. */
export interface JsonReader {
  /** The next value, or undefined at the end. Throws a JsonTextError for what is no JSON. */
  readonly next: () => JsonNode | undefined;
  /** Skips white space and that character if it is there. */
  readonly skip: (character: string) => boolean;
}

/** Reads JSON while keeping number tokens as written; of a bag's equal names the last wins. */
export function jsonReader(text: string): JsonReader {
  let at = 0;
  const space = (): void => {
    for (;;) {
      const code = text.charCodeAt(at);
      if (code !== 32 && code !== 10 && code !== 13 && code !== 9) return;
      at++;
    }
  };
  const fail = (): never => {
    throw new JsonTextError(`no valid JSON at character ${at}`);
  };
  const stringValue = (): string => {
    const start = at;
    at++;
    for (;;) {
      PLAIN.lastIndex = at;
      PLAIN.test(text);
      at = PLAIN.lastIndex;
      const character = text[at];
      if (character === '"') break;
      if (character !== "\\") fail();
      at += 2;
    }
    at++;
    try {
      return String(JSON.parse(text.slice(start, at)));
    } catch {
      return fail();
    }
  };
  const bag = (depth: number): JsonNode => {
    const entries = new Map<string, JsonNode>();
    at++;
    space();
    if (text[at] === "}") {
      at++;
      return { kind: "bag", entries };
    }
    for (;;) {
      space();
      if (text[at] !== '"') fail();
      const name = stringValue();
      space();
      if (text[at] !== ":") fail();
      at++;
      entries.set(name, value(depth + 1));
      space();
      const end = text[at++];
      if (end === "}") return { kind: "bag", entries };
      if (end !== ",") fail();
    }
  };
  const array = (depth: number): JsonNode => {
    const items: JsonNode[] = [];
    at++;
    space();
    if (text[at] === "]") {
      at++;
      return { kind: "array", items };
    }
    for (;;) {
      items.push(value(depth + 1));
      space();
      const end = text[at++];
      if (end === "]") return { kind: "array", items };
      if (end !== ",") fail();
    }
  };
  const value = (depth: number): JsonNode => {
    if (depth > MAX_DEPTH) fail();
    space();
    const character = text[at];
    if (character === "{") return bag(depth);
    if (character === "[") return array(depth);
    if (character === '"') return { kind: "string", value: stringValue() };
    for (const [literal, node] of LITERALS) {
      if (text.startsWith(literal, at)) {
        at += literal.length;
        return node;
      }
    }
    NUMBER.lastIndex = at;
    const token = NUMBER.exec(text)?.[0];
    if (token === undefined) return fail();
    at += token.length;
    return { kind: "number", token };
  };
  return {
    next: () => {
      space();
      return at >= text.length ? undefined : value(0);
    },
    skip: (character) => {
      space();
      if (text[at] !== character) return false;
      at++;
      return true;
    },
  };
}

/** The one JSON value that a text is, or undefined. */
export function parseJsonText(text: string): JsonNode | undefined {
  const reader = jsonReader(text);
  try {
    const node = reader.next();
    return reader.next() === undefined ? node : undefined;
  } catch (error) {
    if (error instanceof JsonTextError) return undefined;
    throw error;
  }
}

/** The order in which a bag's names are printed. */
export type BagOrder = (names: readonly string[]) => readonly string[];

/** Bags as they came. */
export const writtenOrder: BagOrder = (names) => names;

function nameHash(name: string, seed: number): number {
  let hash = seed | 0;
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 16_777_619);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return hash ^ (hash >>> 13);
}

/** An order that depends on the names and the seed alone, and differs from seed to seed. */
export function seededOrder(seed: number): BagOrder {
  return (names) =>
    names.length < 2
      ? names
      : names
          .map((name) => ({ name, hash: nameHash(name, seed) }))
          .sort((a, b) => a.hash - b.hash || (a.name < b.name ? -1 : 1))
          .map(({ name }) => name);
}

/** A JSON value as text without spaces. */
export function printJson(node: JsonNode, order: BagOrder): string {
  switch (node.kind) {
    case "bag": {
      const entries = node.entries;
      const parts = order([...entries.keys()]).map(
        (name) => `${JSON.stringify(name)}:${printJson(entries.get(name) ?? { kind: "null" }, order)}`,
      );
      return `{${parts.join(",")}}`;
    }
    case "array":
      return `[${node.items.map((item) => printJson(item, order)).join(",")}]`;
    case "string":
      return JSON.stringify(node.value);
    case "number":
      return node.token;
    case "bool":
      return node.value ? "true" : "false";
    case "null":
      return "null";
  }
}

/**
 * What a text becomes in a dynamic column: the JSON value that it is, its bags in any order, or else a string;
 * nothing for the empty text and for JSON's null (`kusto/query/scalar-data-types/dynamic.md`).
 */
export function dynamicOfText(text: string, order: BagOrder): string | undefined {
  if (text === "") return undefined;
  const node = parseJsonText(text);
  if (node === undefined) return text.trim() === "" ? undefined : JSON.stringify(text);
  return node.kind === "null" ? undefined : printJson(node, order);
}
