import { badRequest, findTable } from "../engine/lookup.ts";
import { moveExtents, type Picked } from "../engine/moves.ts";
import { type CommandResult, result } from "../engine/result.ts";
import type { DatabaseState } from "../engine/state.ts";
import { syntaxError } from "../kustoError.ts";
import { runOrStart } from "./asynchronous.ts";
import type { CommandContext } from "./context.ts";
import { tokenAt } from "./lexer.ts";
import { booleanProperty, datetimeProperty, onlyProperties, type Properties, type Reader } from "./reader.ts";
import { sourceRows } from "./source.ts";

const PROPERTIES = ["setNewIngestionTime", "extentCreatedOnFrom", "extentCreatedOnTo"];

/** The `ExtentId` and `TableName` columns of the rows that choose extents. */
export function pickedFrom(answer: CommandResult, tableNeeded: boolean): Picked[] {
  const id = answer.columns.findIndex((column) => column.name === "ExtentId");
  const table = answer.columns.findIndex((column) => column.name === "TableName");
  if (id < 0 || (tableNeeded && table < 0)) {
    throw badRequest(
      `The query must return ${tableNeeded ? "columns called 'ExtentId' and 'TableName'" : "a column called 'ExtentId'"}.`,
    );
  }
  return answer.rows.map((row) => ({
    id: String(row[id] ?? "").toLowerCase(),
    table: table < 0 ? "" : String(row[table] ?? ""),
  }));
}

function execute(
  context: CommandContext,
  kind: string,
  asynchronous: boolean,
  destination: string,
  properties: Properties,
  pick: (database: DatabaseState) => Promise<readonly Picked[]> | readonly Picked[],
  drop?: (database: DatabaseState) => Promise<readonly string[]>,
): Promise<CommandResult> {
  onlyProperties(properties, PROPERTIES);
  const request = {
    context: context.request,
    destination,
    pick,
    ...(drop === undefined ? {} : { drop }),
    setNewIngestionTime: booleanProperty(properties, "setNewIngestionTime"),
    createdFrom: datetimeProperty(properties, "extentCreatedOnFrom"),
    createdTo: datetimeProperty(properties, "extentCreatedOnTo"),
  };
  return runOrStart(context, kind, undefined, asynchronous, async () => {
    const moved = await moveExtents(context.engine, request);
    return {
      result: result(
        ["OriginalExtentId:string", "ResultExtentId:string", "Details:string"],
        moved.map((item) => [item.original, item.result, ""]),
      ),
      persist: true,
    };
  });
}

/** What stands in `{…}, {…}`. */
function twoQueries(text: string): [string, string] {
  const queries: string[] = [];
  let depth = 0;
  let from = 0;
  for (let token = tokenAt(text, 0); token.kind !== "end"; token = tokenAt(text, token.end)) {
    if (token.kind !== "punctuation") {
      if (depth === 0) throw syntaxError("expected '{ query to drop }, { query to move }'.");
      continue;
    }
    if (token.text === "{") {
      depth += 1;
      if (depth === 1) from = token.end;
    } else if (token.text === "}") {
      depth -= 1;
      if (depth === 0) queries.push(text.slice(from, token.start));
    }
  }
  const [drop, move] = queries;
  if (queries.length !== 2 || drop === undefined || move === undefined)
    throw syntaxError("expected '{ query to drop }, { query to move }'.");
  return [drop, move];
}

/** `.move extents` (`move-extents.md`) and `.replace extents` (`replace-extents.md`). */
export async function moveCommands(
  reader: Reader,
  context: CommandContext,
): Promise<CommandResult | undefined> {
  const mark = reader.mark();
  if (reader.take("move")) {
    const asynchronous = reader.take("async");
    if (reader.take("extents")) return readMove(reader, context, asynchronous);
  } else if (reader.take("replace")) {
    const asynchronous = reader.take("async");
    if (reader.take("extents", "in", "table")) {
      const destination = reader.name();
      const properties = reader.properties();
      reader.expect("<|");
      const [drop, move] = twoQueries(reader.rest());
      return execute(
        context,
        "ExtentsReplace",
        asynchronous,
        destination,
        properties,
        async () => pickedFrom(await sourceRows(context, move), true),
        async () => pickedFrom(await sourceRows(context, drop), false).map((item) => item.id),
      );
    }
  }
  reader.back(mark);
  return undefined;
}

function readMove(reader: Reader, context: CommandContext, asynchronous: boolean): Promise<CommandResult> {
  const kind = "ExtentsMove";
  if (reader.take("all", "from", "table")) {
    const source = reader.name();
    reader.expect("to", "table");
    const destination = reader.name();
    const properties = reader.properties();
    reader.end();
    const from = datetimeProperty(properties, "extentCreatedOnFrom");
    const to = datetimeProperty(properties, "extentCreatedOnTo");
    return execute(context, kind, asynchronous, destination, properties, (database) =>
      [...findTable(database, source).extents.values()]
        .filter(
          (extent) =>
            (from === undefined || extent.createdMax >= from) &&
            (to === undefined || extent.createdMin <= to),
        )
        .map((extent) => ({ table: source, id: extent.id })),
    );
  }
  if (reader.take("from", "table")) {
    const source = reader.name();
    reader.expect("to", "table");
    const destination = reader.name();
    const properties = reader.properties();
    const ids = reader.list(reader.guid);
    reader.end();
    if (ids.length === 0) throw syntaxError("the command names no extent.");
    return execute(context, kind, asynchronous, destination, properties, () =>
      ids.map((id) => ({ table: source, id })),
    );
  }
  reader.expect("to", "table");
  const destination = reader.name();
  const properties = reader.properties();
  reader.expect("<|");
  const query = reader.rest();
  return execute(context, kind, asynchronous, destination, properties, async () =>
    pickedFrom(await sourceRows(context, query), true),
  );
}
