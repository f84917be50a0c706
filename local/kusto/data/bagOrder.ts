import { type Json, parseJson, printJson } from "../kql/values.ts";

function nameHash(name: string, seed: number): number {
  let hash = seed | 0;
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 16_777_619);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return hash ^ (hash >>> 13);
}

/**
 * The same value with the entries of its bags, nested ones too, in an order that differs from seed to seed:
 * Kusto keeps no order of a bag's entries (`kusto/query/scalar-data-types/dynamic.md`).
 */
export function reorderBags(value: Json, seed: number): Json {
  if (value.kind === "array")
    return { kind: "array", items: value.items.map((item) => reorderBags(item, seed)) };
  if (value.kind !== "object") return value;
  const keyed = value.entries.map(([name, item]) => ({
    name,
    item: reorderBags(item, seed),
    hash: nameHash(name, seed),
  }));
  if (keyed.length > 1) keyed.sort((a, b) => a.hash - b.hash || (a.name < b.name ? -1 : 1));
  return { kind: "object", entries: keyed.map(({ name, item }) => [name, item] as const) };
}

/** What a text becomes in a dynamic column at ingestion: JSON, its bags reordered, or else a string. */
export function ingestedDynamic(text: string, seed: number): string | undefined {
  if (text.trim() === "") return undefined;
  const value = parseJson(text);
  if (value === undefined) return JSON.stringify(text);
  return value.kind === "null" ? undefined : printJson(reorderBags(value, seed));
}
