import { randomUUID } from "node:crypto";
import { badRequest } from "../engine/lookup.ts";
import { asKustoError } from "../engine/queries.ts";
import { type CommandResult, result, type Value } from "../engine/result.ts";
import { KustoError } from "../kustoError.ts";
import { type CommandContext, current } from "./context.ts";
import { obfuscated } from "./functions.ts";
import { tokenAt } from "./lexer.ts";
import { booleanProperty, onlyProperties, type Reader } from "./reader.ts";

/** The commands of a script: each starts with a dot that is the first on its line, outside brackets and strings. */
export function commandsOf(script: string): string[] {
  const starts: number[] = [];
  let depth = 0;
  for (let token = tokenAt(script, 0); token.kind !== "end"; token = tokenAt(script, token.end)) {
    if (token.kind !== "punctuation") continue;
    if ("([{".includes(token.text)) depth += 1;
    else if (")]}".includes(token.text)) depth -= 1;
    const line = script.lastIndexOf("\n", token.start - 1) + 1;
    if (token.text === "." && depth === 0 && script.slice(line, token.start).trim() === "")
      starts.push(token.start);
  }
  const first = tokenAt(script, 0);
  if (first.kind !== "end" && starts[0] !== first.start)
    throw badRequest(
      `Syntax error: a script is made of commands, not '${script.slice(first.start).slice(0, 60)}'.`,
    );
  return starts.map((start, index) => withoutTail(script.slice(start, starts[index + 1])));
}

/** A command without the comments that stand between it and the next. */
function withoutTail(text: string): string {
  let end = 0;
  for (let token = tokenAt(text, 0); token.kind !== "end"; token = tokenAt(text, token.end)) end = token.end;
  return text.slice(0, end);
}

function pascal(word: string): string {
  return word.replace(/(?:^|[-_])([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

/** A command's type as a script's result names it, such as `TableCreate`, `RetentionPolicyAlter`, `FunctionCreateOrAlter`. */
function commandType(text: string): string {
  const words: string[] = [];
  for (let token = tokenAt(text, 1); token.kind !== "end"; token = tokenAt(text, token.end)) {
    if (token.text === "<|" || token.text === "(") break;
    words.push(token.kind === "word" ? token.text.toLowerCase() : "");
  }
  const verb = pascal((words[0] ?? "").replace(/-merge$/, ""));
  const policy = words.indexOf("policy");
  if (policy > 0) return `${pascal(words[policy + 1] ?? "")}Policy${verb}`;
  if (/^(set|append|set-or-append|set-or-replace)$/.test(words[0] ?? "")) return `Table${verb}`;
  return `${pascal(words[1] ?? "")}${verb}`;
}

/** `.execute database script` (`execute-database-script.md`). */
export async function databaseScript(
  reader: Reader,
  context: CommandContext,
  run: (context: CommandContext, text: string) => Promise<CommandResult>,
): Promise<CommandResult | undefined> {
  if (!reader.take("execute", "database", "script")) return undefined;
  const properties = reader.properties();
  onlyProperties(properties, ["ContinueOnErrors", "ThrowOnErrors"]);
  const goesOn = booleanProperty(properties, "ContinueOnErrors");
  const throws = booleanProperty(properties, "ThrowOnErrors");
  if (properties.has("continueonerrors") && properties.has("throwonerrors"))
    throw badRequest("Only one of ContinueOnErrors and ThrowOnErrors is allowed.");
  reader.expect("<|");
  current(context);
  const commands = commandsOf(reader.rest());
  if (commands.length === 0) throw badRequest("The script holds no command.");
  const rows: Value[][] = [];
  let failed = false;
  for (const text of commands) {
    const row = (outcome: string, reason: string): Value[] => [
      randomUUID(),
      commandType(text),
      obfuscated(text),
      outcome,
      reason,
    ];
    // Nothing runs after the first error; read-only commands never do.
    if ((failed && !goesOn) || /^\.\s*show\b/i.test(text)) {
      rows.push(row("Skipped", ""));
      continue;
    }
    try {
      await run(context, text);
      rows.push(row("Completed", ""));
    } catch (caught) {
      const error = asKustoError(caught);
      if (throws || !(error instanceof KustoError)) throw error;
      failed = true;
      rows.push(row("Failed", error.message));
    }
  }
  return result(
    ["OperationId:guid", "CommandType:string", "CommandText:string", "Result:string", "Reason:string"],
    rows,
  );
}
