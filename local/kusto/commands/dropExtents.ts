import { badRequest, findTable } from "../engine/lookup.ts";
import type { Picked } from "../engine/moves.ts";
import { type CommandResult, result, type Value } from "../engine/result.ts";
import { type DatabaseState, withExtents, withTable } from "../engine/state.ts";
import { TICKS_PER_DAY, TICKS_PER_HOUR } from "../engine/ticks.ts";
import { syntaxError } from "../kustoError.ts";
import { type CommandContext, changeDatabase, current } from "./context.ts";
import { pickedFrom } from "./moveExtents.ts";
import type { Reader } from "./reader.ts";
import { sourceRows } from "./source.ts";

const COLUMNS = ["ExtentId:string", "TableName:string", "CreatedOn:datetime"];

async function drop(
  context: CommandContext,
  pretend: boolean,
  pick: (database: DatabaseState) => readonly Picked[],
): Promise<CommandResult> {
  const rows: Value[][] = [];
  await changeDatabase(context, current(context).name, (before) => {
    let after = before;
    for (const { table: name, id } of pick(before)) {
      const table = findTable(after, name);
      const extent = table.extents.get(id);
      if (extent === undefined) continue;
      rows.push([id, name, extent.createdMax]);
      if (!pretend) after = withTable(after, withExtents(table, [id], []));
    }
    return after;
  });
  return result(COLUMNS, rows);
}

/** `.drop extents` in its forms, `.drop extent`, `.drop-pretend` (`drop-extents.md`), `.clear table data`. */
export async function dropCommands(
  reader: Reader,
  context: CommandContext,
): Promise<CommandResult | undefined> {
  const mark = reader.mark();
  if (reader.take("clear", "table")) {
    const name = reader.name();
    reader.expect("data");
    reader.end();
    await changeDatabase(context, current(context).name, (before) => {
      const table = findTable(before, name);
      return withTable(before, withExtents(table, table.extents.keys(), []));
    });
    return result(["Status:string"], [["Succeeded"]]);
  }
  if (reader.take("drop", "extent")) {
    const id = reader.guid();
    const table = reader.take("from") ? reader.name() : undefined;
    reader.end();
    return dropIds(context, [id], table);
  }
  const pretend = reader.take("drop-pretend", "extents");
  if (pretend || reader.take("drop", "extents")) {
    const whatIf = reader.take("whatif");
    if (reader.take("<|")) {
      const picked = pickedFrom(await sourceRows(context, reader.rest()), true);
      return drop(context, whatIf, () => picked);
    }
    if (reader.peek().text === "(") {
      const ids = reader.list(reader.guid);
      const table = reader.take("from") ? reader.name() : undefined;
      reader.end();
      return dropIds(context, ids, table);
    }
    return dropByProperties(reader, context, pretend);
  }
  reader.back(mark);
  return undefined;
}

function dropIds(
  context: CommandContext,
  ids: readonly string[],
  table: string | undefined,
): Promise<CommandResult> {
  return drop(context, false, (database) => {
    const tables = table === undefined ? [...database.tables.values()] : [findTable(database, table)];
    return ids.map((id) => {
      const owner = tables.find((item) => item.extents.has(id));
      if (owner === undefined) throw badRequest(`Extent '${id}' was not found.`);
      return { table: owner.name, id };
    });
  });
}

function dropByProperties(reader: Reader, context: CommandContext, pretend: boolean): Promise<CommandResult> {
  let before: bigint | undefined;
  if (reader.take("older")) {
    const amount = BigInt(reader.next().text);
    before =
      context.engine.clock.now() -
      amount *
        (reader.take("days")
          ? TICKS_PER_DAY
          : reader.take("hours")
            ? TICKS_PER_HOUR
            : reader.fail("'days' or 'hours'"));
  }
  reader.expect("from");
  const all = reader.take("all", "tables");
  const names = all ? undefined : reader.take("tables") ? reader.list(reader.name) : [reader.name()];
  if (reader.take("trim")) throw syntaxError("'.drop extents … trim by' isn't supported by the local Kusto.");
  const limit = reader.take("limit") ? Number(reader.next().text) : Number.POSITIVE_INFINITY;
  reader.end();
  return drop(context, pretend, (database) => {
    const tables =
      names === undefined ? [...database.tables.values()] : names.map((name) => findTable(database, name));
    return tables
      .flatMap((table) =>
        [...table.extents.values()]
          .filter((extent) => before === undefined || extent.createdMax < before)
          .map((extent) => ({ table: table.name, id: extent.id })),
      )
      .slice(0, limit);
  });
}
