import { canonicalJson, type Json, jsonString, parseJson, printJson } from "../json.ts";
import { hasPath, keyPath, withPath } from "./bagPaths.ts";
import { define, defineWithNulls } from "./define.ts";
import { longOfNumber, printed } from "./dynamicFunctions.ts";

function items(text: string | null): readonly Json[] | undefined {
  const value = text === null ? undefined : parseJson(text);
  return value?.kind === "array" ? value.items : undefined;
}

function array(values: readonly Json[]): string {
  return printJson({ kind: "array", items: values });
}

function number(value: Json): number | undefined {
  return value.kind === "number" ? Number(value.text) : undefined;
}

/** Numbers before strings, nulls told apart by the caller. */
function compare(a: Json, b: Json): number {
  const [x, y] = [number(a), number(b)];
  if (x !== undefined && y !== undefined) return x - y;
  if (x !== undefined) return -1;
  if (y !== undefined) return 1;
  const [s, t] = [canonicalJson(a), canonicalJson(b)];
  return s < t ? -1 : s > t ? 1 : 0;
}

/** Sorts by the first array and orders the others alike (`query/array-sort-asc-function.md`). */
function sorted(
  texts: readonly (string | null)[],
  descending: boolean,
  nullsLast: boolean,
): (string | null)[] {
  const arrays = texts.map((text) => items(text));
  const first = arrays[0];
  if (first === undefined) return texts.map(() => null);
  const order = first.map((_, index) => index);
  order.sort((i, j) => {
    const a = first[i];
    const b = first[j];
    if (a === undefined || b === undefined) return 0;
    if (a.kind === "null" || b.kind === "null") {
      if (a.kind === b.kind) return i - j;
      return (a.kind === "null") === nullsLast ? 1 : -1;
    }
    return (descending ? compare(b, a) : compare(a, b)) || i - j;
  });
  return arrays.map((values) =>
    values === undefined || values.length !== first.length
      ? null
      : array(order.flatMap((index) => values[index] ?? [])),
  );
}

function unique(values: readonly Json[]): Json[] {
  const seen = new Map<string, Json>();
  for (const value of values) {
    const key = canonicalJson(value);
    if (!seen.has(key)) seen.set(key, value);
  }
  return [...seen.values()];
}

function sets(texts: readonly (string | null)[], combine: (sets: Json[][]) => Json[]): string | null {
  const all = texts.map((text) => items(text));
  if (all.includes(undefined)) return null;
  return array(combine(all.map((values) => unique(values ?? []))));
}

/** Arrays give their elements to a set, other values themselves (`query/make-set-aggregation-function.md`). */
function elements(value: Json): readonly Json[] {
  return value.kind === "array" ? value.items : [value];
}

function keys(values: readonly Json[]): Set<string> {
  return new Set(values.map(canonicalJson));
}

/** Merges bags, the first value of a name winning (`query/bag-merge-function.md`). */
function mergedBags(texts: readonly (string | null)[]): string {
  const entries = new Map<string, Json>();
  for (const text of texts) {
    const value = text === null ? undefined : parseJson(text);
    if (value?.kind !== "object") continue;
    for (const [name, item] of value.entries) if (!entries.has(name)) entries.set(name, item);
  }
  return printJson({ kind: "object", entries: [...entries] });
}

function slice(values: readonly Json[], from: bigint, to: bigint): Json[] {
  const at = (index: bigint) => (index < 0n ? Math.max(0, values.length + Number(index)) : Number(index));
  return values.slice(at(from), at(to) + 1);
}

/** Where an array is cut (`query/array-split-function.md`). */
function split(values: readonly Json[], indexes: Json): Json {
  const at = (indexes.kind === "array" ? indexes.items : [indexes])
    .flatMap((item) => number(item) ?? [])
    .map((index) => (index < 0 ? Math.max(0, values.length + index) : index));
  const bounds = [0, ...at, values.length];
  const pieces = bounds
    .slice(1)
    .map(
      (end, i): Json => ({ kind: "array", items: values.slice(bounds[i], Math.max(end, bounds[i] ?? 0)) }),
    );
  return { kind: "array", items: pieces };
}

function sum(values: readonly Json[]): number | null {
  let total = 0;
  for (const value of values) {
    const n = number(value);
    if (n === undefined) return null;
    total += n;
  }
  return total;
}

export const arrayFunctions = [
  define("kusto_array_concat", ["texts"], "text", (texts) => {
    const all = texts.map((text) => items(text));
    return all.includes(undefined) ? null : array(all.flatMap((values) => values ?? []));
  }),
  define("kusto_array_sort", ["texts", "bool", "bool"], "texts", sorted),
  define("kusto_array_slice", ["text", "long", "long"], "text", (text, from, to) => {
    const values = items(text);
    return values === undefined ? null : array(slice(values, from, to));
  }),
  define("kusto_array_reverse", ["text"], "text", (text) => {
    const values = items(text);
    return values === undefined ? null : array([...values].reverse());
  }),
  define("kusto_array_split", ["text", "text"], "text", (text, indexes) => {
    const values = items(text);
    const at = parseJson(indexes);
    return values === undefined || at === undefined ? null : printJson(split(values, at));
  }),
  define("kusto_array_sum", ["text"], "real", (text) => sum(items(text) ?? [])),
  define("kusto_array_rotate", ["text", "long"], "text", (text, by) => {
    const values = items(text);
    if (values === undefined || values.length === 0) return values === undefined ? null : "[]";
    const shift = ((Number(by) % values.length) + values.length) % values.length;
    return array([...values.slice(shift), ...values.slice(0, shift)]);
  }),
  define("kusto_array_index_of", ["text", "text"], "long", (text, wanted) => {
    const values = items(text);
    const value = parseJson(wanted);
    if (values === undefined || value === undefined) return null;
    const key = canonicalJson(value);
    return BigInt(values.findIndex((item) => canonicalJson(item) === key));
  }),
  defineWithNulls("kusto_set_has_element", ["text", "text"], "bool", (text, wanted) => {
    const values = items(text);
    if (values === undefined) return null;
    const key = canonicalJson(parseJson(wanted ?? "null") ?? jsonString(wanted ?? ""));
    return values.some((item) => canonicalJson(item) === key);
  }),
  define("kusto_set_union", ["texts"], "text", (texts) => sets(texts, (all) => unique(all.flat()))),
  define("kusto_set_intersect", ["texts"], "text", (texts) =>
    sets(texts, ([first = [], ...rest]) => {
      const others = rest.map(keys);
      return first.filter((value) => others.every((other) => other.has(canonicalJson(value))));
    }),
  ),
  define("kusto_set_difference", ["texts"], "text", (texts) =>
    sets(texts, ([first = [], ...rest]) => {
      const others = rest.map(keys);
      return first.filter((value) => !others.some((other) => other.has(canonicalJson(value))));
    }),
  ),
  define("kusto_bag_merge", ["texts"], "text", mergedBags),
  define("kusto_bag_has_key", ["text", "text"], "bool", (text, name) => {
    const value = parseJson(text);
    return value?.kind === "object" ? hasPath(value, keyPath(name)) : null;
  }),
  define("kusto_bag_set_key", ["text", "text", "text"], "text", (text, name, item) => {
    const value = parseJson(text);
    const replacement = parseJson(item);
    if (value?.kind !== "object" || replacement === undefined) return null;
    return printJson(withPath(value, keyPath(name), replacement));
  }),
  define("kusto_bag_remove_keys", ["text", "text"], "text", (text, names) => {
    const value = parseJson(text);
    if (value?.kind !== "object") return null;
    const removed = (items(names) ?? []).flatMap((name) =>
      name.kind === "string" ? [keyPath(name.value)] : [],
    );
    return printJson(removed.reduce<Json>((bag, path) => withPath(bag, path, undefined), value));
  }),
  define("kusto_repeat", ["text", "long"], "text", (item, count) =>
    array(Array.from({ length: Math.max(0, Number(count)) }, () => parseJson(item) ?? jsonString(item))),
  ),
  define("kusto_zip", ["texts"], "text", (texts) => {
    const all = texts.map((text) => items(text) ?? []);
    const length = Math.max(...all.map((values) => values.length));
    const rows = Array.from(
      { length },
      (_, i): Json => ({
        kind: "array",
        items: all.map((values): Json => values[i] ?? { kind: "null" }),
      }),
    );
    return array(rows);
  }),
  define(
    "kusto_make_list",
    ["texts", "long"],
    "text",
    (texts, limit) =>
      `[${texts
        .slice(0, Number(limit))
        .map((text) => text ?? "null")
        .join(",")}]`,
  ),
  // Equality of values, not of their texts: bags in any order are the same member.
  define("kusto_make_set", ["texts", "long"], "text", (texts, limit) =>
    array(
      unique(texts.flatMap((text) => elements(parseJson(text ?? "null") ?? jsonString(text ?? "")))).slice(
        0,
        Number(limit),
      ),
    ),
  ),
  define("kusto_array_iff", ["text", "text", "text"], "text", (conditions, thens, elses) => {
    const tests = items(conditions);
    if (tests === undefined) return null;
    const pick = (text: string, index: number): Json => {
      const value = parseJson(text) ?? jsonString(text);
      return value.kind === "array" ? (value.items[index] ?? { kind: "null" }) : value;
    };
    return array(
      tests.map((test, index): Json => {
        const yes =
          test.kind === "bool"
            ? test.value
            : test.kind === "number"
              ? longOfNumber(test.text) !== 0n
              : undefined;
        return yes === undefined ? { kind: "null" } : pick(yes ? thens : elses, index);
      }),
    );
  }),
  define("kusto_compact", ["text"], "text", (text) => printed(parseJson(text))),
];
