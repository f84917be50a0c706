import type { Engine } from "../engine/engine.ts";
import { badRequest, findDatabase, withDatabase } from "../engine/lookup.ts";
import type { RequestContext } from "../engine/request.ts";
import type { CommandResult } from "../engine/result.ts";
import type { DatabaseState } from "../engine/state.ts";
import { writable } from "../following/readOnly.ts";
import type { Reader } from "./reader.ts";

/** What a command works with. */
export interface CommandContext {
  readonly engine: Engine;
  readonly request: RequestContext;
}

/** Runs a command of its family, or answers undefined (having read nothing) if it isn't one. */
export type CommandFamily = (
  reader: Reader,
  context: CommandContext,
) => Promise<CommandResult | undefined> | CommandResult | undefined;

/** The database that the command runs in. */
export function current(context: CommandContext): DatabaseState {
  if (context.request.database === "") throw badRequest("The command must run in the context of a database.");
  return findDatabase(context.engine.store.state(), context.request.database);
}

/** Changes one database; the change sees the latest state and is committed as one. */
export async function changeDatabase(
  context: CommandContext,
  name: string,
  change: (database: DatabaseState) => DatabaseState,
): Promise<DatabaseState> {
  const after = await context.engine.store.change((state) => {
    const before = writable(findDatabase(state, name));
    const changed = change(before);
    return changed === before ? state : withDatabase(state, changed);
  });
  return findDatabase(after, name);
}

/** `T` or `D.T`: the database named or else the request's, and the table's name. */
export function tableReference(reader: Reader, context: CommandContext): { database: string; table: string } {
  const first = reader.name();
  if (reader.peek().text === "." && reader.peek().kind === "punctuation") {
    reader.next();
    return { database: findDatabase(context.engine.store.state(), first).name, table: reader.name() };
  }
  return { database: current(context).name, table: first };
}
