import { alreadyExists } from "../engine/lookup.ts";
import { checkEntityName } from "../engine/names.ts";
import { withQuery } from "../engine/queries.ts";
import { type CommandResult, result } from "../engine/result.ts";
import type { DatabaseState, FunctionState } from "../engine/state.ts";
import { entityNotFound, syntaxError } from "../kustoError.ts";
import { type CommandContext, changeDatabase, current } from "./context.ts";
import { readString } from "./lexer.ts";
import { booleanProperty, onlyProperties, type Reader } from "./reader.ts";
import { nameText } from "./schemaText.ts";

const COLUMNS = ["Name:string", "Parameters:string", "Body:string", "Folder:string", "DocString:string"];

function shown(functions: readonly FunctionState[], hide = true): CommandResult {
  return result(
    COLUMNS,
    functions.map((item) => [
      item.name,
      item.parameters,
      hide ? obfuscated(item.body) : item.body,
      item.folder,
      item.docstring,
    ]),
  );
}

/** Hides what stands in obfuscated literals (`kusto/query/scalar-data-types/string.md`). */
export function obfuscated(text: string): string {
  let shownText = "";
  let at = 0;
  while (at < text.length) {
    const literal =
      /^[hH]@?["']/.test(text.slice(at, at + 3)) && !/\w/.test(text[at - 1] ?? "")
        ? readString(text, at)
        : undefined;
    if (literal === undefined) {
      const other = readString(text, at);
      const end = other?.end ?? at + 1;
      shownText += text.slice(at, end);
      at = end;
      continue;
    }
    const lead = /^[hH]@?["']/.exec(text.slice(at, at + 3))?.[0] ?? "";
    shownText += `${lead}${"*".repeat(Math.max(5, literal.value.length))}${lead.at(-1) ?? ""}`;
    at = literal.end;
  }
  return shownText;
}

/** The text of a bracketed part, brackets and all, strings in it left alone. */
function balanced(text: string, start: number, open: string, close: string): string {
  let depth = 0;
  let at = start;
  while (at < text.length) {
    if (text.startsWith("//", at)) {
      const line = text.indexOf("\n", at);
      at = line < 0 ? text.length : line;
      continue;
    }
    const literal = readString(text, at);
    if (literal !== undefined) {
      at = literal.end;
      continue;
    }
    if (text[at] === open) depth += 1;
    if (text[at] === close) {
      depth -= 1;
      if (depth === 0) return text.slice(start, at + 1);
    }
    at += 1;
  }
  throw syntaxError(`'${open}' isn't closed.`);
}

async function createFunction(
  reader: Reader,
  context: CommandContext,
  verb: "create" | "create-or-alter" | "alter",
): Promise<CommandResult> {
  const lenient = reader.take("ifnotexists");
  const properties = reader.properties();
  onlyProperties(properties, ["docstring", "folder", "view", "skipvalidation"]);
  const name = checkEntityName("function", reader.name());
  const parameters = balanced(reader.text, reader.peek().start, "(", ")");
  reader.back(reader.peek().start + parameters.length);
  const body = balanced(reader.text, reader.peek().start, "{", "}");
  reader.back(reader.peek().start + body.length);
  reader.end();
  const made: FunctionState = {
    name,
    parameters,
    body,
    folder: properties.get("folder") ?? "",
    docstring: properties.get("docstring") ?? "",
  };
  const before = current(context).functions.get(name);
  if (before !== undefined && verb === "create") {
    if (lenient) return shown([before]);
    throw alreadyExists("Function", name);
  }
  if (before === undefined && verb === "alter") throw entityNotFound("Function", name);
  if (!booleanProperty(properties, "skipvalidation") && /^\(\s*\)$/.test(parameters))
    await validate(context, made);
  const database = await changeDatabase(context, current(context).name, (state) => ({
    ...state,
    functions: new Map(state.functions).set(name, made),
  }));
  return shown([...database.functions.values()].filter((item) => item.name === name));
}

/** A function without parameters must translate, unless validation is skipped (`create-function.md`). */
async function validate(context: CommandContext, made: FunctionState): Promise<void> {
  await withQuery(
    context.engine,
    context.request,
    `let ${nameText(made.name)} = ${made.parameters} ${made.body}; ${nameText(made.name)}()`,
    async () => undefined,
  );
}

async function changeFunction(
  context: CommandContext,
  name: string,
  change: (item: FunctionState) => FunctionState,
): Promise<CommandResult> {
  const database = await changeDatabase(context, current(context).name, (before) => {
    return { ...before, functions: new Map(before.functions).set(name, change(findFunction(before, name))) };
  });
  return shown([findFunction(database, name)]);
}

function findFunction(database: DatabaseState, name: string): FunctionState {
  const found = database.functions.get(name);
  if (found === undefined) throw entityNotFound("Function", name);
  return found;
}

/** Stored functions (`create-function.md`, `create-alter-function.md`, `alter-function.md`, `drop-function.md`, `show-function.md`). */
export async function functionCommands(
  reader: Reader,
  context: CommandContext,
): Promise<CommandResult | undefined> {
  for (const verb of ["create", "create-or-alter"] as const)
    if (reader.take(verb, "function")) return createFunction(reader, context, verb);
  if (reader.take("alter", "function")) {
    for (const what of ["folder", "docstring"] as const) {
      const mark = reader.mark();
      if (reader.peek().text !== "with") {
        const name = reader.name();
        if (reader.take(what)) {
          const text = reader.string();
          reader.end();
          return changeFunction(context, name, (item) => ({ ...item, [what]: text }));
        }
      }
      reader.back(mark);
    }
    return createFunction(reader, context, "alter");
  }
  if (reader.take("drop", "function")) {
    const name = reader.name();
    const lenient = reader.take("ifexists");
    reader.end();
    if (!current(context).functions.has(name) && !lenient) throw entityNotFound("Function", name);
    const database = await changeDatabase(context, current(context).name, (before) => {
      const functions = new Map(before.functions);
      functions.delete(name);
      return { ...before, functions };
    });
    return shown([...database.functions.values()]);
  }
  if (reader.take("drop", "functions")) {
    const names = reader.list(reader.name);
    const lenient = reader.take("ifexists");
    reader.end();
    const database = await changeDatabase(context, current(context).name, (before) => {
      const functions = new Map(before.functions);
      for (const name of names)
        if (!functions.delete(name) && !lenient) throw entityNotFound("Function", name);
      return { ...before, functions };
    });
    return shown([...database.functions.values()]);
  }
  if (reader.take("show", "functions")) {
    reader.end();
    return shown([...current(context).functions.values()]);
  }
  if (reader.take("show", "function")) {
    const name = reader.name();
    const properties = reader.properties();
    onlyProperties(properties, ["ShowObfuscatedStrings", "Builtin", "IncludeHiddenFunctions"]);
    reader.end();
    return shown(
      [findFunction(current(context), name)],
      !booleanProperty(properties, "ShowObfuscatedStrings"),
    );
  }
  return undefined;
}
