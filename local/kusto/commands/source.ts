import type { DuckDBConnection } from "@duckdb/node-api";
import type { KustoColumn } from "../catalog.ts";
import { withQuery } from "../engine/queries.ts";
import type { CommandResult } from "../engine/result.ts";
import { rowsOf } from "../engine/rows.ts";
import { syntaxError } from "../kustoError.ts";
import type { CommandContext } from "./context.ts";
import { tokenAt } from "./lexer.ts";
import { relationOf } from "./pipes.ts";
import { runCommand } from "./run.ts";

function isCommand(text: string): boolean {
  const dot = tokenAt(text, 0);
  if (dot.text !== ".") return false;
  if (tokenAt(text, dot.end).text.toLowerCase() !== "show")
    throw syntaxError("only '.show' commands can be the source of another command.");
  return true;
}

/** The rows of the query or `.show` command that a command takes after `<|`. */
export function sourceRows(context: CommandContext, text: string): Promise<CommandResult> {
  if (isCommand(text)) return runCommand(context, text);
  return withQuery(context.engine, context.request, text, async (open) => ({
    columns: open.query.columns,
    rows: await rowsOf(open.connection, open.query),
  }));
}

/** The same as a DuckDB select, for as long as `use` runs. */
export async function withSource<T>(
  context: CommandContext,
  text: string,
  use: (connection: DuckDBConnection, sql: string, columns: readonly KustoColumn[]) => Promise<T>,
): Promise<T> {
  if (!isCommand(text))
    return withQuery(context.engine, context.request, text, (open) =>
      use(open.connection, open.query.sql, open.query.columns),
    );
  const answer = await runCommand(context, text);
  return context.engine.store.withConnection((connection) =>
    use(connection, `SELECT * FROM ${relationOf(answer)} AS shown`, answer.columns),
  );
}
