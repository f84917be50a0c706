import { type Column, quoteName, quoteString } from "../names.ts";

/** `strcat` takes at most 64 arguments (`kusto/query/strcat-function.md`). */
const MAX_ARGUMENTS = 60;

/**
 * An expression that prints a row so that no two different rows print alike: the types first, then each value closed by a
 * mark that can't be part of it, or with its length before it.
 */
export function rowText(columns: readonly Column[], bags: "text" | "orderBlind"): string {
  if (columns.length === 0) throw new Error("A row without columns has no content to hash.");
  const types = columns.map((column) => column.type).join(",");
  return concatenated([quoteString(`${types};`), ...columns.flatMap((column) => fieldText(column, bags))]);
}

function concatenated(parts: readonly string[]): string {
  if (parts.length <= MAX_ARGUMENTS) return `strcat(${parts.join(", ")})`;
  const groups: string[] = [];
  for (let start = 0; start < parts.length; start += MAX_ARGUMENTS) {
    groups.push(`strcat(${parts.slice(start, start + MAX_ARGUMENTS).join(", ")})`);
  }
  return concatenated(groups);
}

function fieldText(column: Column, bags: "text" | "orderBlind"): string[] {
  const name = quoteName(column.name);
  switch (column.type) {
    case "string":
      return [`strlen(${name})`, "':'", name];
    case "dynamic":
      return dynamicText(name, bags);
    case "real":
      return [realText(name), "';'"];
    case "decimal":
      // If the text lost digits, the mark says so: the copy, made from the text, would not have it.
      return [`tostring(${name})`, `iff(${name} == todecimal(tostring(${name})), ';', '~;')`];
    default:
      // Null prints as nothing, which no other value of these types does (kusto/query/tostring-function.md).
      return [`tostring(${name})`, "';'"];
  }
}

/**
 * A real to its last bit. How it prints isn't documented, so what the text lost is added: the difference to the number
 * that the text is read as. Values near the largest are scaled first (by a power of two, exactly), since their rounded text
 * may be beyond it. The sign of a zero shows when one is divided by it; NaN and infinities have letters of their own
 * (`kusto/query/scalar-data-types/real.md`).
 */
function realText(name: string): string {
  const scaled = `iff(abs(${name}) > 1e300, ${name} / 16.0, ${name})`;
  const text = `tostring(${scaled})`;
  const rest = `${scaled} - todouble(${text})`;
  const finite = `strcat(${text}, iff(abs(${name}) > 1e300, 's', ''), iff(${rest} == 0.0, '', strcat('~', tostring(${rest}))), iff(${name} == 0.0, iff(1.0 / ${name} > 0.0, '+', '-'), ''))`;
  return `case(isnull(${name}), '', isnan(${name}), 'N', isinf(${name}), iff(${name} > 0.0, 'P', 'M'), ${finite})`;
}

/**
 * A dynamic with its kind before it, so that the string "1" is not the number 1. Kinds that Kusto itself doesn't keep apart
 * when it writes and reads a value are one kind: int and long, and a string and what it writes as a string
 * (`kusto/query/scalar-data-types/dynamic.md`, `kusto/query/gettype-function.md`).
 *
 * Order-blind, it is the canonical text, names sorted at every level and array elements in their order
 * (`kusto/query/dynamic-to-json-function.md`), along with the length of the plain text, which the order of entries doesn't
 * change but quotes around a value do.
 */
function dynamicText(name: string, bags: "text" | "orderBlind"): string[] {
  const type = `gettype(${name})`;
  const kind = `case(${type} in ('int', 'long'), 'n', ${type} in ('string', 'datetime', 'timespan', 'guid'), 's', ${type})`;
  const text = `tostring(${name})`;
  if (bags === "text") return [kind, "':'", `strlen(${text})`, "':'", text];
  const canonical = `dynamic_to_json(${name})`;
  return [kind, "':'", `strlen(${text})`, "':'", `strlen(${canonical})`, "':'", canonical];
}
