import { reborn } from "../engine/extents.ts";
import { badRequest, findDatabase, findTable, withDatabase } from "../engine/lookup.ts";
import { type CommandResult, result, type Value } from "../engine/result.ts";
import { type ExtentState, withExtents, withTable } from "../engine/state.ts";
import { runOrStart } from "./asynchronous.ts";
import { type CommandContext, current } from "./context.ts";
import { pickedFrom } from "./moveExtents.ts";
import { datetimeProperty, onlyProperties, type Properties, type Reader } from "./reader.ts";
import { sourceRows } from "./source.ts";

type Change = (extent: ExtentState) => readonly string[] | undefined;

/** Puts extents with other tags in the place of some; each gets an id of its own (`alter-extent.md`). */
function changeTags(
  context: CommandContext,
  kind: string,
  asynchronous: boolean,
  tableName: string,
  properties: Properties,
  choose: () => Promise<Change>,
): Promise<CommandResult> {
  onlyProperties(properties, ["extentCreatedOnFrom", "extentCreatedOnTo"]);
  const from = datetimeProperty(properties, "extentCreatedOnFrom");
  const to = datetimeProperty(properties, "extentCreatedOnTo");
  const name = current(context).name;
  findTable(current(context), tableName);
  return runOrStart(context, kind, undefined, asynchronous, async () => {
    const change = await choose();
    const rows: Value[][] = [];
    await context.engine.store.change((state) => {
      rows.length = 0;
      const database = findDatabase(state, name);
      const table = findTable(database, tableName);
      const removed: string[] = [];
      const added: ExtentState[] = [];
      for (const extent of table.extents.values()) {
        if ((from !== undefined && extent.createdMax < from) || (to !== undefined && extent.createdMin > to))
          continue;
        const tags = change(extent);
        if (tags === undefined) continue;
        const next = reborn(extent, { tags: [...new Set(tags)] });
        removed.push(extent.id);
        added.push(next);
        rows.push([extent.id, next.id, next.tags.join("\r\n"), ""]);
      }
      return removed.length === 0
        ? state
        : withDatabase(state, withTable(database, withExtents(table, removed, added)));
    });
    return {
      result: result(
        ["OriginalExtentId:string", "ResultExtentId:string", "ResultExtentTags:string", "Details:string"],
        rows,
      ),
      persist: true,
    };
  });
}

async function tagsToDrop(context: CommandContext, text: string): Promise<Change> {
  const answer = await sourceRows(context, text);
  const column = answer.columns.findIndex((item) => item.name === "Tags");
  if (column < 0) throw badRequest("The query must return columns called 'ExtentId' and 'Tags'.");
  const byExtent = new Map<string, Set<string>>();
  pickedFrom(answer, false).forEach(({ id }, index) => {
    const tags = byExtent.get(id) ?? new Set<string>();
    byExtent.set(id, tags.add(String(answer.rows[index]?.[column] ?? "")));
  });
  return (extent) => {
    const dropped = byExtent.get(extent.id);
    return dropped !== undefined && extent.tags.some((tag) => dropped.has(tag))
      ? extent.tags.filter((tag) => !dropped.has(tag))
      : undefined;
  };
}

/** `.alter(-merge) table T extent tags`, `.drop table T extent tags` (`alter-extent.md`, `drop-extent-tags.md`). */
export async function tagCommands(
  reader: Reader,
  context: CommandContext,
): Promise<CommandResult | undefined> {
  const mark = reader.mark();
  if (reader.take("drop", "extent", "tags", "from", "table")) {
    const table = reader.name();
    const tags = new Set(reader.list(reader.string));
    const properties = reader.properties();
    reader.end();
    return changeTags(context, "ExtentsDropTags", false, table, properties, async () => dropping(tags));
  }
  for (const verb of ["alter", "alter-merge", "drop"]) {
    if (!reader.take(verb)) continue;
    const asynchronous = reader.take("async");
    if (!reader.take("table")) break;
    const table = reader.name();
    if (!reader.take("extent", "tags")) break;
    if (verb === "drop") return dropTags(reader, context, asynchronous, table);
    const tags = reader.list(reader.string);
    const properties = reader.properties();
    reader.expect("<|");
    const query = reader.rest();
    return changeTags(context, "ExtentsAlterTags", asynchronous, table, properties, async () => {
      const picked = pickedFrom(await sourceRows(context, query), false);
      const ids = new Set(picked.map((item) => item.id));
      const known = findTable(current(context), table).extents;
      for (const id of ids)
        if (!known.has(id)) throw badRequest(`Extent '${id}' was not found in table '${table}'.`);
      return (extent) =>
        ids.has(extent.id) ? (verb === "alter" ? tags : [...extent.tags, ...tags]) : undefined;
    });
  }
  reader.back(mark);
  return undefined;
}

function dropping(tags: ReadonlySet<string>): Change {
  return (extent) =>
    extent.tags.some((tag) => tags.has(tag)) ? extent.tags.filter((tag) => !tags.has(tag)) : undefined;
}

/** The forms of `drop-extent-tags.md`: tags given, or a query that gives them for each extent. */
function dropTags(
  reader: Reader,
  context: CommandContext,
  asynchronous: boolean,
  table: string,
): Promise<CommandResult> {
  if (reader.peek().text === "(") {
    const tags = new Set(reader.list(reader.string));
    const properties = reader.properties();
    reader.end();
    return changeTags(context, "ExtentsDropTags", asynchronous, table, properties, async () =>
      dropping(tags),
    );
  }
  const properties = reader.properties();
  reader.expect("<|");
  const query = reader.rest();
  return changeTags(context, "ExtentsDropTags", asynchronous, table, properties, () =>
    tagsToDrop(context, query),
  );
}
