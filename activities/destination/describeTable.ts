import type { KustoClient } from "../../kusto/client.ts";
import {
  alterColumnDocstrings,
  alterTableDocstring,
  alterTableFolder,
  type TableSchema,
} from "../../kusto/commands/schema.ts";
import type { PlannedTable } from "../../model/checkpoint/entries.ts";
import type { TableState } from "../../model/checkpoint/state.ts";

/**
 * Gives a destination table the folder and the docstrings of the source's, where they differ. A text that the destination
 * has of its own stays until the source's changes: `known` says what the source's was at the last commit. A table that was
 * created just now (`existing` undefined) has its folder and docstring already.
 */
export async function describeTable(
  destination: KustoClient,
  database: string,
  table: PlannedTable,
  existing: TableSchema | undefined,
  known: TableState | undefined,
): Promise<void> {
  const send = (text: string) =>
    destination.command(database, text, { idempotent: true, context: { table: table.name } });
  if (existing && isDue(existing.folder, table.folder, known?.folder))
    await send(alterTableFolder(table.name, table.folder));
  if (existing && isDue(existing.docstring, table.docstring, known?.docstring))
    await send(alterTableDocstring(table.name, table.docstring));
  const there = docstrings(existing?.columns ?? []);
  const before = known?.columns && docstrings(known.columns);
  const due = table.columns.filter(({ name, docstring }) =>
    isDue(there.get(name) ?? "", docstring ?? "", before && (before.get(name) ?? "")),
  );
  if (due.length > 0) await send(alterColumnDocstrings(table.name, due));
}

/** Whether the source's text is to be set: another one, and the destination has none, or the source's has changed. */
function isDue(there: string, wanted: string, before: string | undefined): boolean {
  return there !== wanted && (there === "" || (before !== undefined && before !== wanted));
}

function docstrings(
  columns: readonly { name: string; docstring?: string | undefined }[],
): Map<string, string> {
  return new Map(columns.map(({ name, docstring }) => [name, docstring ?? ""]));
}
