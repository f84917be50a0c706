import type { Engine } from "./engine.ts";
import { withQuery } from "./queries.ts";
import { relationOver, tableRelation } from "./relations.ts";
import type { RequestContext } from "./request.ts";
import type { DatabaseState } from "./state.ts";

const ROWWISE = new Set([
  "where",
  "filter",
  "extend",
  "project",
  "project-away",
  "project-keep",
  "project-rename",
  "project-reorder",
]);

/** The table that a query reads row by row, if that is all it does. */
function rowwiseTable(database: DatabaseState, text: string): string | undefined {
  const plain = text
    .replace(/\/\/[^\n]*/g, "")
    .trim()
    .replace(/;\s*$/, "");
  const [head = "", ...rest] = topLevelPipes(plain);
  const bracket = /^\[\s*(["'])(.*)\1\s*\]$/s.exec(head.trim());
  const name = bracket?.[2]?.replace(/\\(.)/g, "$1") ?? head.trim();
  if (!database.tables.has(name)) return undefined;
  const operators = rest.map((part) => /^\s*([a-z-]+)/.exec(part)?.[1] ?? "");
  if (!operators.every((operator) => ROWWISE.has(operator))) return undefined;
  // A second reading of the table would see one shard only; functions may do it out of sight.
  const body = rest.join("|");
  const hides =
    [...database.functions.keys()].some((item) => body.includes(item)) ||
    /\b(toscalar|table|database|row_number|prev|next|row_cumsum)\s*\(/.test(body);
  return hides || body.includes(name) ? undefined : name;
}

function topLevelPipes(text: string): string[] {
  const parts: string[] = [];
  let quote = "";
  let depth = 0;
  let from = 0;
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at] ?? "";
    if (quote !== "") {
      if (char === "\\" && text[at - 1] !== "@") at += 1;
      else if (char === quote) quote = "";
    } else if (char === '"' || char === "'") quote = char;
    else if ("([{".includes(char)) depth += 1;
    else if (")]}".includes(char)) depth -= 1;
    else if (char === "|" && depth === 0) {
      parts.push(text.slice(from, at));
      from = at + 1;
    }
  }
  parts.push(text.slice(from));
  return parts;
}

/**
 * One statement for each extent with data, where the query reads one table row by row: `per_shard` exports write each
 * extent by itself (`kusto/management/data-export/export-data-to-storage.md`). Empty where the query doesn't split.
 */
export async function buildPieces(
  engine: Engine,
  context: RequestContext,
  database: DatabaseState,
  text: string,
): Promise<string[]> {
  const name = rowwiseTable(database, text);
  const table = name === undefined ? undefined : database.tables.get(name);
  if (table === undefined) return [];
  const pieces: string[] = [];
  for (const extent of table.extents.values()) {
    const relation = {
      ...tableRelation(database, { ...table, extents: new Map() }),
      from: relationOver(table, [extent]),
    };
    pieces.push(
      await withQuery(engine, context, text, async (open) => open.query.sql, {
        overrides: () => new Map([[table.name, relation]]),
      }),
    );
  }
  return pieces;
}
