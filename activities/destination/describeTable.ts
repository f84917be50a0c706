import type { KustoClient } from "../../kusto/client.ts";
import {
  alterColumnDocstrings,
  alterTableDocstring,
  alterTableFolder,
  type TableSchema,
} from "../../kusto/commands/schema.ts";
import type { PlannedColumn, PlannedTable } from "../../model/checkpoint/entries.ts";
import type { TableState } from "../../model/checkpoint/state.ts";

/** The folder and the docstrings that a destination table would be given; what stays as it is is left out. */
export interface Descriptions {
  readonly folder?: string;
  readonly docstring?: string;
  /** Columns with their docstrings. */
  readonly columns: readonly PlannedColumn[];
}

/**
 * What of a destination table's folder and docstrings would follow the source's. A text that the destination has of its own
 * stays until the source's changes: `known` says what the source's was at the last commit. A table that is created just now
 * (`existing` undefined) gets its folder and docstring so.
 */
export function dueDescriptions(
  table: PlannedTable,
  existing: TableSchema | undefined,
  known: TableState | undefined,
): Descriptions {
  const there = docstrings(existing?.columns ?? []);
  const before = known?.columns && docstrings(known.columns);
  return {
    ...(existing && isDue(existing.folder, table.folder, known?.folder) ? { folder: table.folder } : {}),
    ...(existing && isDue(existing.docstring, table.docstring, known?.docstring)
      ? { docstring: table.docstring }
      : {}),
    columns: table.columns.filter(({ name, docstring }) =>
      isDue(there.get(name) ?? "", docstring ?? "", before && (before.get(name) ?? "")),
    ),
  };
}

/** Gives a destination table the folder and the docstrings of the source's that are due. */
export async function describeTable(
  destination: KustoClient,
  database: string,
  table: PlannedTable,
  existing: TableSchema | undefined,
  known: TableState | undefined,
): Promise<void> {
  const send = (text: string) =>
    destination.command(database, text, { idempotent: true, context: { table: table.name } });
  const { folder, docstring, columns } = dueDescriptions(table, existing, known);
  if (folder !== undefined) await send(alterTableFolder(table.name, folder));
  if (docstring !== undefined) await send(alterTableDocstring(table.name, docstring));
  if (columns.length > 0) await send(alterColumnDocstrings(table.name, columns));
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
