import { type Json, jsonMember } from "../json.ts";
import { jsonPath } from "./jsonPath.ts";

export type BagPath = readonly (string | number)[];

/** A key of a bag, or a JSONPath to one further down (`query/bag-set-key-function.md`). */
export function keyPath(name: string): BagPath {
  return name.startsWith("$.") || name.startsWith("$[") ? (jsonPath(name) ?? [name]) : [name];
}

export function hasPath(value: Json, path: BagPath): boolean {
  let at: Json | undefined = value;
  for (const step of path) at = at === undefined ? undefined : jsonMember(at, step);
  return at !== undefined;
}

/** The value with another one at the end of the path, or without it where none is given. */
export function withPath(value: Json, path: BagPath, replacement: Json | undefined): Json {
  const [step, ...rest] = path;
  if (step === undefined) return replacement ?? value;
  if (typeof step === "number") {
    if (value.kind !== "array") return value;
    const items = value.items.flatMap((item, i): Json[] => {
      if (i !== step) return [item];
      if (rest.length > 0) return [withPath(item, rest, replacement)];
      return replacement === undefined ? [] : [replacement];
    });
    return { kind: "array", items };
  }
  if (value.kind !== "object") return value;
  const entries = new Map(value.entries);
  const inner = entries.get(step);
  if (rest.length > 0) {
    if (inner !== undefined || replacement !== undefined) {
      entries.set(step, withPath(inner ?? { kind: "object", entries: [] }, rest, replacement));
    }
  } else if (replacement === undefined) entries.delete(step);
  else entries.set(step, replacement);
  return { kind: "object", entries: [...entries] };
}
