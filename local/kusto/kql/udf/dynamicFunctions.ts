import { datetimeTicks } from "../datetimeText.ts";
import { parseDecimal, truncateDecimal } from "../decimal.ts";
import { guidText } from "../guidText.ts";
import {
  canonicalJson,
  dynamicOfText,
  type Json,
  jsonMember,
  jsonString,
  parseJson,
  printJson,
  textOfDynamic,
} from "../json.ts";
import { realValue } from "../realText.ts";
import { define, defineWithNulls } from "./define.ts";
import { jsonPath } from "./jsonPath.ts";

export function printed(value: Json | undefined): string | null {
  return value === undefined || value.kind === "null" ? null : printJson(value);
}

function integer(text: string): bigint | null {
  const hex = /^[+-]?0x[0-9a-f]{1,16}$/i.test(text);
  const value = hex
    ? BigInt(text.replace(/^[+-]/, "")) * (text.startsWith("-") ? -1n : 1n)
    : /^[+-]?\d+$/.test(text)
      ? BigInt(text.replace(/^\+/, ""))
      : undefined;
  return value === undefined ? null : inLong(value);
}

export function inLong(value: bigint): bigint | null {
  return BigInt.asIntN(64, value) === value ? value : null;
}

/** Whole part of a number token. */
export function longOfNumber(text: string): bigint | null {
  const value = parseDecimal(text);
  return value === undefined || value.exponent > 20 ? null : inLong(truncateDecimal(value));
}

function longOf(value: Json): bigint | null {
  switch (value.kind) {
    case "number":
      return longOfNumber(value.text);
    case "string":
      return integer(value.value.trim());
    case "bool":
      return value.value ? 1n : 0n;
    default:
      return null;
  }
}

function realOf(value: Json): number | null {
  switch (value.kind) {
    case "number":
      return Number(value.text);
    case "string":
      return realValue(value.value) ?? null;
    case "bool":
      return value.value ? 1 : 0;
    default:
      return null;
  }
}

function boolOf(value: Json): boolean | null {
  switch (value.kind) {
    case "bool":
      return value.value;
    case "number":
      return Number(value.text) !== 0;
    case "string":
      return boolOfText(value.value);
    default:
      return null;
  }
}

export function boolOfText(text: string): boolean | null {
  const lower = text.trim().toLowerCase();
  if (lower === "true") return true;
  if (lower === "false") return false;
  return /^[+-]?\d+$/.test(lower) ? !/^[+-]?0+$/.test(lower) : null;
}

/** The type name that `gettype()` answers (`query/gettype-function.md`). */
function typeOf(value: Json): string {
  switch (value.kind) {
    case "null":
      return "null";
    case "bool":
      return "bool";
    case "array":
      return "array";
    case "object":
      return "dictionary";
    case "number":
      return /^-?\d+$/.test(value.text) && integer(value.text) !== null ? "long" : "double";
    case "string":
      if (guidText(value.value) !== undefined && value.value.includes("-")) return "guid";
      return /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}/.test(value.value) && datetimeTicks(value.value) !== undefined
        ? "datetime"
        : "string";
  }
}

/** Paths of all values in a value (`query/treepath-function.md`); array elements share the path of the first. */
function treePaths(value: Json): string[] {
  const paths: string[] = [];
  const seen = new Set<string>();
  const add = (path: string) => {
    if (!seen.has(path)) {
      seen.add(path);
      paths.push(path);
    }
  };
  const walk = (item: Json, path: string): void => {
    if (path !== "") add(path);
    if (item.kind === "object") {
      for (const [name, child] of item.entries)
        walk(child, `${path}['${name.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}']`);
    } else if (item.kind === "array") {
      for (const child of item.items) walk(child, `${path}[0]`);
    }
  };
  walk(value, "");
  return paths;
}

/** The rows that `mv-expand` makes of a value (`query/mv-expand-operator.md`). */
function expanded(value: Json, pairs: boolean): (string | null)[] {
  if (value.kind === "array") return value.items.map((item) => printed(item));
  if (value.kind === "object") {
    return value.entries.map(([name, item]) =>
      printJson(
        pairs
          ? { kind: "array", items: [jsonString(name), item] }
          : { kind: "object", entries: [[name, item]] },
      ),
    );
  }
  return [printed(value)];
}

const paths = new Map<string, readonly (string | number)[]>();

/** A path of names and indexes, given as a JSON array. */
function steps(path: string): readonly (string | number)[] {
  let found = paths.get(path);
  if (found === undefined) {
    const json = parseJson(path);
    found = (json?.kind === "array" ? json.items : []).map((item) =>
      item.kind === "string" ? item.value : item.kind === "number" ? Number(item.text) : "",
    );
    if (paths.size > 1000) paths.clear();
    paths.set(path, found);
  }
  return found;
}

function follow(text: string, path: readonly (string | number)[]): string | null {
  let value = parseJson(text);
  for (const step of path) {
    if (value === undefined) return null;
    value = jsonMember(value, step);
  }
  return printed(value);
}

export const dynamicFunctions = [
  define("kusto_parse_json", ["text"], "text", (text) => dynamicOfText(text)),
  define("kusto_json_text", ["text"], "text", (text) => {
    const value = parseJson(text);
    return value === undefined ? text : textOfDynamic(value);
  }),
  define("kusto_json_path", ["text", "text"], "text", (text, path) => follow(text, steps(path))),
  define("kusto_json_member", ["text", "text"], "text", (text, name) => follow(text, [name])),
  define("kusto_json_element", ["text", "long"], "text", (text, index) => follow(text, [Number(index)])),
  define("kusto_extract_json", ["text", "text"], "text", (path, text) => {
    const found = jsonPath(path);
    return found === undefined ? null : follow(text, found);
  }),
  define("kusto_json_type", ["text"], "text", (text) => typeOf(parseJson(text) ?? jsonString(text))),
  define("kusto_json_length", ["text"], "long", (text) => {
    const value = parseJson(text);
    return value?.kind === "array" ? BigInt(value.items.length) : null;
  }),
  define("kusto_json_long", ["text"], "long", (text) => {
    const value = parseJson(text);
    return value === undefined ? null : longOf(value);
  }),
  define("kusto_json_real", ["text"], "real", (text) => {
    const value = parseJson(text);
    return value === undefined ? null : realOf(value);
  }),
  define("kusto_json_bool", ["text"], "bool", (text) => {
    const value = parseJson(text);
    return value === undefined ? null : boolOf(value);
  }),
  define("kusto_json_canonical", ["text"], "text", (text) => {
    const value = parseJson(text);
    return value === undefined ? text : canonicalJson(value);
  }),
  define("kusto_treepath", ["text"], "text", (text) => {
    const value = parseJson(text);
    return value === undefined ? null : printJson({ kind: "array", items: treePaths(value).map(jsonString) });
  }),
  defineWithNulls("kusto_json_expand", ["text", "bool"], "texts", (text, pairs) => {
    const value = text === null ? undefined : parseJson(text);
    return value === undefined ? [null] : expanded(value, pairs === true);
  }),
  define("kusto_json_names", ["text"], "text", (text) => {
    const value = parseJson(text);
    if (value?.kind !== "object") return null;
    return printJson({ kind: "array", items: value.entries.map(([name]) => jsonString(name)) });
  }),
];
