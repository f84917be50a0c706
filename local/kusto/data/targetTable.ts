import { extended, newTable } from "../commands/tables.ts";
import type { Engine } from "../engine/engine.ts";
import { findDatabase, withDatabase } from "../engine/lookup.ts";
import { type ColumnState, type TableState, withTable } from "../engine/state.ts";
import { dataKind } from "./dataFormat.ts";
import { ingestionError } from "./ingestionError.ts";
import { type MappedColumn, parseMapping } from "./mapping.ts";
import type { IngestionMessage } from "./queueMessage.ts";

/** Where a message's rows go, and how its data maps to the columns there. */
export interface IngestionTarget {
  readonly table: TableState;
  readonly mapping: readonly MappedColumn[] | undefined;
}

function namedMapping(table: TableState, message: IngestionMessage, name: string): MappedColumn[] {
  const kind = dataKind(message.properties.format, message.blob);
  const found = table.mappings.find((one) => one.name === name && one.kind.toLowerCase() === kind);
  if (found === undefined)
    throw ingestionError(
      "BadRequest_MappingReferenceWasNotFound",
      `Mapping reference '${name}' wasn't found.`,
    );
  return parseMapping(found.mapping);
}

function typed(mapping: readonly MappedColumn[]): ColumnState[] {
  return mapping.flatMap(({ column, type }) => (type === undefined ? [] : [{ name: column, type }]));
}

/** The table that a state has, created or with columns added where the mapping names types for all that is missing. */
function prepared(
  table: TableState | undefined,
  name: string,
  mapping: readonly MappedColumn[] | undefined,
): TableState {
  if (table === undefined) {
    const columns = mapping === undefined ? [] : typed(mapping);
    if (mapping === undefined || columns.length < mapping.length)
      throw ingestionError("BadRequest_TableNotExist", `Table '${name}' doesn't exist.`);
    return newTable(name, columns);
  }
  const missing = typed(mapping ?? []).filter(
    ({ name: column }) => !table.columns.some((one) => one.name === column),
  );
  return missing.length === 0 ? table : extended(table, missing);
}

/**
 * The table that a queued message is for: created, or given more columns, where it or they are missing and the
 * message's mapping says their types (`kusto/management/mappings.md`, note on queued ingestion).
 */
export async function ingestionTarget(engine: Engine, message: IngestionMessage): Promise<IngestionTarget> {
  const inline =
    message.properties.mapping === undefined ? undefined : parseMapping(message.properties.mapping);
  const reference = message.properties.mappingReference;
  const database = engine.store.state().databases.get(message.database.toLowerCase());
  if (database === undefined)
    throw ingestionError("BadRequest_DatabaseNotExist", `Database '${message.database}' doesn't exist.`);
  const known = database.tables.get(message.table);
  const mapping =
    reference !== undefined && known !== undefined ? namedMapping(known, message, reference) : inline;
  if (known !== undefined && prepared(known, message.table, mapping) === known)
    return { table: known, mapping };
  let table = prepared(known, message.table, mapping);
  await engine.store.change((state) => {
    const current = findDatabase(state, message.database);
    const before = current.tables.get(message.table);
    table = prepared(before, message.table, mapping);
    return table === before ? state : withDatabase(state, withTable(current, table));
  });
  return { table, mapping };
}
