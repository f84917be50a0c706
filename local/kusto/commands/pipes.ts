import type { KustoRelation } from "../catalog.ts";
import { identifier, literal } from "../engine/names.ts";
import { withQuery } from "../engine/queries.ts";
import type { CommandResult, Value } from "../engine/result.ts";
import { rowsOf } from "../engine/rows.ts";
import { physicalType } from "../physicalType.ts";
import type { CommandContext } from "./context.ts";
import { tokenAt } from "./lexer.ts";

const SOURCE = "ShowCommandResult";

/** Where the query part of a `.show` command starts, at its first `|` outside parentheses. */
export function pipeOf(text: string): number | undefined {
  if (!/^\.\s*show\b/i.test(text)) return undefined;
  let depth = 0;
  for (let token = tokenAt(text, 1); token.kind !== "end"; token = tokenAt(text, token.end)) {
    if (token.kind !== "punctuation") continue;
    if ("([{".includes(token.text)) depth += 1;
    else if (")]}".includes(token.text)) depth -= 1;
    else if (token.text === "|" && depth === 0) return token.start;
  }
  return undefined;
}

function valueText(value: Value): string {
  if (value === null) return "NULL";
  if (typeof value === "string") return literal(value);
  if (typeof value === "number" && !Number.isFinite(value))
    return `'${Number.isNaN(value) ? "nan" : value > 0 ? "inf" : "-inf"}'`;
  return String(value);
}

/** A command's rows as a DuckDB relation. */
export function relationOf(answer: CommandResult): string {
  const names = answer.columns.map((column) => identifier(column.name)).join(", ");
  const casts = answer.columns
    .map((column) => `${identifier(column.name)}::${physicalType(column.type)} AS ${identifier(column.name)}`)
    .join(", ");
  const rows =
    answer.rows.length === 0
      ? [`(${answer.columns.map(() => "NULL").join(",")})`]
      : answer.rows.map((row) => `(${row.map(valueText).join(",")})`);
  return `(SELECT ${casts} FROM (VALUES ${rows.join(",")}) AS shown(${names})${answer.rows.length === 0 ? " WHERE false" : ""})`;
}

export function shownRelation(answer: CommandResult): KustoRelation {
  return {
    name: SOURCE,
    columns: answer.columns,
    from: relationOf(answer),
    hidden: false,
    ingestionTimePolicy: false,
  };
}

/** Runs the rest of a pipe over a command's rows. */
export function runPiped(
  context: CommandContext,
  answer: CommandResult,
  rest: string,
): Promise<CommandResult> {
  return withQuery(
    context.engine,
    context.request,
    `${SOURCE} ${rest}`,
    async (open) => ({ columns: open.query.columns, rows: await rowsOf(open.connection, open.query) }),
    { overrides: () => new Map([[SOURCE, shownRelation(answer)]]) },
  );
}
