import { badRequest } from "./lookup.ts";
import { kustoType } from "./names.ts";

/**
 * Gives the parameters that a query declares the request's values, as `let` statements in the declaration's place
 * (`kusto/query/query-parameters-statement.md`). Strings and longs come as values, others as literals in text
 * (`kusto/api/rest/request.md`).
 */
export function bindParameters(text: string, values: ReadonlyMap<string, string | number | boolean>): string {
  const declaration = /^((?:\s|\/\/[^\n]*\n)*)declare\s+query_parameters\s*\(/i.exec(text);
  if (declaration === null) {
    const found = /\bdeclare\s+query_parameters\s*\(/i.exec(text);
    if (found === null || values.size === 0) return text;
    return text.slice(0, found.index) + bindParameters(text.slice(found.index), values);
  }
  const start = declaration[0].length;
  const end = closing(text, start);
  const lets: string[] = [];
  for (const part of splitTop(text.slice(start, end))) {
    const match = /^\s*(?:\[\s*["'](.+?)["']\s*\]|([A-Za-z_]\w*))\s*:\s*([a-z0-9]+)\s*(?:=\s*(.*))?$/is.exec(
      part,
    );
    if (match === null)
      throw badRequest(`Syntax error: the declaration '${part.trim()}' is not a query parameter.`);
    const name = match[1] ?? match[2] ?? "";
    const type = kustoType((match[3] ?? "").toLowerCase());
    const value = values.get(name);
    const fallback = match[4]?.trim();
    if (value === undefined && fallback === undefined)
      throw badRequest(`Semantic error: the query parameter '${name}' has no value.`);
    lets.push(
      `let ${match[1] === undefined ? name : `['${name}']`} = ${value === undefined ? fallback : literalOf(type, value)};`,
    );
  }
  const rest = text.slice(end + 1).replace(/^\s*;/, "");
  return `${declaration[1] ?? ""}${lets.join(" ")}${rest}`;
}

function literalOf(type: string, value: string | number | boolean): string {
  const text = String(value).trim();
  if (type === "string") return stringLiteral(unquoted(String(value)));
  if (
    new RegExp(`^${type}\\s*\\(`, "i").test(text) ||
    /^(time|date|todatetime|totimespan|tolong|toint)\s*\(/i.test(text)
  )
    return text;
  if (/[;|]/.test(text) && type !== "dynamic")
    throw badRequest(`Semantic error: '${text}' is no ${type} literal.`);
  return type === "long" || type === "bool" ? text : `${type}(${text})`;
}

function unquoted(text: string): string {
  const match = /^"((?:[^"\\]|\\.)*)"$/s.exec(text) ?? /^'((?:[^'\\]|\\.)*)'$/s.exec(text);
  return match === null ? text : (match[1] ?? "").replace(/\\(["'\\])/g, "$1");
}

export function stringLiteral(text: string): string {
  const escaped = text
    .replaceAll("\\", "\\\\")
    .replaceAll('"', '\\"')
    .replaceAll("\n", "\\n")
    .replaceAll("\r", "\\r")
    .replaceAll("\t", "\\t")
    .replaceAll("\0", "\\0");
  return `"${escaped}"`;
}

function closing(text: string, start: number): number {
  let depth = 1;
  let quote = "";
  for (let at = start; at < text.length; at += 1) {
    const char = text[at] ?? "";
    if (quote !== "") {
      if (char === "\\") at += 1;
      else if (char === quote) quote = "";
    } else if (char === '"' || char === "'") quote = char;
    else if (char === "(" || char === "[" || char === "{") depth += 1;
    else if (char === ")" || char === "]" || char === "}") {
      depth -= 1;
      if (depth === 0) return at;
    }
  }
  throw badRequest("Syntax error: the declaration of query parameters isn't closed.");
}

function splitTop(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let quote = "";
  let from = 0;
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at] ?? "";
    if (quote !== "") {
      if (char === "\\") at += 1;
      else if (char === quote) quote = "";
    } else if (char === '"' || char === "'") quote = char;
    else if ("([{".includes(char)) depth += 1;
    else if (")]}".includes(char)) depth -= 1;
    else if (char === "," && depth === 0) {
      parts.push(text.slice(from, at));
      from = at + 1;
    }
  }
  parts.push(text.slice(from));
  return parts.filter((part) => part.trim() !== "");
}
