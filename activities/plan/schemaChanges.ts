import type { TableSchema } from "../../kusto/commands/schema.ts";
import type { PlannedColumn, PlannedTable } from "../../model/checkpoint/entries.ts";
import type { SchemaChange } from "../../model/reports/plan.ts";

/** Columns that a text names before it says how many more there are. */
const COLUMNS_NAMED = 20;

/** What copying a table would change in the destination's schema. */
export function schemaChanges(table: PlannedTable, existing: TableSchema | undefined): SchemaChange[] {
  if (!existing) {
    const folder = table.folder === "" ? "" : ` in folder ${table.folder}`;
    return [
      { kind: "createTable", text: `Create table ${table.name} (${columnTexts(table.columns)})${folder}.` },
    ];
  }
  const names = new Set(existing.columns.map((column) => column.name));
  const added = table.columns.filter((column) => !names.has(column.name));
  return added.length === 0
    ? []
    : [{ kind: "addColumns", text: `Add to table ${table.name}: ${columnTexts(added)}.` }];
}

function columnTexts(columns: readonly PlannedColumn[]): string {
  const named = columns.slice(0, COLUMNS_NAMED).map(({ name, type }) => `${name}: ${type}`);
  const more = columns.length - named.length;
  return [...named, ...(more > 0 ? [`and ${more} more`] : [])].join(", ");
}
